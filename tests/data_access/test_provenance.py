"""Which jobs read and made each file: kept once, walked up and down, bounded, bulk."""

from dataclasses import dataclass
from importlib import import_module

import pytest
from sqlalchemy import event
from tests.data_access.room import Room, batch, entry_of, new_template, ref

from data_access.provenance import StoredUses
from data_access.schema import file_use
from penstock_core.clients import DataAccessClient
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import (
    Environment,
    FileRole,
    FileUse,
    JobKey,
    JobReport,
    ObservedBatch,
    UseQuery,
    Way,
)
from penstock_core.errors import InvalidInput
from penstock_core.provenance import Walk, walk
from penstock_core.rights import Role
from penstock_core.states import JobState
from penstock_core.store import Store
from recipe.model import Mode, Trigger

MIGRATION = import_module("data_access.migrations.versions.0005_provenance")
CHAIN = {
    "decode": ("", Mode.MAP, Trigger.OPEN),
    "merge": ("decode", Mode.MERGE, Trigger.CLOSED),
}
DECODE, MERGE = 1, 2
FILES = 3
HERE = Environment(system="penstock-pilot 1", engine="cwltool 3", sandbox="rlimits")


def job(task: int, index: int, inputs: tuple[str, ...], output: str, attempts: int = 1):
    return JobReport(
        task_id=task,
        index=index,
        state=JobState.FINISHED,
        attempts=attempts,
        exit_code=0,
        reason="",
        host="node7",
        started_at=None,
        ended_at=None,
        log_tail="much text",
        inputs=inputs,
        outputs=(output, f"{output}.log"),
        log=f"{output}.log",
        command="decode a.raw",
        environment=HERE,
    )


DECODED = tuple(job(DECODE, n, (f"{n}.raw",), f"{n}.events") for n in range(FILES))
MERGED = job(MERGE, 0, tuple(f"{n}.events" for n in range(FILES)), "all.events")


@pytest.fixture
async def service(room: Room) -> DataAccessClient:
    """A house that ran one chain: three files decoded, and merged into one."""
    return await with_history(room)


async def with_history(room: Room) -> DataAccessClient:
    room.compiler.steps = CHAIN
    client = room.client(Role.SERVICE)
    template = await room.client(Role.EXPERT).create_template(new_template(values={"threshold": 3}))
    entry = await entry_of(client, template.template_id)
    await client.store_generated(batch([entry], [ref("a.test.raw")]))
    await observe(client, *DECODED, MERGED)
    return client


async def observe(client: DataAccessClient, *jobs: JobReport) -> None:
    at = await client.cursor("reports")
    told = ObservedBatch(follower="reports", expected=at, cursor=at + 1, tasks=(), jobs=jobs)
    await client.store_observed(told)


def named(uses: tuple[FileUse, ...]) -> set[tuple[int, int, str, str]]:
    return {(use.task_id, use.index, use.role.value, use.name) for use in uses}


async def test_a_file_leads_up_to_all_that_it_was_made_of(service: DataAccessClient) -> None:
    found = await service.provenance("all.events", Way.UP, scope="daq", depth=9)
    assert named(found.uses) == {
        (MERGE, 0, "out", "all.events"),
        *((MERGE, 0, "in", f"{n}.events") for n in range(FILES)),
        *((DECODE, n, "out", f"{n}.events") for n in range(FILES)),
        *((DECODE, n, "in", f"{n}.raw") for n in range(FILES)),
    }
    assert not found.cut
    assert [(each.task_id, each.index) for each in found.jobs] == [(1, 0), (1, 1), (1, 2), (2, 0)]
    first = found.jobs[0]
    assert (first.host, first.command, first.environment) == ("node7", "decode a.raw", HERE)
    assert (first.log_tail, first.inputs) == ("", ())
    assert [each.step for each in found.tasks] == ["decode", "merge"]
    (chain,) = found.chains
    assert (chain.template, chain.version, chain.created_by) == ("spd", 1, "somebody")
    assert (chain.values, chain.dataset) == ({"threshold": 3}, "a.test.raw")


async def test_a_file_leads_down_to_all_that_was_made_of_it(service: DataAccessClient) -> None:
    found = await service.provenance("1.raw", Way.DOWN, scope="daq", depth=9)
    assert named(found.uses) == {
        (DECODE, 1, "in", "1.raw"),
        (DECODE, 1, "out", "1.events"),
        (MERGE, 0, "in", "1.events"),
        (MERGE, 0, "out", "all.events"),
    }


async def test_a_log_leads_up_to_its_job(service: DataAccessClient) -> None:
    found = await service.provenance("1.events.log", Way.UP, scope="daq")
    assert named(found.uses) == {(DECODE, 1, "log", "1.events.log"), (DECODE, 1, "in", "1.raw")}


async def test_the_depth_counts_jobs_in_a_row(service: DataAccessClient) -> None:
    found = await service.provenance("all.events", Way.UP, scope="daq", depth=1)
    assert {use.task_id for use in found.uses} == {MERGE}
    assert not found.cut


@pytest.mark.parametrize(("limit", "cut"), [(1, True), (9, True), (10, False), (11, False)])
async def test_an_answer_that_is_cut_says_so(
    service: DataAccessClient, limit: int, cut: bool
) -> None:
    found = await service.provenance("all.events", Way.UP, scope="daq", depth=9, limit=limit)
    assert (len(found.uses), found.cut) == (min(limit, 10), cut)


async def test_nobody_made_a_file_of_another_namespace_or_scope(service: DataAccessClient) -> None:
    for elsewhere in ({"namespace": "other", "scope": "daq"}, {"scope": "other"}):
        found = await service.provenance("all.events", Way.UP, **elsewhere)
        assert (found.uses, found.jobs, found.chains) == ((), (), ())


async def test_uses_come_in_pages(service: DataAccessClient) -> None:
    query = UseQuery(jobs=(JobKey(task_id=MERGE, index=0),), roles=(FileRole.IN,), limit=2)
    first = await service.uses(query)
    assert [use.name for use in first.items] == ["0.events", "1.events"]
    rest = await service.uses(query.model_copy(update={"after": first.next}))
    assert ([use.name for use in rest.items], rest.next) == (["2.events"], None)


async def test_a_query_for_nothing_finds_nothing(service: DataAccessClient) -> None:
    assert (await service.uses(UseQuery(roles=tuple(FileRole)))).items == ()


async def test_a_walk_over_rest_is_the_walk_at_the_store(service: DataAccessClient) -> None:
    start = Walk("default", "daq", "all.events", Way.UP)
    trail = await walk(service, start)
    found = await service.provenance("all.events", Way.UP, scope="daq", depth=9)
    assert tuple(trail.uses.values()) == found.uses


async def test_a_whole_walk_gives_all_files_of_each_job(service: DataAccessClient) -> None:
    trail = await walk(service, Walk("default", "daq", "1.raw", Way.DOWN, whole=True))
    merged = {use.name for use in trail.uses.values() if use.task_id == MERGE}
    assert merged == {"0.events", "1.events", "2.events", "all.events", "all.events.log"}


async def test_a_repeated_report_adds_nothing_and_a_later_attempt_adds_its_own(
    service: DataAccessClient,
) -> None:
    await observe(service, *DECODED, MERGED)
    again = MERGED.model_copy(
        update={"attempts": 2, "log": "again.log", "outputs": ("all.events", "again.log")}
    )
    await observe(service, again)
    query = UseQuery(jobs=(JobKey(task_id=MERGE, index=0),), roles=(FileRole.OUT, FileRole.LOG))
    found = await service.uses(query)
    assert [use.name for use in found.items] == ["all.events", "all.events.log", "again.log"]
    assert (await service.jobs(MERGE)).items[0].log == "again.log"


async def test_a_history_from_before_is_filled_in(room: Room) -> None:
    service = await with_history(room)
    log = f"{(await service.task(DECODE)).log_name}.000000.log"
    await observe(service, job(DECODE, 9, ("9.raw",), log))
    before = await service.provenance("all.events", Way.UP, scope="daq", depth=9)
    store = Store(room.house.settings.database("data-access"))
    async with store.write() as connection:
        await connection.execute(file_use.delete())
        for copy in MIGRATION.copies(connection.dialect.name):
            await connection.exec_driver_sql(copy)
    await store.close()
    after = await service.provenance("all.events", Way.UP, scope="daq", depth=9)
    assert named(after.uses) == named(before.uses)
    assert (DECODE, 9, "log", log) in named((await service.provenance(log, scope="daq")).uses)


async def test_what_stands_behind_a_job_that_there_is_not_is_nothing(
    service: DataAccessClient,
) -> None:
    found = await service.origins([JobKey(task_id=99, index=0)])
    assert (found.jobs, found.tasks, found.chains) == ((), (), ())


async def test_a_key_that_no_column_takes_is_refused(lite: Room) -> None:
    with pytest.raises(InvalidInput):
        await lite.client(Role.VIEWER).call(
            "POST", "/provenance/job", None, body=[{"task_id": 2**80, "index": 0}]
        )


@dataclass
class Counted:
    """Uses of a store, with a count of the pages asked for."""

    inner: StoredUses
    pages: int = 0

    async def uses(self, query: UseQuery) -> Page[FileUse]:
        self.pages += 1
        return await self.inner.uses(query)


async def test_the_number_of_queries_does_not_grow_with_the_files(lite: Room) -> None:
    client = await with_history(lite)
    many = tuple(job(DECODE, n, (f"{n}.raw",), f"{n}.events") for n in range(FILES, 900))
    await observe(client, *many)
    merged = job(MERGE, 0, tuple(f"{n}.events" for n in range(900)), "all.events", attempts=2)
    await observe(client, merged)
    store = Store(lite.house.settings.database("data-access"))
    async with store.read() as connection:
        counted = Counted(StoredUses(connection))
        trail = await walk(counted, Walk("default", "daq", "all.events", Way.UP))
    await store.close()
    assert len(trail.jobs) == 901
    assert counted.pages == 5


async def test_uses_are_found_through_their_indexes(lite: Room) -> None:
    of_files = UseQuery(names=("a", "b"), roles=(FileRole.IN,), after=5)
    of_jobs = UseQuery(jobs=(JobKey(task_id=1, index=2),), roles=(FileRole.IN,))
    assert "ix_file_use_name (name=? AND namespace=? AND scope=? AND role=?" in await plan_of(
        lite, of_files
    )
    assert "(task_id=? AND index=? AND role=?)" in await plan_of(lite, of_jobs)


async def plan_of(room: Room, query: UseQuery) -> str:
    """Return how SQLite looks up what ``query`` asks for."""
    seen: list[tuple[str, tuple[object, ...]]] = []
    store = Store(room.house.settings.database("data-access"))

    def note(_connection, _cursor, statement, parameters, *_rest) -> None:
        seen.append((f"EXPLAIN QUERY PLAN {statement}", parameters))

    async with store.read() as connection:
        event.listen(store.reader.sync_engine, "before_cursor_execute", note)
        await StoredUses(connection).uses(query)
        event.remove(store.reader.sync_engine, "before_cursor_execute", note)
        plan = (await connection.exec_driver_sql(*seen[0])).all()
    await store.close()
    return str(plan)
