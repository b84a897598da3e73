"""Registered datasets per second that become stored 3-step chains, in the embedded system."""

import asyncio
import time

from benchmarks.figure import Figure
from benchmarks.house import measured_house
from penstock_core.bus import Message
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.workflow import NewTemplate

DATASETS = 3000
BATCH = 100


def chain() -> str:
    """Return a CWL workflow of three steps, each over the output of the one before."""
    steps = {}
    source = "raw"
    for name in ("decode", "reconstruct", "select"):
        steps[name] = (
            f"  {name}:\n"
            "    run:\n"
            "      class: CommandLineTool\n"
            "      baseCommand: cat\n"
            "      inputs: {f: {type: File, inputBinding: {}}}\n"
            "      outputs: {o: {type: stdout}}\n"
            "      stdout: o.txt\n"
            f"    scatter: f\n    in: {{f: {source}}}\n    out: [o]\n"
        )
        source = f"{name}/o"
    return (
        "cwlVersion: v1.2\nclass: Workflow\n"
        "requirements: {ScatterFeatureRequirement: {}}\n"
        'inputs: {raw: "File[]"}\noutputs: {}\nsteps:\n' + "".join(steps.values())
    )


def run() -> list[Figure]:
    """Measure."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    async with measured_house() as (house, clients):
        await clients.data_access.create_template(
            NewTemplate(
                name="bench",
                masks=("bench.*",),
                documents={"chain.cwl": chain()},
                main="chain.cwl",
                input="raw",
            )
        )
        began = time.perf_counter()
        for start in range(0, DATASETS, BATCH):
            await house.house.bus.publish([_dataset(n) for n in range(start, start + BATCH)])
        await _all_stored(clients)
        rate = DATASETS / (time.perf_counter() - began)
    return [Figure("datasets -> stored 3-step chains, embedded", round(rate), "datasets/s", 300)]


def _dataset(number: int) -> Message:
    body = {"datasetName": f"bench.{number:06d}.raw", "scope": "daq", "metadata": {"run": number}}
    return Message.of_json("dsm.register", "dataset.input", body)


async def _all_stored(clients: HouseClients) -> None:
    last = 0
    while last < DATASETS:
        page = await clients.data_access.workflows(after=last, limit=1000)
        last += len(page.items)
        if not page.items:
            await asyncio.sleep(0.02)
