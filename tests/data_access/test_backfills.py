"""A backfill does what its preview said, to the row; and nothing that nobody confirmed."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.data_access.room import EARLY, LATE, Room, batch, entry_of, new_template, ref

from data_access.backfills import execute
from penstock_core.contracts.workflow import (
    Backfill,
    BackfillFilter,
    BackfillPreview,
    BackfillRequest,
    ClaimRequest,
    DatasetRef,
    RerunRequest,
    TemplateChange,
)
from penstock_core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from penstock_core.rights import Role
from penstock_core.states import DatasetKind, DatasetState, TemplateStatus
from penstock_core.store import Store

ALL = BackfillFilter()
ONE = ClaimRequest(claimant="me", limit=1)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
CARRY_OUT = """
import asyncio
from data_access.backfills import execute
from penstock_core.store import Store

async def carry_out(store):
    while await execute(store, 3):
        pass

asyncio.run(carry_out(Store("{url}")))
"""


def old(name: str, days: int = 0, **more: Any) -> DatasetRef:
    """Return a dataset that was registered so many days after the first of June."""
    return ref(name).model_copy(update={"registered_at": JUNE + timedelta(days=days)} | more)


class Bench:
    """A data-access with its callers, told of datasets one batch after another."""

    def __init__(self, room: Room, store: Store) -> None:
        self.room, self.store = room, store
        self.service = room.client(Role.SERVICE)
        self.operator = room.client(Role.OPERATOR)
        self.expert = room.client(Role.EXPERT)
        self._cursor = itertools.count()

    async def decided(self, *datasets: DatasetRef, takes: tuple[int, ...] = ()) -> None:
        """Have these datasets decided on; ``takes`` are the versions that took them."""
        entries = [await entry_of(self.service, number) for number in takes]
        cursor = next(self._cursor)
        await self.service.store_generated(batch(entries, datasets, cursor, cursor + 1))

    async def preview(self, template_id: int = 1, chosen: BackfillFilter = ALL) -> BackfillPreview:
        return await self.operator.preview_backfill(template_id, chosen)

    async def confirm(self, preview: BackfillPreview, because: str = "") -> Backfill:
        asked = BackfillRequest(filter=preview.filter, digest=preview.digest, because=because)
        return await self.operator.backfill(preview.template_id, asked)

    async def carry_out(self) -> None:
        while await execute(self.store):
            pass

    async def made_of(self, template_id: int = 1) -> list[str]:
        page = await self.service.workflows(template=template_id, limit=1000)
        return [row.dataset for row in page.items]


@pytest.fixture
async def bench(room: Room) -> AsyncIterator[Bench]:
    """A template that is ACTUAL from a far day on, so that everything is old to it."""
    store = Store(room.house.settings.database("data-access"))
    made = Bench(room, store)
    await made.expert.create_template(new_template(effective_from=LATE))
    yield made
    await store.close()


def told(preview: BackfillPreview) -> list[tuple[str, str]]:
    return [(row.dataset, row.outcome) for row in preview.rows]


async def test_a_preview_tells_what_would_become_of_each_and_does_nothing(bench: Bench) -> None:
    await bench.decided(old("b.test.raw", 2), old("a.test.raw", 1), old("other", 3))
    await bench.decided(old("gone.test.raw", 4, state=DatasetState.DELETED))
    preview = await bench.preview()
    assert told(preview) == [
        ("a.test.raw", "NEW"),
        ("b.test.raw", "NEW"),
        ("other", "NO_MATCH"),
        ("gone.test.raw", "CONFLICT"),
    ]
    assert preview.rows[2].reason.startswith("no mask fits")
    assert preview.rows[3].reason == "the dataset was deleted"
    assert preview.counts.model_dump() == {
        "new": 2,
        "there": 0,
        "conflict": 1,
        "no_match": 1,
        "more": False,
    }
    assert (await bench.made_of(), await execute(bench.store)) == ([], False)


async def test_what_was_confirmed_is_made_to_the_row(bench: Bench) -> None:
    names = [f"run{n}.test.raw" for n in range(250)]
    await bench.decided(*(old(name, n) for n, name in enumerate(names)))
    preview = await bench.preview()
    asked = await bench.confirm(preview, "the first pass lacked a cut")
    assert (asked.counts.new, asked.pending, asked.made) == (250, 250, 0)
    await bench.carry_out()
    done = await bench.operator.backfill_state(asked.backfill_id)
    assert (done.pending, done.made, done.conflict) == (0, 250, 0)
    rows = (await bench.operator.backfill_rows(asked.backfill_id, limit=1000)).items
    assert [row.dataset for row in rows] == [row.dataset for row in preview.rows] == names
    assert [row.workflow_id for row in rows] == list(range(1, 251))
    assert await bench.made_of() == names
    first = await bench.operator.workflow(1)
    assert first.created_by == "somebody"
    assert first.because == "backfill 1: the first pass lacked a cut"
    decided = await bench.room.http(Role.VIEWER).get("/decision?dataset=uid-run0.test.raw")
    assert [m["outcome"] for m in decided.json()["matches"]] == ["MATCH"]


async def test_a_dataset_that_appears_before_the_confirmation_makes_it_stale(bench: Bench) -> None:
    await bench.decided(old("a.test.raw"))
    preview = await bench.preview()
    await bench.decided(old("b.test.raw"), old("other"))
    with pytest.raises(Stale, match="it would be 2 new, 0 there already") as refused:
        await bench.confirm(preview)
    assert refused.value.facts["counts"]["new"] == 2
    assert (await bench.operator.backfills()).items == ()
    await bench.confirm(await bench.preview())
    await bench.carry_out()
    assert sorted(await bench.made_of()) == ["a.test.raw", "b.test.raw"]


async def test_what_no_mask_fits_may_come_and_go_meanwhile(bench: Bench) -> None:
    await bench.decided(old("a.test.raw"))
    preview = await bench.preview()
    await bench.decided(old("other"))
    assert (await bench.confirm(preview)).counts.new == 1


async def test_a_dataset_that_appears_after_the_confirmation_is_not_taken(bench: Bench) -> None:
    await bench.decided(old("a.test.raw"))
    await bench.confirm(await bench.preview())
    await bench.decided(old("b.test.raw"))
    await bench.carry_out()
    assert await bench.made_of() == ["a.test.raw"]


async def test_a_repeated_confirmation_makes_nothing_more(bench: Bench) -> None:
    await bench.decided(old("a.test.raw"))
    preview = await bench.preview()
    await bench.confirm(preview)
    with pytest.raises(Stale, match="0 new, 1 there"):
        await bench.confirm(preview)
    again = await bench.preview()
    assert again.rows[0].reason == "backfill 1 is about to have version 1 take it"
    with pytest.raises(Conflict, match="would make nothing"):
        await bench.confirm(again)


async def test_killed_at_any_moment_it_goes_on(bench: Bench) -> None:
    names = [f"run{n}.test.raw" for n in range(300)]
    await bench.decided(*(old(name, n) for n, name in enumerate(names)))
    asked = await bench.confirm(await bench.preview())
    made = 0
    for _ in range(3):
        script = CARRY_OUT.format(url=bench.store.url)
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
        async with asyncio.timeout(60):
            while (state := await bench.operator.backfill_state(asked.backfill_id)).made == made:
                await asyncio.sleep(0.01)
        child.kill()
        await child.wait()
        made = state.made
    await bench.carry_out()
    state = await bench.operator.backfill_state(asked.backfill_id)
    assert (made < 300, state.pending, state.made) == (True, 0, 300)
    assert await bench.made_of() == names


async def test_two_replicas_share_a_backfill(bench: Bench) -> None:
    names = [f"run{n}.test.raw" for n in range(350)]
    await bench.decided(*(old(name, n) for n, name in enumerate(names)))
    asked = await bench.confirm(await bench.preview())
    other = Store(bench.store.url)

    async def carry_out(store: Store) -> None:
        while await execute(store):
            pass

    await asyncio.gather(*(carry_out(store) for store in (bench.store, other) * 2))
    await other.close()
    rows = (await bench.operator.backfill_rows(asked.backfill_id, limit=1000)).items
    assert [(row.outcome, row.workflow_id) for row in rows] == [
        ("MADE", number) for number in range(1, 351)
    ]
    assert await bench.made_of() == names


async def test_the_loop_of_the_service_is_woken_by_a_confirmation(bench: Bench) -> None:
    loop = asyncio.create_task(bench.room.service.loops[1]())
    await bench.decided(old("a.test.raw"))
    await bench.confirm(await bench.preview())
    async with asyncio.timeout(20):
        while not await bench.made_of():
            await asyncio.sleep(0.02)
    loop.cancel()


async def test_datasets_are_picked_by_name_namespace_time_and_run(bench: Bench) -> None:
    await bench.decided(
        old("a.test.raw", 0, metadata={"run": 7}),
        old("b.test.raw", 1, metadata={"run": "12"}),
        old("c.test.raw", 2, namespace="tester"),
    )

    async def picked(**chosen: Any) -> list[str]:
        return [row.dataset for row in (await bench.preview(1, BackfillFilter(**chosen))).rows]

    assert await picked(name="[ab].test.*") == ["a.test.raw", "b.test.raw"]
    assert await picked(namespace="tester") == ["c.test.raw"]
    assert await picked(registered_from=JUNE + timedelta(days=1)) == ["b.test.raw", "c.test.raw"]
    assert await picked(registered_until=JUNE + timedelta(days=1)) == ["a.test.raw"]
    assert await picked(run_from=8) == ["b.test.raw"]
    assert await picked(run_from=7, run_until=7) == ["a.test.raw"]
    with pytest.raises(InvalidInput, match="no glob"):
        await picked(name="[")


async def test_outputs_are_old_data_only_to_a_template_that_takes_them(bench: Bench) -> None:
    await bench.decided(old("made.test.raw", kind=DatasetKind.OUTPUT), old("a.test.raw"))
    assert told(await bench.preview()) == [("a.test.raw", "NEW")]
    more = {"takes_outputs": True, "exclude": ("*.next.*",), "effective_from": LATE}
    await bench.expert.create_template(new_template("next", **more))
    assert sorted(told(await bench.preview(2))) == [("a.test.raw", "NEW"), ("made.test.raw", "NEW")]


async def test_a_run_is_also_what_the_mask_caught(bench: Bench) -> None:
    await bench.expert.create_template(new_template("runs", "r{run}.raw", effective_from=LATE))
    await bench.decided(old("r7.raw"), old("r8.raw"), old("rx.raw"))
    preview = await bench.preview(2, BackfillFilter(run_from=8))
    assert told(preview) == [("r8.raw", "NEW")]


async def test_what_a_mask_nearly_fits_is_told_apart_from_what_it_fits(bench: Bench) -> None:
    mask = "r{run:[0-9]*}.[!x]?w"
    await bench.expert.create_template(new_template("runs", mask, effective_from=LATE))
    names = ["r7.raw", "r7.xaw", "rx.raw", "r7.rawer", "r7..aw"]
    await bench.decided(*(old(name, n) for n, name in enumerate(names)))
    preview = await bench.preview(2)
    assert told(preview) == [
        (name, "NEW" if name in ("r7.raw", "r7..aw") else "NO_MATCH") for name in names
    ]
    assert (preview.counts.new, preview.counts.no_match) == (2, 3)
    assert all(row.reason for row in preview.rows if row.outcome == "NO_MATCH")


async def test_a_limit_takes_the_oldest_and_the_next_backfill_goes_on(bench: Bench) -> None:
    await bench.decided(*(old(f"run{n}.test.raw", n) for n in range(5)))
    first = await bench.preview(1, BackfillFilter(limit=3))
    assert (first.counts.new, first.counts.more) == (3, True)
    await bench.confirm(first)
    second = await bench.preview(1, BackfillFilter(limit=3))
    assert (second.counts.new, second.counts.there, second.counts.more) == (2, 3, False)
    await bench.confirm(second)
    await bench.carry_out()
    assert await bench.made_of() == [f"run{n}.test.raw" for n in range(5)]


async def test_what_another_version_took_is_new_unless_only_the_missing_is_asked_for(
    bench: Bench,
) -> None:
    await bench.expert.change_template(1, TemplateChange(effective_from=EARLY))
    await bench.decided(old("a.test.raw"), takes=(1,))
    await bench.decided(old("b.test.raw"))
    await bench.expert.change_template(1, TemplateChange(values={"cut": 5}))
    preview = await bench.preview(2)
    assert [(r.dataset, r.outcome, r.reason) for r in preview.rows] == [
        ("a.test.raw", "NEW", "version 1 made workflow 1 of it"),
        ("b.test.raw", "NEW", ""),
    ]
    missing = await bench.preview(2, BackfillFilter(missing_only=True))
    assert [(r.outcome, r.workflow_id) for r in missing.rows] == [("THERE", 1), ("NEW", None)]
    await bench.operator.rerun(1, RerunRequest(version="newest"))
    assert [r.outcome for r in (await bench.preview(2)).rows] == ["THERE", "NEW"]


async def test_what_was_skipped_is_taken_by_a_backfill(bench: Bench) -> None:
    entry = await entry_of(bench.service, 1)
    whole = batch([entry], [old("a.test.raw")])
    (decided,) = whole.decisions
    late = decided.matches[0].model_copy(update={"outcome": "SKIPPED", "reason": "too late"})
    skipped = decided.model_copy(update={"matches": (late,)})
    change = {"decisions": (skipped,), "workflows": ()}
    await bench.service.store_generated(whole.model_copy(update=change))
    await bench.confirm(await bench.preview())
    await bench.carry_out()
    explained = await bench.service.explain("uid-a.test.raw", 1)
    assert (explained.matched, explained.reason) == (True, "backfill 1 of somebody")


async def test_a_name_that_is_taken_is_a_conflict_in_the_preview(bench: Bench) -> None:
    await bench.decided(old("a.test.raw"))
    name = "a.test.raw.spd.decoding.v1"
    await bench.room.http(Role.OPERATOR).post("/dataset/create", json={"name": name})
    preview = await bench.preview()
    assert [(r.outcome, r.reason) for r in preview.rows] == [
        ("CONFLICT", f"dataset {name} is there already; it belongs to no workflow")
    ]


async def test_a_name_that_is_taken_after_the_confirmation_is_told_in_its_row(
    bench: Bench,
) -> None:
    await bench.decided(old("a.test.raw", 1), old("b.test.raw", 2))
    asked = await bench.confirm(await bench.preview())
    name = "a.test.raw.spd.decoding.v1"
    await bench.room.http(Role.OPERATOR).post("/dataset/create", json={"name": name})
    await bench.carry_out()
    rows = (await bench.operator.backfill_rows(asked.backfill_id)).items
    assert [row.outcome for row in rows] == ["CONFLICT", "MADE"]
    assert rows[0].reason.startswith(f"dataset {name} is there already")
    state = await bench.operator.backfill_state(asked.backfill_id)
    assert (state.pending, state.made, state.conflict) == (0, 1, 1)


async def test_a_backfill_leaves_live_data_first(bench: Bench) -> None:
    await bench.decided(old("old.test.raw", 1), old("newer.test.raw", 2))
    await bench.confirm(await bench.preview())
    await bench.carry_out()
    await bench.expert.change_template(1, TemplateChange(effective_from=EARLY))
    await bench.decided(old("live.test.raw", 3), takes=(1,))
    due = [
        (await bench.service.claim_tasks(ONE))[0].output.name.partition(".")[0] for _ in range(3)
    ]
    assert due == ["live", "newer", "old"]


async def test_only_the_actual_version_takes_old_data_and_only_an_operator_asks(
    bench: Bench,
) -> None:
    await bench.decided(old("a.test.raw"))
    preview = await bench.preview()
    await bench.expert.change_template(1, TemplateChange(status=TemplateStatus.ARCHIVED))
    with pytest.raises(Conflict, match="Template 1 is ARCHIVED"):
        await bench.preview()
    with pytest.raises(Conflict, match="Template 1 is ARCHIVED"):
        await bench.confirm(preview)
    with pytest.raises(Forbidden):
        await bench.room.client(Role.EXPERT).preview_backfill(1, ALL)
    with pytest.raises(NotFound):
        await bench.operator.backfill_state(99)


async def test_a_new_version_made_actual_leaves_old_datasets_alone(bench: Bench) -> None:
    await bench.expert.change_template(1, TemplateChange(effective_from=EARLY))
    await bench.decided(old("a.test.raw"), takes=(1,))
    await bench.expert.change_template(1, TemplateChange(values={"cut": 5}))
    await bench.carry_out()
    assert (await bench.made_of(1), await bench.made_of(2)) == (["a.test.raw"], [])
    await bench.confirm(await bench.preview(2))
    await bench.carry_out()
    assert (await bench.made_of(1), await bench.made_of(2)) == (["a.test.raw"], ["a.test.raw"])
