"""Merges in groups, in the store: which files are in none yet, and which are those of a job."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pilot.contents import of_link
from pilot.grouping import NOTHING, Piece, Stretch, group
from pilot.tables import dataset, file
from recipe.model import Group, Step, Trigger


@dataclass(frozen=True, slots=True)
class NewGroups:
    """Groups to make jobs of, up to which place they reach, and whether there will be no more."""

    stretches: tuple[Stretch, ...]
    formed_to: int
    complete: bool


def place_of(step: Step) -> ColumnElement[int]:
    """Return by what the files of a step are put in order, and so in groups.

    While more files come it is the order of registration, which never changes. Of a closed dataset
    it is the index: the same files make the same groups, in whatever order they came.
    """
    return file.c.position if step.trigger is Trigger.OPEN else file.c.index


async def new_groups(
    connection: AsyncConnection, step: Step, rule: Group, uid: str, formed_to: int, now: float
) -> NewGroups:
    """Return the groups that can be made now of dataset ``uid``, beyond those up to ``formed_to``.

    A merge that gathers nothing has one group of nothing, unless the masked dataset is empty.
    """
    [link] = step.links
    closed = bool(await connection.scalar(select(dataset.c.closed).where(dataset.c.uid == uid)))
    is_open = step.trigger is Trigger.OPEN
    if not (closed or is_open):
        return NewGroups((), formed_to, complete=False)
    place = place_of(step)
    query = select(place, file.c.size_bytes, file.c.seen_at).where(of_link(uid, link))
    query = query.where(file.c.usable).order_by(place)
    if is_open:
        query = query.where(place > formed_to)
    pieces = [Piece(*row) for row in await connection.execute(query)]
    stretches = group(rule, pieces, closed=closed, now=now)
    if closed and not stretches and not formed_to and link.step != "":
        stretches = (NOTHING,)
    last = stretches[-1].last if stretches and is_open else formed_to
    return NewGroups(stretches, last, complete=closed)
