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
from penstock_core.contracts.workflow import BackfillFilter, BackfillRequest, DatasetRef
from penstock_core.errors import Conflict, Stale
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
kills = st.lists(st.floats(0, 0.05), max_size=3)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=numbers, meanwhile=numbers, after=numbers, chosen=filters, killed_after_s=kills)
def test_what_was_confirmed_is_made_and_nothing_else(
    blank: Path,
    before: list[int],
    meanwhile: list[int],
    after: list[int],
    chosen: BackfillFilter,
    killed_after_s: list[float],
) -> None:
    async def live() -> None:
        with TemporaryDirectory() as folder:
            shutil.copytree(blank, folder, dirs_exist_ok=True)
            async with open_room(Path(folder)) as room:
                service, operator = room.client(Role.SERVICE), room.client(Role.OPERATOR)
                await room.client(Role.EXPERT).create_template(new_template(effective_from=LATE))
                for cursor, came in enumerate((before, meanwhile)):
                    seen = batch([], [dataset(n) for n in came], cursor, cursor + 1)
                    if cursor == 1:
                        preview = await operator.preview_backfill(1, chosen)
                    await service.store_generated(seen)
                promised = [r.dataset for r in preview.rows if r.outcome == "NEW"]
                now = await operator.preview_backfill(1, chosen)
                asked = BackfillRequest(filter=chosen, digest=preview.digest)
                try:
                    confirmed = await operator.backfill(1, asked)
                except Stale as stale:
                    assert stale.facts["counts"] == now.counts.model_dump()
                    assert [r.dataset for r in now.rows if r.outcome == "NEW"] != promised
                    promised = []
                except Conflict:
                    assert promised == []
                else:
                    assert confirmed.counts.new == len(promised)
                late = [dataset(n) for n in after]
                await service.store_generated(batch([], late, 2, 3))
                await carry_out(room.house.settings.database("data-access"))
                made = [w.dataset for w in (await service.workflows(limit=1000)).items]
                assert made == promised

    async def carry_out(url: str) -> None:
        store = Store(url)
        for seconds in killed_after_s:
            underway = asyncio.create_task(execute(store))
            await asyncio.sleep(seconds)
            underway.cancel()
            await asyncio.gather(underway, return_exceptions=True)
        while await execute(store):
            pass
        await store.close()

    asyncio.run(live())
