"""When tasks become due: a need is met by its dataset's state, and counted down in bulk.

Nobody polls: ``task.waiting`` is the number of unmet needs, and what moves a dataset moves it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import chunks, insert_into
from data_access.schema import UNMET, dataset, early_state, task, task_input
from penstock_core.states import DATASET_MOVES, DatasetState, may_move

EXISTS = frozenset({DatasetState.OPEN, DatasetState.CLOSED})


def is_met(until: str, state: DatasetState) -> bool:
    """Return whether a dataset in ``state`` is what a task waits for; a deleted one never is."""
    return state in EXISTS if until == "open" else state is DatasetState.CLOSED


async def copy_states(connection: AsyncConnection, states: Mapping[str, DatasetState]) -> None:
    """Store the states of these datasets, by uid; those not heard of yet are kept for later."""
    unknown = await _copy_known(connection, states)
    if unknown:
        await _keep_early(connection, unknown)
        # Whoever names one of them at this moment was waited for by the insertion.
        still = await _copy_known(connection, unknown)
        await early_states(connection, unknown.keys() - still.keys())


async def _copy_known(
    connection: AsyncConnection, states: Mapping[str, DatasetState]
) -> dict[str, DatasetState]:
    """Move the datasets that are known; return the states of the others."""
    known = await _known(connection, states)
    moved = {
        number: states[uid]
        for uid, (number, before) in known.items()
        if before != states[uid] and may_move(DATASET_MOVES, before, states[uid])
    }
    await move_datasets(connection, moved)
    return {uid: state for uid, state in states.items() if uid not in known}


async def early_states(connection: AsyncConnection, uids: Iterable[str]) -> dict[str, DatasetState]:
    """Return, and forget, the states that came before the datasets themselves.

    Its own row first: on PostgreSQL that waits for whoever copies the same state at this moment.
    """
    wanted = set(uids)
    await _hold_early(connection, wanted)
    found: dict[str, DatasetState] = {}
    for some in chunks(wanted):
        gone = early_state.delete().where(early_state.c.uid.in_(some))
        rows = await connection.execute(gone.returning(early_state.c.uid, early_state.c.state))
        found |= {uid: DatasetState(state) for uid, state in rows}
    return {uid: state for uid, state in found.items() if state is not DatasetState.DEFINED}


async def move_datasets(connection: AsyncConnection, states: Mapping[int, DatasetState]) -> None:
    """Write these states, by dataset id, and count down the needs that they meet.

    The dataset's row is written first: on PostgreSQL that waits for whoever makes a task of it
    at this moment, whose needs are then seen.
    """
    if not states:
        return
    rows = [{"number": number, "state": state} for number, state in sorted(states.items())]
    change = dataset.update().where(dataset.c.dataset_id == bindparam("number"))
    await connection.execute(change, rows)
    for until in ("open", "closed"):
        await _meet(connection, until, [n for n, s in states.items() if is_met(until, s)])


async def _known(
    connection: AsyncConnection, uids: Iterable[str]
) -> dict[str, tuple[int, DatasetState]]:
    columns = (dataset.c.uid, dataset.c.dataset_id, dataset.c.state)
    known: dict[str, tuple[int, DatasetState]] = {}
    for some in chunks(set(uids)):
        query = select(*columns).where(dataset.c.uid.in_(some)).order_by(dataset.c.dataset_id)
        for uid, number, state in await connection.execute(query.with_for_update()):
            known[uid] = (number, DatasetState(state))
    return known


async def _keep_early(connection: AsyncConnection, states: Mapping[str, DatasetState]) -> None:
    if not states:
        return
    change = insert_into(connection, early_state)
    change = change.on_conflict_do_update(
        index_elements=["uid"], set_={"state": change.excluded.state}
    )
    rows = [{"uid": uid, "state": state} for uid, state in sorted(states.items())]
    await connection.execute(change, rows)


async def _hold_early(connection: AsyncConnection, uids: Iterable[str]) -> None:
    rows = [{"uid": uid, "state": DatasetState.DEFINED} for uid in sorted(uids)]
    if rows and connection.dialect.name == "postgresql":
        await connection.execute(
            insert_into(connection, early_state).on_conflict_do_nothing(), rows
        )


async def _meet(connection: AsyncConnection, until: str, datasets: Iterable[int]) -> None:
    met: Counter[int] = Counter()
    for some in chunks(set(datasets)):
        change = (
            task_input.update()
            .where(task_input.c.dataset_id.in_(some))
            .where(text(UNMET), task_input.c.until == until)
            .values(met=True)
            .returning(task_input.c.task_id)
        )
        met.update((await connection.execute(change)).scalars())
    if met:
        fewer = task.c.waiting - bindparam("met")
        this = task.c.task_id == bindparam("number")
        rows = [{"number": number, "met": n} for number, n in sorted(met.items())]
        await connection.execute(task.update().where(this).values(waiting=fewer), rows)
