"""Chains whose jobs fail: paused, retried once the cause is gone, or gone on with what there is."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from penstock.house import open_house
from penstock_core.bus import Message
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import Dataset, NewStorage
from penstock_core.contracts.workflow import ActionName, NewAction, NewTemplate, Selection, Task
from penstock_core.settings import HouseSettings

INPUT = "run7.check.raw"


def chain(gate: Path, **hint: Any) -> NewTemplate:
    """Return a chain of a check, which fails on bad input until ``gate`` is there, and a merge."""
    script = f'grep -q bad "$1" && test ! -e {gate} && exit 3; cat "$1"'
    check = {
        "class": "CommandLineTool",
        "baseCommand": ["sh", "-c", script, "check"],
        "inputs": {"raw": {"type": "File", "inputBinding": {"position": 1}}},
        "outputs": {"checked": {"type": "stdout"}},
        "stdout": "checked.txt",
    }
    merge = {
        "class": "CommandLineTool",
        "baseCommand": "cat",
        "inputs": {"all": {"type": "File[]", "inputBinding": {"position": 1}}},
        "outputs": {"merged": {"type": "stdout"}},
        "stdout": "merged.txt",
    }
    document = {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "requirements": {"ScatterFeatureRequirement": {}},
        "inputs": {"files": "File[]"},
        "steps": {
            "check": {
                "run": check,
                "in": {"raw": "files"},
                "scatter": "raw",
                "out": ["checked"],
                "hints": [{"class": "penstock:Task", "retry": 0, **hint}],
            },
            "merge": {"run": merge, "in": {"all": "check/checked"}, "out": ["merged"]},
        },
        "outputs": [],
    }
    return NewTemplate(
        name="check",
        masks=("*.check.raw",),
        documents={"check.cwl": json.dumps(document)},
        main="check.cwl",
    )


class Scene:
    """A running house with the chain, and a DAQ that tells of files in it."""

    def __init__(self, bus: Any, clients: HouseClients, folder: Path, eventually: Callable) -> None:
        self.gate = folder / "gates" / "gate"
        self.workflows = clients.data_access
        self.storage = clients.dsm
        self._bus = bus
        self._folder = folder
        self._eventually = eventually
        self._numbers: Iterator[int] = count()
        self._storage_id = ""

    async def begin(self, **hint: Any) -> None:
        made = await self.storage.create_storage(NewStorage(name="raw", base=str(self._folder)))
        self._storage_id = made.uid
        await self.workflows.create_template(chain(self.gate, **hint))

    async def tell(self, key: str, **body: Any) -> None:
        await self._bus.publish([Message.of_json("dsm.register", key, body)])

    async def send(self, *texts: str) -> None:
        """Tell of files with these texts."""
        files = [self._file(text) for text in texts]
        await self.tell("file.input", datasetName=INPUT, files=files)

    def _file(self, text: str) -> dict[str, Any]:
        path = self._folder / f"{next(self._numbers)}.raw"
        path.write_text(f"{text}\n")
        data = path.read_bytes()
        checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()
        told = {"path": str(path), "size": len(data), "checksum": checksum}
        return {"storageId": self._storage_id, **told}

    async def end(self, files: int) -> None:
        """Tell that the run has ended with so many files."""
        found = await self.dataset(INPUT, lambda _: True)
        await self.tell("dataset.close", datasetId=found.uid, files=files)

    async def task(self, step: str, good: Callable[[Task], bool]) -> Task:
        """Return the step's task once it is good."""

        async def look() -> Task | None:
            page = await self.workflows.tasks()
            return next((task for task in page.items if task.step == step), None)

        return await self._eventually(look, lambda task: task is not None and good(task), 90)

    async def dataset(self, name: str, good: Callable[[Dataset], bool]) -> Dataset:
        async def look() -> Dataset | None:
            page = await self.storage.datasets(name=name)
            return page.items[0] if page.items else None

        return await self._eventually(look, lambda found: found is not None and good(found), 90)

    async def act(self, action: ActionName, because: str = "") -> list[str]:
        chosen = Selection(dataset=INPUT)
        asked = NewAction(action=action, selection=chosen, because=because)
        return [one.outcome for one in (await self.workflows.act(asked)).outcomes]

    async def merged(self) -> str:
        """Return what the merge has made of everything."""
        output = await self.dataset("*.merge.v1", lambda found: found.state == "CLOSED")
        (file,) = (await self.storage.contents(output.uid)).files
        return Path(file.url.removeprefix("file://")).read_text()

    async def history(self, task: Task) -> list[tuple[str, str]]:
        done = (await self.workflows.task_actions(task.task_id)).items
        return [(one.actor, one.action) for one in done]


@pytest.fixture
async def scene(tmp_path: Path, eventually: Callable, monkeypatch: pytest.MonkeyPatch):
    """A house that runs jobs, which see whether the gate is there."""
    gates = tmp_path / "gates"
    gates.mkdir()
    monkeypatch.setenv("PENSTOCK_PILOT_READABLE", json.dumps([str(gates)]))
    settings = HouseSettings(data_dir=tmp_path / "data", reconcile_every_s=0.5)
    async with (
        open_house(settings) as house,
        HouseClients(house.house, "operator") as clients,
    ):
        yield Scene(house.house.bus, clients, tmp_path, eventually)


async def test_a_chain_that_was_paused_by_itself_is_retried_and_finishes(scene: Scene) -> None:
    await scene.begin(pauseAt={"rate": 0.5, "after": 4})
    await scene.send("good", "bad", "bad", "bad")
    check = await scene.task("check", lambda task: task.paused)
    (alarm,) = (await scene.workflows.alarms()).items
    assert (alarm.kind, "3 of the last 4 jobs failed" in alarm.text) == ("task_paused", True)

    await asyncio.sleep(0.5)  # the pause is on its way to the workload system
    await scene.send("bad", "good")
    await scene.end(6)
    check = await scene.task("check", lambda task: task.jobs == 6)
    assert (check.status, check.running, check.finished, check.failed) == ("IN_PROGRESS", 0, 1, 3)

    scene.gate.touch()
    assert await scene.act(ActionName.RETRY, "the map is there now") == ["asked"]
    check = await scene.task("check", lambda task: task.status == "FINISHED")
    assert (check.finished, check.failed, check.paused) == (6, 0, False)
    await scene.task("merge", lambda task: task.status == "FINISHED")
    assert sorted((await scene.merged()).split()) == ["bad"] * 4 + ["good"] * 2
    assert (await scene.workflows.alarms()).items == ()
    assert await scene.history(check) == [("policy", "pause"), ("operator", "retry")]
    log = await scene.dataset("*.check.v1.log", lambda found: found.state == "CLOSED")
    assert (log.files, log.incomplete) == (9, False)


@pytest.mark.parametrize("actor", ["operator", "policy"])
async def test_a_chain_whose_loss_is_accepted_goes_on_with_what_there_is(
    scene: Scene, actor: str
) -> None:
    await scene.begin(acceptLoss=0.4 if actor == "policy" else 0.1)
    await scene.send("good", "bad", "good")
    await scene.end(3)
    check = await scene.task("check", lambda task: task.status == "PARTIAL")
    if actor == "operator":
        merge = await scene.task("merge", lambda task: task.status == "DEFINED")
        assert "retried or its loss accepted" in merge.waits_for[0]
        assert await scene.act(ActionName.ACCEPT_LOSS, "noise") == ["done"]
    output = await scene.dataset("*.check.v1", lambda found: found.state == "CLOSED")
    (row,) = await scene.storage.ledger(output.uid)
    assert (output.files, output.incomplete, row.rule) == (2, True, "accepted_loss")
    assert row.because.startswith(f"{actor} accepted the loss of what is missing")
    await scene.task("merge", lambda task: task.status == "FINISHED" and task.input_incomplete)
    assert (await scene.merged()).split() == ["good"] * 2
    assert await scene.history(check) == [(actor, "accept_loss")]
