"""Integer ids without holes: counters in rows, moved in the transaction that uses them.

A database sequence leaves a hole for each transaction that is rolled back; SPD's table has none.
"""

from typing import Self

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import counter

CATALOGUE = "catalogue"
NAMES = (CATALOGUE, "dataset", "task", "template", "workflow")


class Counters:
    """The counters, locked until the transaction ends: makers of ids pass one after another.

    Whoever holds them sees all names and ids that were made before.
    """

    def __init__(self, values: dict[str, int]) -> None:
        self._before = values
        self._values = dict(values)

    @classmethod
    async def lock(cls, connection: AsyncConnection) -> Self:
        """Return the counters, locked."""
        query = select(counter.c.name, counter.c.value).order_by(counter.c.name).with_for_update()
        return cls(dict((await connection.execute(query)).tuples().all()))

    def next(self, name: str) -> int:
        """Return the next id of this kind."""
        self._values[name] += 1
        return self._values[name]

    def peek(self, name: str) -> int:
        """Return the id that comes next, without taking it."""
        return self._values[name] + 1

    async def store(self, connection: AsyncConnection) -> None:
        """Write the counters that moved."""
        moved = [
            {"which": name, "value": value}
            for name, value in self._values.items()
            if value != self._before[name]
        ]
        if moved:
            await connection.execute(
                counter.update().where(counter.c.name == bindparam("which")), moved
            )
