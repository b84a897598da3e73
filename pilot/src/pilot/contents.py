"""What the input datasets of live tasks hold, read once for all tasks and kept until they end."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.clients.dsm import DsmClient
from penstock_core.clock import now
from penstock_core.contracts.dsm import ContentFile, Contents, ReadTo
from penstock_core.errors import NotFound
from penstock_core.states import FINAL_TASKS
from penstock_core.store import Store
from penstock_core.stretches import stretches
from pilot.beside import own_name
from pilot.tables import dataset, file, task, task_input
from recipe.model import Link

PAGE = 1000
_AT_ONCE = 8
_ASKED = 10_000
"""How many datasets one question is about."""


class ContentsReader:
    """Follows each dataset that a live task waits for with a cursor in its contents."""

    def __init__(self, store: Store, dsm: DsmClient) -> None:
        self._store = store
        self._dsm = dsm

    async def read(self) -> bool:
        """Read a page of each open dataset that has news; return whether there may be more.

        One question finds those, however many datasets are open.
        """
        async with self._store.read() as connection:
            cursors = await _awaited(connection)
        changed, gone = await self._news(cursors)
        gate = asyncio.Semaphore(_AT_ONCE)
        answers = await asyncio.gather(*(self._page(gate, uid, cursors[uid]) for uid in changed))
        pages = [page for page in answers if isinstance(page, Contents)]
        news = [page for page in pages if page.cursor > cursors[page.uid] or _is_whole(page)]
        gone += [uid for uid in answers if isinstance(uid, str)]
        if news or gone:
            async with self._store.write() as connection:
                for page in news:
                    await _keep(connection, page, cursors[page.uid])
                await _give_up(connection, gone)
        return any(len(page.files) == PAGE for page in pages)

    async def _news(self, cursors: Mapping[str, int]) -> tuple[list[str], list[str]]:
        """Return the datasets that hold more than was read, or are closed, and those not there."""
        changed: list[str] = []
        gone: list[str] = []
        for some in stretches(cursors, _ASKED):
            read = [ReadTo(uid=uid, cursor=cursors[uid]) for uid in some]
            found = await self._dsm.contents_news(read)
            changed += found.changed
            gone += found.gone
        return changed, gone

    async def _page(self, gate: asyncio.Semaphore, uid: str, cursor: int) -> Contents | str:
        """Return what comes after ``cursor``; the uid itself of a dataset that is gone."""
        async with gate:
            try:
                return await self._dsm.contents(uid, cursor, PAGE)
            except NotFound:
                return uid


def _is_whole(page: Contents) -> bool:
    """Return whether nothing comes after this page: a full one may have a successor."""
    return page.closed and len(page.files) < PAGE


async def _awaited(connection: AsyncConnection) -> dict[str, int]:
    """Return the cursors of the datasets that live tasks read and that may get more files."""
    live = exists().where(task_input.c.dataset_uid == dataset.c.uid, _is_read())
    query = select(dataset.c.uid, dataset.c.cursor).where(dataset.c.closed.is_(False), live)
    return dict((await connection.execute(query)).tuples().all())


def _is_read() -> ColumnElement[bool]:
    return and_(task.c.id == task_input.c.task_id, task.c.state.not_in(FINAL_TASKS))


async def _keep(connection: AsyncConnection, page: Contents, cursor: int) -> None:
    """Store a page; a second reader of the same page finds the cursor moved, and stores nothing."""
    values = {
        "cursor": page.cursor,
        "closed": _is_whole(page),
        "incomplete": page.incomplete,
    }
    here = and_(dataset.c.uid == page.uid, dataset.c.cursor == cursor)
    moved = await connection.execute(update(dataset).where(here).values(**values))
    if moved.rowcount and page.files:
        await connection.execute(file.insert(), [_row(page.uid, one) for one in page.files])


def _row(uid: str, one: ContentFile) -> dict[str, object]:
    return {
        "dataset_uid": uid,
        "position": one.position,
        "port": one.port,
        "index": one.index,
        "part": one.part,
        "usable": one.usable,
        "size_bytes": one.size_bytes,
        "seen_at": now().timestamp(),
        "own_name": own_name(one),
        "body": one.model_dump(mode="json"),
    }


async def _give_up(connection: AsyncConnection, gone: Sequence[str]) -> None:
    """Let the tasks that wait for a dataset that is gone have no further jobs."""
    for uid in gone:
        readers = select(task_input.c.task_id).where(task_input.c.dataset_uid == uid)
        here = and_(task.c.id.in_(readers), task.c.complete.is_(False))
        reason = f"There is no dataset {uid}: its input is gone."
        values = {"complete": True, "changed": True, "reason": reason}
        await connection.execute(update(task).where(here).values(**values))


async def watch(
    connection: AsyncConnection, task_id: int, inputs: Iterable[tuple[str, str]]
) -> None:
    """Have the datasets of a new task read: ``inputs`` are pairs of step and dataset's uid."""
    for step, uid in inputs:
        new = insert(dataset).values(uid=uid, cursor=0, closed=False).on_conflict_do_nothing()
        await connection.execute(new)
        row = {"task_id": task_id, "step": step, "dataset_uid": uid}
        await connection.execute(task_input.insert().values(**row))


async def forget(connection: AsyncConnection) -> None:
    """Drop the files of datasets that no live task reads; a later task reads them anew."""
    live = exists().where(task_input.c.dataset_uid == dataset.c.uid, _is_read())
    kept = select(dataset.c.uid).where(live)
    unread = and_(dataset.c.uid.not_in(kept), dataset.c.cursor > 0)
    stale = list(await connection.scalars(select(dataset.c.uid).where(unread)))
    if stale:
        await connection.execute(delete(file).where(file.c.dataset_uid.in_(stale)))
        again = update(dataset).where(dataset.c.uid.in_(stale)).values(cursor=0, closed=False)
        await connection.execute(again)


def of_link(uid: str, link: Link) -> ColumnElement[bool]:
    """Return the condition for the files that ``link`` takes from its dataset, if usable."""
    held = file.c.dataset_uid == uid
    return and_(held, file.c.port == link.port) if link.step and link.port else held


async def uids_of(connection: AsyncConnection, task_id: int) -> dict[str, str]:
    """Return the dataset of each step that a task reads."""
    query = select(task_input).where(task_input.c.task_id == task_id)
    return {row.step: row.dataset_uid for row in await connection.execute(query)}
