"""A hundred files through md5sum, gzip and one cat: 201 jobs of a millisecond or two each.

Measured in one run on the same documents and files: Penstock, from the message that registers the
files to the last dataset closed with its file in it (staging with checksums, sandbox, storage with
fsync, registration, provenance); ``cwltool --parallel`` from a cold start; ``snakemake`` likewise,
where it is installed. Each is the median of ``ROUNDS`` alternating runs.
"""

import asyncio
import hashlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figure import Figure
from benchmarks.house import measured_house
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.intake import PostedMessage
from penstock_core.contracts.workflow import NewTemplate

FILES = 100
ROUNDS = 5
WORKFLOW = """
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]"}
outputs: {all: {type: File, outputSource: join/all}}
steps:
  sum: {run: sum.cwl, scatter: file, in: {file: files}, out: [sum]}
  pack: {run: pack.cwl, scatter: file, in: {file: sum/sum}, out: [packed]}
  join: {run: join.cwl, in: {files: pack/packed}, out: [all]}
"""
SUM = """
cwlVersion: v1.2
class: CommandLineTool
baseCommand: md5sum
inputs: {file: {type: File, inputBinding: {position: 1}}}
outputs: {sum: {type: stdout}}
stdout: sum.txt
"""
PACK = """
cwlVersion: v1.2
class: CommandLineTool
baseCommand: [gzip, -c]
inputs: {file: {type: File, inputBinding: {position: 1}}}
outputs: {packed: {type: stdout}}
stdout: sum.gz
"""
JOIN = """
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: {files: {type: "File[]", inputBinding: {position: 1}}}
outputs: {all: {type: stdout}}
stdout: all.gz
"""
DOCUMENTS = {"chain.cwl": WORKFLOW, "sum.cwl": SUM, "pack.cwl": PACK, "join.cwl": JOIN}
SNAKEFILE = """
NUMBERS = [f"{n:03d}" for n in range(%d)]

rule all:
    input: "all.gz"

rule sum:
    input: "in/{n}.dat"
    output: "{n}.sum"
    shell: "md5sum {input} > {output}"

rule pack:
    input: "{n}.sum"
    output: "{n}.gz"
    shell: "gzip -c {input} > {output}"

rule join:
    input: expand("{n}.gz", n=NUMBERS)
    output: "all.gz"
    shell: "cat {input} > {output}"
"""


def run() -> list[Figure]:
    """Measure."""
    with TemporaryDirectory(prefix="penstock-bench-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    _write(folder)
    ours, cwltool, snakemake = list[float](), list[float](), list[float]()
    async with measured_house(hold_jobs=False) as (_, clients):
        first = await _first_job(clients, folder)
        for number in range(ROUNDS):
            ours.append(await _penstock(clients, folder, f"bench.{number}"))
            cwltool.append(await asyncio.to_thread(_cwltool, folder))
            if importlib.util.find_spec("snakemake"):
                snakemake.append(await asyncio.to_thread(_snakemake, folder))
        idle = _idle_worker_mib()
    own = statistics.median(ours)
    figures = [
        Figure("201 jobs", round(own, 2), "s", round(statistics.median(cwltool), 2), False),
        Figure("first job of a fresh template", round(first, 2), "s", 1, False),
        Figure("memory of an idle worker", idle, "MB", 70, False),
    ]
    if snakemake:
        third = round(statistics.median(snakemake) / 3, 2)
        figures.append(Figure("201 jobs, against snakemake / 3", round(own, 2), "s", third, False))
    return figures


def _write(folder: Path) -> None:
    (folder / "in").mkdir()
    for number in range(FILES):
        (folder / "in" / f"{number:03d}.dat").write_bytes(os.urandom(2000))
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    (folder / "Snakefile").write_text(SNAKEFILE % FILES)
    order = {"files": [{"class": "File", "path": str(path)} for path in _files(folder)]}
    (folder / "order.json").write_text(json.dumps(order))


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "in").iterdir())


async def _penstock(clients: HouseClients, folder: Path, dataset: str) -> float:
    template = NewTemplate(
        name=dataset.replace(".", "-"), masks=(dataset,), documents=DOCUMENTS, main="chain.cwl"
    )
    await clients.data_access.create_template(template)
    storage = await _root(clients)
    files = [_described(path, storage) for path in _files(folder)]
    began = time.perf_counter()
    await _tell(clients, "dataset.input", datasetName=dataset, files=files)
    await _until(lambda: _is_there(clients, dataset))
    [registered] = (await clients.dsm.datasets(name=dataset)).items
    await _tell(clients, "dataset.close", datasetId=registered.uid)
    last = f"{dataset}.{template.name}.join.v1"
    await _until(lambda: _is_closed(clients, last))
    return time.perf_counter() - began


async def _first_job(clients: HouseClients, folder: Path) -> float:
    """Return the seconds from a file to its first job's output, of a template just uploaded."""
    documents = {"sum.cwl": SUM}
    template = NewTemplate(name="fresh", masks=("fresh",), documents=documents, main="sum.cwl")
    await clients.data_access.create_template(template)
    [path, *_] = _files(folder)
    file = _described(path, await _root(clients))
    began = time.perf_counter()
    await _tell(clients, "dataset.input", datasetName="fresh", files=[file])

    async def made() -> bool:
        found = await clients.dsm.datasets(name="fresh.fresh.sum.v1")
        return any(dataset.files for dataset in found.items)

    await _until(made)
    return time.perf_counter() - began


async def _root(clients: HouseClients) -> str:
    kind = list[dict[str, str]]
    storages: list[dict[str, str]] = await clients.dsm.call("GET", "/api/v1/storage", kind)
    return next(one["uid"] for one in storages if one["name"] == "posix-root")


def _described(path: Path, storage: str) -> dict[str, Any]:
    content = path.read_bytes()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    where = {"storageId": storage, "path": str(path), "sequence": int(path.stem)}
    return {
        **where,
        "name": f"{path.parent.parent.name}-{path.name}",
        "size": len(content),
        "checksum": digest,
    }


async def _tell(clients: HouseClients, key: str, **body: Any) -> None:
    await clients.dsm.post_messages("dsm.register", key, [PostedMessage(body=body)])


async def _is_there(clients: HouseClients, name: str) -> bool:
    return bool((await clients.dsm.datasets(name=name)).items)


async def _is_closed(clients: HouseClients, name: str) -> bool:
    found = await clients.dsm.datasets(name=name)
    return any(dataset.state == "CLOSED" and dataset.files for dataset in found.items)


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(120):
        while not await holds():
            await asyncio.sleep(0.1)


def _cwltool(folder: Path) -> float:
    command = [sys.executable, "-m", "cwltool", "--quiet", "--parallel", "--no-container"]
    return _timed([*command, "--outdir", "out", "chain.cwl", "order.json"], folder)


def _snakemake(folder: Path) -> float:
    for path in folder.glob("*.gz"):
        path.unlink()
    command = [sys.executable, "-m", "snakemake", "--quiet", "rules", "-j2", "--forceall"]
    return _timed([*command, "--nolock"], folder)


def _timed(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - began


def _idle_worker_mib() -> float:
    """Return the resident memory of the warm worker, in MB."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"pilot.worker" in command and command[0].endswith(b"python"):
                pages = int((process / "statm").read_text().split()[1])
                return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
    return 0.0
