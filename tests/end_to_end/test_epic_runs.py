"""ePIC's runs as they really happen, through the whole house, to the last closed dataset."""

import itertools
import json
import random
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from penstock.house import OpenHouse, open_house
from penstock_core.bus import Message
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.closing import NewRule, Policy
from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.workflow import NewTemplate
from penstock_core.settings import HouseSettings

RUN = "101983"
INPUT, OUTPUT = f"swf.{RUN}.run", f"swf.{RUN}.processed"
LATENCY_S = 1.0
Body = dict[str, Any]
_ids = itertools.count()

PROCESS = {
    "cwlVersion": "v1.2",
    "class": "Workflow",
    "$namespaces": {"penstock": "https://penstock.dev/cwl#"},
    "requirements": {"ScatterFeatureRequirement": {}},
    "inputs": {"stfs": "File[]"},
    "outputs": {},
    "steps": {
        "process": {
            "run": {
                "class": "CommandLineTool",
                "baseCommand": "cat",
                "inputs": {"stf": {"type": "File", "inputBinding": {}}},
                "outputs": {"processed": "stdout"},
                "stdout": "$(inputs.stf.basename).processed",
            },
            "scatter": "stf",
            "in": {"stf": "stfs"},
            "out": ["processed"],
            "hints": [{"class": "penstock:Task", "output": "swf.{run}.processed"}],
        }
    },
}


@asynccontextmanager
async def house(tmp_path: Path) -> AsyncIterator[tuple[OpenHouse, HouseClients]]:
    """A house with the template of the run, and a rule that waits for what is missing a second."""
    settings = HouseSettings(data_dir=tmp_path / "data")
    async with open_house(settings) as opened, HouseClients(opened.house, "operator") as clients:
        template = NewTemplate(name="prompt", masks=("swf.{run}.run",), description=PROCESS)
        await clients.data_access.create_template(template)
        policy = Policy(max_latency_s=LATENCY_S, idle_timeout_s=3 * LATENCY_S)
        await clients.dsm.set_rule("quick", NewRule(masks=("swf.*.run",), policy=policy))
        yield opened, clients


def stf(folder: Path, sequence: int, namespace: str = "default") -> tuple[Body, Body]:
    """Write an STF; return the messages that announce it and that tell that it is there."""
    path = folder / namespace / f"swf.{RUN}.{sequence:06d}.stf"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(f"{namespace} {sequence}".encode())
    checksum, size = f"ad:{zlib.adler32(path.read_bytes()):08x}", path.stat().st_size
    common = {"run_id": RUN, "filename": path.name, "checksum": checksum, "namespace": namespace}
    state = {"state": "run", "substate": "physics"}
    return (
        {"msg_type": "stf_gen", "sequence": sequence, "size": size, **common, **state},
        {"msg_type": "stf_ready", "file_url": path.as_uri(), "size_bytes": size, **common},
    )


def of_run(msg_type: str, **more: Any) -> Body:
    return {"msg_type": msg_type, "run_id": RUN, **more}


def clean_run(folder: Path, stfs: int, namespace: str = "default") -> list[Body]:
    """Return the messages of a run as they should come, with ePIC's times."""
    begun = [
        of_run("run_imminent", state="beam", substate="not_ready", dataset=INPUT),
        of_run("start_run", state="run", substate="physics"),
    ]
    middle = [body for n in range(1, stfs + 1) for body in stf(folder, n, namespace)]
    bodies = [*begun, *middle, of_run("end_run", total_stf_files=stfs)]
    return [
        body
        | {
            "timestamp": f"2026-03-01T12:00:{tick:02d}",
            "simulation_tick": tick,
            "sender": "daq-simulator",
            "namespace": namespace,
        }
        for tick, body in enumerate(bodies)
    ]


async def tell(opened: OpenHouse, bodies: Sequence[Body]) -> None:
    for body in bodies:
        message = Message.of_json(
            "daq", body["msg_type"], body, message_id=f"{body['msg_type']}-{next(_ids)}"
        )
        await opened.house.bus.publish([message])


async def dataset(clients: HouseClients, name: str, namespace: str = "default") -> Dataset | None:
    found = (await clients.dsm.datasets(name=name, namespace=namespace)).items
    return found[0] if found else None


@pytest.fixture
def closed(eventually: Callable[..., Awaitable[Dataset]]) -> Callable[..., Awaitable[Dataset]]:
    """Wait until a dataset is closed, and return it."""

    async def wait(clients: HouseClients, name: str, namespace: str = "default") -> Dataset:
        return await eventually(
            lambda: dataset(clients, name, namespace),
            lambda seen: seen is not None and seen.state == "CLOSED",
        )

    return wait


async def test_three_stfs_close_by_count_and_are_processed(
    tmp_path: Path, closed: Callable[..., Awaitable[Dataset]]
) -> None:
    async with house(tmp_path) as (opened, clients):
        await tell(opened, clean_run(tmp_path, 3))
        run = await closed(clients, INPUT)
        made = await closed(clients, OUTPUT)
        (row,) = await clients.dsm.ledger(run.uid)
        contents = await clients.dsm.contents(made.uid, 0, 10)
    assert (run.files, run.incomplete, row.rule) == (3, False, "count")
    assert (made.files, made.incomplete) == (3, False)
    assert sorted(file.index for file in contents.files) == [1, 2, 3]


async def test_a_lost_stf_is_named_and_the_run_closes_as_incomplete(
    tmp_path: Path, closed: Callable[..., Awaitable[Dataset]]
) -> None:
    bodies = [b for b in clean_run(tmp_path, 4) if b.get("filename") != f"swf.{RUN}.000002.stf"]
    async with house(tmp_path) as (opened, clients):
        await tell(opened, bodies)
        run = await closed(clients, INPUT)
        made = await closed(clients, OUTPUT)
        (row,) = await clients.dsm.ledger(run.uid)
    assert (run.files, run.announced, run.incomplete) == (3, 4, True)
    assert row.rule == "incomplete"
    assert "STF 2" in row.because
    assert (made.files, made.incomplete) == (3, True)


async def test_a_run_without_an_end_raises_an_alarm_and_closes_by_policy(
    tmp_path: Path,
    closed: Callable[..., Awaitable[Dataset]],
    eventually: Callable[..., Awaitable[Any]],
) -> None:
    async with house(tmp_path) as (opened, clients):
        await tell(opened, clean_run(tmp_path, 3)[:-1])
        run = await closed(clients, INPUT)
        (row,) = await clients.dsm.ledger(run.uid)
        alarms = await eventually(clients.data_access.alarms, lambda page: bool(page.items))
    assert (row.rule, run.incomplete, run.files) == ("no_end_run", True, 3)
    assert [(a.kind, RUN in a.text) for a in alarms.items] == [("no_end_run", True)]


async def test_runs_of_one_number_in_two_namespaces_do_not_meet(
    tmp_path: Path, closed: Callable[..., Awaitable[Dataset]]
) -> None:
    mine, yours = clean_run(tmp_path, 2, "mine"), clean_run(tmp_path, 3, "yours")
    overlapping = [b for pair in itertools.zip_longest(mine, yours) for b in pair if b]
    async with house(tmp_path) as (opened, clients):
        await tell(opened, overlapping)
        made = {ns: await closed(clients, OUTPUT, ns) for ns in ("mine", "yours")}
        assert await dataset(clients, INPUT) is None
    assert {ns: (d.files, d.incomplete) for ns, d in made.items()} == {
        "mine": (2, False),
        "yours": (3, False),
    }


async def _final_state(clients: HouseClients) -> Any:
    """Return what is to be the same, however the messages came."""
    runs = (await clients.dsm.runs(run=RUN)).items
    datasets = (await clients.dsm.datasets(limit=100)).items
    tasks = (await clients.data_access.tasks()).items
    files = {
        d.name: sorted(
            (f.name, f.index, f.checksum) for f in (await clients.dsm.contents(d.uid, 0, 100)).files
        )
        for d in datasets
    }
    return json.dumps(
        {
            "runs": [(r.state, r.announced, r.registered) for r in runs],
            "datasets": sorted((d.name, d.state, d.files, d.incomplete) for d in datasets),
            "files": files,
            "tasks": [(t.step, t.status, t.jobs, t.finished) for t in tasks],
        },
        sort_keys=True,
    )


async def test_reversed_shuffled_and_repeated_messages_end_in_the_same_state(
    tmp_path: Path, closed: Callable[..., Awaitable[Dataset]]
) -> None:
    dice = random.Random(RUN)
    finals = []
    for number, order in enumerate(("clean", "reversed", "shuffled twice")):
        folder = tmp_path / str(number)
        folder.mkdir()
        bodies = clean_run(folder, 4)
        if order == "reversed":
            bodies.reverse()
        if order == "shuffled twice":
            bodies *= 2
            dice.shuffle(bodies)
        async with house(folder) as (opened, clients):
            await tell(opened, bodies)
            await closed(clients, OUTPUT)
            await closed(clients, f"{OUTPUT}.log")
            finals.append(await _final_state(clients))
    assert finals[1:] == [finals[0]] * 2
