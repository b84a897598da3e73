"""The law: what a backfill makes is what its preview said, whatever happens in between."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data_access.room import LATE, batch, new_template, open_room, ref

from data_access.backfills import execute
from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import (
    Backfill,
    BackfillFilter,
    BackfillPreview,
    BackfillRequest,
    DatasetRef,
)
from penstock_core.errors import Conflict, PenstockError, Stale
from penstock_core.rights import Role
from penstock_core.store import Store

JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def dataset(number: int) -> DatasetRef:
    """Return a dataset: of every four one fits no mask, and one is a tester's."""
    name = f"run{number}.{'other' if number % 4 == 3 else 'test'}.raw"
    more = {
        "registered_at": JUNE + timedelta(days=number % 5),
        "namespace": "tester" if number % 4 == 1 else "default",
        "metadata": {"run": number},
    }
    return ref(name).model_copy(update=more)


numbers = st.lists(st.integers(0, 20), max_size=12, unique=True)
filters = st.builds(
    BackfillFilter,
    name=st.sampled_from(["", "run1*", "*.test.*"]),
    namespace=st.sampled_from(["", "default"]),
    run_from=st.none() | st.integers(0, 10),
    run_until=st.none() | st.integers(5, 20),
    registered_from=st.none() | st.just(JUNE + timedelta(days=2)),
    limit=st.sampled_from([1, 3, 1000]),
)
batches = st.lists(st.integers(1, 3), max_size=4)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=numbers, meanwhile=numbers, after=numbers, chosen=filters, stopped_after=batches)
def test_what_was_confirmed_is_made_and_nothing_else(
    blank: Path,
    before: list[int],
    meanwhile: list[int],
    after: list[int],
    chosen: BackfillFilter,
    stopped_after: list[int],
) -> None:
    async def live() -> None:
        with TemporaryDirectory() as folder:
            shutil.copytree(blank, folder, dirs_exist_ok=True)
            async with open_room(Path(folder)) as room:
                service, operator = room.client(Role.SERVICE), room.client(Role.OPERATOR)
                await room.client(Role.EXPERT).create_template(new_template(effective_from=LATE))
                await tell(service, before, 0)
                preview = await operator.preview_backfill(1, chosen)
                await tell(service, meanwhile, 1)
                now = await operator.preview_backfill(1, chosen)
                answer = await confirm(operator, preview)
                await tell(service, after, 2)
                await carry_out(room.house.settings.database("data-access"), stopped_after)
                made = [w.dataset for w in (await service.workflows(limit=1000)).items]
        check(preview, now, answer, made)

    asyncio.run(live())


async def tell(service: DataAccessClient, came: list[int], cursor: int) -> None:
    await service.store_generated(batch([], [dataset(n) for n in came], cursor, cursor + 1))


async def confirm(operator: DataAccessClient, preview: BackfillPreview) -> Backfill | PenstockError:
    try:
        asked = BackfillRequest(filter=preview.filter, digest=preview.digest)
        return await operator.backfill(preview.template_id, asked)
    except Conflict as refused:
        return refused


async def carry_out(url: str, stopped_after: list[int]) -> None:
    """Carry out what is pending, by one process after another, each ended after so many rows."""
    for rows in (*stopped_after, 100):
        store = Store(url)
        await execute(store, rows)
        await store.close()


def check(
    preview: BackfillPreview,
    now: BackfillPreview,
    answer: Backfill | PenstockError,
    made: list[str],
) -> None:
    if isinstance(answer, Stale):
        assert new_rows(now) != new_rows(preview)
        assert answer.facts["counts"] == now.counts.model_dump()
        assert made == []
    elif isinstance(answer, Backfill):
        assert new_rows(now) == new_rows(preview)
        assert (made, answer.counts.new) == (new_rows(preview), len(made))
    else:
        assert (new_rows(preview), made) == ([], [])


def new_rows(preview: BackfillPreview) -> list[str]:
    return [row.dataset for row in preview.rows if row.outcome == "NEW"]
