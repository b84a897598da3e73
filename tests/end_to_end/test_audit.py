"""The auditor: clean after real work, and each law that is broken is found, told, and mended."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.end_to_end.world import World

from penstock.audit import LAWS, Auditor
from penstock.audit.laws import reference
from penstock.audit.service import Watch
from penstock.house import open_house
from penstock_core.clients import DataAccessClient
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.audit import Law, Violation
from penstock_core.settings import HouseSettings
from penstock_core.store import Store

CHAIN = """
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]"}
outputs: {}
steps:
  copy:
    run: {class: CommandLineTool, baseCommand: cat, inputs: {f: {type: File, inputBinding: {}}},
          outputs: {o: {type: stdout}}, stdout: o.txt}
    scatter: f
    in: {f: files}
    out: [o]
  join:
    run: {class: CommandLineTool, baseCommand: cat,
          inputs: {f: {type: "File[]", inputBinding: {}}},
          outputs: {o: {type: stdout}}, stdout: o.txt}
    in: {f: copy/o}
    out: []
"""
LATE = """
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: {files: {type: "File[]", inputBinding: {}}}
outputs: {o: {type: stdout}}
stdout: o.txt
"""
"""A merge: its task waits until the dataset is closed."""


@dataclass
class Audited:
    """A house in which a chain has run, its stores, and an auditor that waits for little.

    ``own`` is data-access as the service sees it.
    """

    world: World
    auditor: Auditor
    own: DataAccessClient
    stores: dict[str, Store]

    async def run(self, owner: str, *statements: str) -> None:
        async with self.stores[owner].write() as connection:
            for statement in statements:
                assert (await connection.execute(text(statement))).rowcount

    async def look(self) -> list[Violation]:
        return await self.auditor.everything()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def audited(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    eventually: Callable[..., Awaitable[Any]],
) -> AsyncIterator[Audited]:
    on_postgres = request.param == "postgresql"
    url = request.getfixturevalue("database_url") if on_postgres else ""
    settings = HouseSettings(data_dir=tmp_path / "data", database_url=url, reconcile_every_s=0.5)
    async with (
        open_house(settings) as house,
        HouseClients(house.house, "operator") as clients,
        HouseClients(house.house, "auditor") as own,
    ):
        world = World(clients, tmp_path, eventually)
        await world.upload(
            "chain", {"chain.cwl": CHAIN}, main="chain.cwl", input="files", masks=("a.*",)
        )
        dataset = await world.arrive("a.raw", [1, 2])
        await clients.dsm.call(
            "POST", f"/api/v1/dataset/{dataset.uid}/close", Any, body={"because": "all is there"}
        )
        tasks = await world.ended("a.raw", 2)
        assert {task.status for task in tasks.values()} == {"FINISHED"}
        stores = {owner: Store(settings.database(owner)) for owner in ("data-access", "dsm")}
        stores["pilot"] = Store(f"sqlite+aiosqlite:///{settings.data_dir}/pilot.db")
        auditor = Auditor(clients.dsm, clients.data_access, clients.pilot, settle_s=0.5)
        # What the last job made is still being told.
        await eventually(auditor.everything, lambda found: not found, 20)
        yield Audited(world, auditor, own.data_access, stores)
        for store in stores.values():
            await store.close()


PLANTED = {
    Law.WAITING: (
        "data-access",
        "UPDATE task SET status = 'DEFINED', waiting = 5 WHERE step = 'join'",
        "UPDATE task SET status = 'FINISHED', waiting = 0 WHERE step = 'join'",
    ),
    Law.EXTERNAL: (
        "data-access",
        "UPDATE task SET external_id = '' WHERE step = 'copy'",
        "UPDATE task SET external_id = 'task.' || task_id WHERE step = 'copy'",
    ),
    Law.KNOWN: (
        "data-access",
        "UPDATE task SET status = 'IN_PROGRESS', external_id = 'x' || external_id "
        "WHERE step = 'copy'",
        "UPDATE task SET status = 'FINISHED', external_id = substr(external_id, 2) "
        "WHERE step = 'copy'",
    ),
    Law.ONE_MAKER: (
        "data-access",
        "UPDATE file_use SET name = 'twice' WHERE role = 'out' AND task_id = (SELECT task_id "
        "FROM task WHERE step = 'copy')",
        "",
    ),
    Law.OUTPUTS: (
        "data-access",
        "UPDATE task SET output_files = output_files + 1 WHERE step = 'copy'",
        "UPDATE task SET output_files = output_files - 1 WHERE step = 'copy'",
    ),
    Law.COUNTED: (
        "dsm",
        "UPDATE dataset SET files = files + 1 WHERE name = 'a.raw'",
        "UPDATE dataset SET files = files - 1 WHERE name = 'a.raw'",
    ),
    Law.LEDGER: (
        "dsm",
        "UPDATE ledger SET dataset_id = (SELECT max(id) FROM dataset) WHERE dataset_id = "
        "(SELECT id FROM dataset WHERE name = 'a.raw')",
        "UPDATE ledger SET dataset_id = (SELECT id FROM dataset WHERE name = 'a.raw') "
        "WHERE rule = 'forced'",
    ),
    Law.ANNOUNCED: (
        "dsm",
        "UPDATE dataset SET announced = files + 1, incomplete = false WHERE kind = 'output'",
        "UPDATE dataset SET announced = files, incomplete = true WHERE kind = 'output'",
    ),
    Law.GROUPED: (
        "pilot",
        "UPDATE job SET first = 1, last = 2 WHERE task_id = (SELECT min(id) FROM task)",
        "UPDATE job SET first = NULL, last = NULL WHERE task_id = (SELECT min(id) FROM task)",
    ),
}


async def test_real_work_leaves_no_violation_and_each_broken_law_is_found(
    audited: Audited,
) -> None:
    assert await audited.look() == []
    for law, (owner, plant, undo) in PLANTED.items():
        await audited.run(owner, plant)
        found = await audited.look()
        assert law in {violation.law for violation in found}, law
        assert all(v.text and v.evidence for v in found)
        if undo:
            await audited.run(owner, undo)


async def test_what_was_missed_is_mended_by_telling_of_it_again(
    audited: Audited, eventually: Callable[..., Awaitable[Any]]
) -> None:
    raw = "(SELECT uid FROM dataset WHERE name = 'a.raw')"
    await audited.run(
        "data-access",
        f"DELETE FROM decision WHERE dataset_uid = {raw}",
        f"DELETE FROM examined WHERE dataset_uid = {raw}",
        "UPDATE dataset SET state = 'OPEN' WHERE name = 'a.raw'",
    )
    found = await audited.look()
    assert {v.law for v in found} == {Law.DECIDED, Law.COPIED}
    assert await audited.auditor.repair(found) == 1
    assert await eventually(audited.look, lambda found: not found, 20) == []


async def test_a_match_without_its_chain_gets_it(
    audited: Audited, eventually: Callable[..., Awaitable[Any]]
) -> None:
    world = audited.world
    await world.upload("late", {"chain.cwl": LATE}, main="chain.cwl", input="files", masks=("b.*",))
    await world.arrive("b.raw", [3])
    await eventually(lambda: world.tasks("b.raw"), lambda tasks: len(tasks) == 1)
    chain = "(SELECT max(workflow_id) FROM workflow)"
    of_chain = f"(SELECT task_id FROM task WHERE workflow_id = {chain})"
    await audited.run(
        "data-access",
        f"DELETE FROM task_input WHERE task_id IN {of_chain}",
        f"DELETE FROM task WHERE workflow_id = {chain}",
        f"DELETE FROM dataset WHERE workflow_id = {chain}",
        f"DELETE FROM workflow WHERE workflow_id = {chain}",
    )
    [lost] = await audited.look()
    assert (lost.law, lost.subject) == (Law.CHAINED, "b.raw")
    assert await audited.auditor.repair([lost]) == 1
    await eventually(lambda: world.tasks("b.raw"), lambda tasks: len(tasks) == 1)
    assert await audited.look() == []


async def test_an_alarm_tells_of_a_broken_law_once_and_is_cleared(audited: Audited) -> None:
    clients = audited.world.clients
    watch = Watch(audited.auditor, audited.own)

    async def raised() -> list[tuple[str, int]]:
        page = await clients.data_access.alarms(kind="audit")
        return [(alarm.subject, alarm.count) for alarm in page.items]

    await watch.look()
    assert await raised() == []
    owner, plant, undo = PLANTED[Law.COUNTED]
    await audited.run(owner, plant)
    await watch.look()
    await watch.look()
    assert await raised() == [("counted", 1)]
    await audited.run(owner, undo)
    await watch.look()
    assert await raised() == []


def test_the_reference_is_that_of_the_table() -> None:
    page = Path(__file__).parents[2] / "docs/reference/audit.md"
    assert set(LAWS) == set(Law)
    assert reference() in page.read_text()
