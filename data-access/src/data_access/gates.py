"""Gates of tasks: which are unmet, and what follows when one is met.

data-access does not know other datasets than those that have a number, so somebody who asks the
storage manager tells which gates are met. Each counts in ``task.waiting`` like a need.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import chunks
from data_access.schema import UNMET, task_gate
from data_access.waiting import count_down
from penstock_core.contracts.dsm import Wanted

_G = task_gate.c
_KEY = (_G.namespace, _G.mask, _G.until)


async def unmet_gates(
    connection: AsyncConnection, after: Wanted | None, limit: int
) -> tuple[Wanted, ...]:
    """Return what tasks wait for, each once however many wait, in the order of its key."""
    query = select(*_KEY).where(text(UNMET)).distinct().order_by(*_KEY).limit(limit)
    if after is not None:
        query = query.where(tuple_(*_KEY) > tuple_(*map(literal, _key(after))))
    return tuple(Wanted(**row._mapping) for row in await connection.execute(query))


async def meet_gates(connection: AsyncConnection, met: Sequence[Wanted]) -> None:
    """Store that these datasets are there; tasks that wait for nothing else become due."""
    counts: Counter[int] = Counter()
    for some in chunks(sorted({_key(each) for each in met})):
        change = (
            task_gate.update()
            .where(text(UNMET), tuple_(*_KEY).in_(some))
            .values(met=True)
            .returning(_G.task_id)
        )
        counts.update((await connection.execute(change)).scalars())
    await count_down(connection, counts)


async def drop_gates(connection: AsyncConnection, tasks: Collection[int]) -> None:
    """Forget what tasks waited for that will never run."""
    for some in chunks(tasks):
        unmet = task_gate.delete().where(text(UNMET), _G.task_id.in_(some))
        await connection.execute(unmet)


def _key(wanted: Wanted) -> tuple[str, str, str]:
    return (wanted.namespace, wanted.mask, wanted.until)
