"""When tasks become due: a need is met by its dataset's state, and counted down in bulk.

Nobody polls: ``task.waiting`` is the number of unmet needs and gates, and what moves a dataset
moves it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import BigInteger, Boolean, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import chunks, upsert
from data_access.schema import UNMET, dataset, early_state, task_input
from data_access.skipping import skip_empty
from data_access.waiting import count_down
from penstock_core.among import among
from penstock_core.contracts.workflow import DatasetCopy
from penstock_core.states import DATASET_MOVES, DatasetState, may_move

EXISTS = frozenset({DatasetState.OPEN, DatasetState.CLOSED})


def is_met(until: str, state: DatasetState) -> bool:
    """Return whether a dataset in ``state`` is what a task waits for; a deleted one never is."""
    return state in EXISTS if until == "open" else state is DatasetState.CLOSED


async def copy_states(connection: AsyncConnection, copies: Iterable[DatasetCopy]) -> None:
    """Store what became of these datasets; of those not heard of yet it is kept for later."""
    unknown = await _copy_known(connection, {each.uid: each for each in copies})
    if unknown:
        await _keep_early(connection, unknown)
        # Whoever names one of them at this moment was waited for by the insertion.
        still = await _copy_known(connection, unknown)
        await early_states(connection, unknown.keys() - still.keys())


async def _copy_known(
    connection: AsyncConnection, copies: Mapping[str, DatasetCopy]
) -> dict[str, DatasetCopy]:
    """Move the datasets that are known; return what is told of the others."""
    known = await _known(connection, copies)
    moved = {
        number: copies[uid]
        for uid, (number, before) in known.items()
        if may_move(DATASET_MOVES, before, copies[uid].state) and _is_news(copies[uid], before)
    }
    await _write(connection, moved)
    return {uid: copy for uid, copy in copies.items() if uid not in known}


def _is_news(copy: DatasetCopy, before: DatasetState) -> bool:
    """Return whether a copy says more than that a dataset is as it was known to be."""
    return copy.state is not before or copy.files is not None or copy.incomplete is not None


async def early_states(connection: AsyncConnection, uids: Iterable[str]) -> dict[str, DatasetCopy]:
    """Return, and forget, what was told of datasets before they were heard of.

    Its own row first: on PostgreSQL that waits for whoever copies the same state at this moment.
    """
    wanted = set(uids)
    await _hold_early(connection, wanted)
    found: dict[str, DatasetCopy] = {}
    for some in chunks(wanted):
        gone = early_state.delete().where(among(early_state.c.uid, some)).returning(*early_state.c)
        for row in (await connection.execute(gone)).mappings():
            found[row["uid"]] = DatasetCopy(**row)
    return {uid: copy for uid, copy in found.items() if copy.state is not DatasetState.DEFINED}


async def open_states(connection: AsyncConnection, datasets: Mapping[int, str]) -> None:
    """Open datasets that have just got their uid, by their id; what came early counts after."""
    opened = {n: DatasetCopy(uid=uid, state=DatasetState.OPEN) for n, uid in datasets.items()}
    await _write(connection, opened)
    early = await early_states(connection, datasets.values())
    await copy_states(connection, early.values())


async def _write(connection: AsyncConnection, copies: Mapping[int, DatasetCopy]) -> None:
    """Write what is told, by dataset id, and do all that follows for tasks.

    The dataset's row is written first: on PostgreSQL that waits for whoever makes a task of it
    at this moment, whose needs are then seen.
    """
    if not copies:
        return
    told = {
        "files": func.coalesce(bindparam("told_files", type_=BigInteger), dataset.c.files),
        "incomplete": func.coalesce(bindparam("lacks", type_=Boolean), dataset.c.incomplete),
    }
    change = dataset.update().where(dataset.c.dataset_id == bindparam("number")).values(**told)
    rows = [
        {"number": n, "state": c.state, "told_files": c.files, "lacks": c.incomplete}
        for n, c in sorted(copies.items())
    ]
    await connection.execute(change.values(state=bindparam("state")), rows)
    for until in ("open", "closed"):
        await _meet(connection, until, [n for n, c in copies.items() if is_met(until, c.state)])
    await skip_empty(connection, [n for n, c in copies.items() if is_met("closed", c.state)])


async def _known(
    connection: AsyncConnection, uids: Iterable[str]
) -> dict[str, tuple[int, DatasetState]]:
    columns = (dataset.c.uid, dataset.c.dataset_id, dataset.c.state)
    known: dict[str, tuple[int, DatasetState]] = {}
    for some in chunks(set(uids)):
        query = select(*columns).where(among(dataset.c.uid, some)).order_by(dataset.c.dataset_id)
        for uid, number, state in await connection.execute(query.with_for_update()):
            known[uid] = (number, DatasetState(state))
    return known


async def _keep_early(connection: AsyncConnection, copies: Mapping[str, DatasetCopy]) -> None:
    rows = [
        copy.model_dump() | {"incomplete": bool(copy.incomplete)}
        for _, copy in sorted(copies.items())
    ]
    await upsert(connection, early_state, rows, ("uid",), ("state", "files", "incomplete"))


async def _hold_early(connection: AsyncConnection, uids: Iterable[str]) -> None:
    rows = [{"uid": uid, "state": DatasetState.DEFINED} for uid in sorted(uids)]
    if connection.dialect.name == "postgresql":
        await upsert(connection, early_state, rows, ("uid",))


async def _meet(connection: AsyncConnection, until: str, datasets: Iterable[int]) -> None:
    met: Counter[int] = Counter()
    for some in chunks(set(datasets)):
        change = (
            task_input.update()
            .where(among(task_input.c.dataset_id, some))
            .where(text(UNMET), task_input.c.until == until)
            .values(met=True)
            .returning(task_input.c.task_id)
        )
        met.update((await connection.execute(change)).scalars())
    await count_down(connection, met)
