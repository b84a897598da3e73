"""Making the jobs of live tasks as their inputs arrive."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.clock import now
from penstock_core.errors import InvalidInput, NotFound
from penstock_core.states import FINAL_TASKS
from penstock_core.store import Store
from pilot import jobs
from pilot.beside import primary
from pilot.contents import of_link, uids_of
from pilot.forming import Known, form
from pilot.groups import new_groups
from pilot.recipes import RecipeShelf
from pilot.tables import dataset, file, task, task_input
from recipe.model import Group, Link, Step

log = logging.getLogger(__name__)


class Former:
    """Looks at each task that may get further jobs, and makes those that it may have now."""

    def __init__(self, store: Store, recipes: RecipeShelf) -> None:
        self._store = store
        self._recipes = recipes
        self._looked_at: set[int] = set()

    async def form_all(self) -> bool:
        """Form what can be formed; return whether any task got further. A reconciler's work."""
        async with self._store.read() as connection:
            growing = await _growing(connection)
        self._looked_at &= growing.keys()
        further = False
        for task_id, news in growing.items():
            if news or task_id not in self._looked_at:
                further |= await self._form_one(task_id)
                self._looked_at.add(task_id)
        return further

    async def _form_one(self, task_id: int) -> bool:
        async with self._store.read() as connection:
            row = (await connection.execute(select(task).where(task.c.id == task_id))).one()
        return await self._form(row)

    async def _form(self, row: Row[Any]) -> bool:
        try:
            recipe = await self._recipes.recipe(row.spec["recipe_digest"])
            step = recipe.step(row.spec["step"])
        except (NotFound, InvalidInput) as error:
            return await self._break(row, f"Its recipe cannot be had: {error}")
        except KeyError:
            return await self._break(row, f"Its recipe has no step {row.spec['step']!r}.")
        async with self._store.read() as connection:
            uids = await uids_of(connection, row.id)
        missing = {link.step for link in step.links} - uids.keys()
        if missing:
            names = ", ".join(repr(name) for name in sorted(missing))
            return await self._break(row, f"It was submitted without the inputs of steps {names}.")
        if step.group is not None:
            return await self._form_groups(row, step, step.group, uids[step.links[0].step])
        async with self._store.read() as connection:
            known, newest = await _known(connection, step, uids, row.formed_to)
        formed = form(step, known)
        if not formed.indexes and not formed.complete:
            return False
        async with self._store.write() as connection:
            values = {"formed_to": newest, "complete": formed.complete, "changed": True}
            if await _change(connection, row.id, values):
                await jobs.add(connection, row.id, formed.indexes)
        return True

    async def _form_groups(self, row: Row[Any], step: Step, rule: Group, uid: str) -> bool:
        """Make the jobs of the groups that are whole; what is left over waits for the next look."""
        moment = now().timestamp()
        async with self._store.read() as connection:
            new = await new_groups(connection, step, rule, uid, row.formed_to, moment)
        if not new.stretches and not new.complete:
            return False
        async with self._store.write() as connection:
            values = {"formed_to": new.formed_to, "complete": new.complete, "changed": True}
            if await _change(connection, row.id, values):
                await jobs.add_groups(connection, row.id, new.stretches)
        return True

    async def _break(self, row: Row[Any], reason: str) -> bool:
        """Let a task fail that can have no jobs."""
        log.error("Task %s fails: %s", row.name, reason)
        values = {"complete": True, "changed": True, "reason": reason}
        async with self._store.write() as connection:
            await _change(connection, row.id, values)
        return True


async def _growing(connection: AsyncConnection) -> dict[int, bool]:
    """Return the tasks that may get further jobs, each with whether its inputs tell anything new.

    Where there is one input, it does not while the task is formed up to where it was read.
    """
    inputs = select(task_input.c.task_id, dataset.c.cursor, dataset.c.closed).join(dataset)
    of = inputs.subquery()
    news = or_(func.count() != 1, func.max(of.c.cursor) > task.c.formed_to, func.max(of.c.closed))
    query = (
        select(task.c.id, news)
        .outerjoin(of, of.c.task_id == task.c.id)
        .where(task.c.complete.is_(False), task.c.state.not_in(FINAL_TASKS))
        .group_by(task.c.id)
        .order_by(task.c.id)
    )
    return {task_id: bool(new) for task_id, new in await connection.execute(query)}


async def _change(connection: AsyncConnection, task_id: int, values: Mapping[str, Any]) -> bool:
    """Change a task that may get jobs still; return whether it may: a cancelled one may not."""
    here = (task.c.id == task_id) & task.c.complete.is_(False)
    return (await connection.execute(update(task).where(here).values(**values))).rowcount == 1


async def _known(
    connection: AsyncConnection, step: Step, uids: Mapping[str, str], formed_to: int
) -> tuple[Known, int]:
    """Return what a step's inputs hold, and the cursor up to which one scattered input was read.

    With one scattered input its files are asked for from the cursor on; several are zipped, and
    a file may wait for its partner, so then all are.
    """
    links = [link for link in step.links if link.step in uids]
    one = [link for link in links if link.take == "each"]
    after = formed_to if len(one) == 1 else 0
    indexes = {link.key: await _indexes(connection, uids, link, after) for link in links}
    query = select(dataset.c.uid).where(dataset.c.uid.in_(uids.values()), dataset.c.closed)
    closed = set(await connection.scalars(query))
    newest = await _newest(connection, uids[one[0].step]) if one else 0
    keys = frozenset(link.key for link in links if uids[link.step] in closed)
    return Known(indexes=indexes, closed=keys), newest


async def _indexes(
    connection: AsyncConnection, uids: Mapping[str, str], link: Link, after: int
) -> frozenset[int]:
    taken = of_link(uids[link.step], link)
    if link.beside:
        query = select(file.c.own_name, file.c.index).where(taken, file.c.usable)
        named = (await connection.execute(query)).tuples().all()
        first = primary({name for name, _ in named}, link.beside)
        return frozenset(index for name, index in named if name in first)
    if link.take == "each":
        taken = taken & (file.c.position > after)
    query = select(file.c.index).where(taken, file.c.usable).distinct()
    return frozenset(await connection.scalars(query))


async def _newest(connection: AsyncConnection, uid: str) -> int:
    query = select(func.max(file.c.position)).where(file.c.dataset_uid == uid)
    return await connection.scalar(query) or 0
