"""Input files that must not be used: told to the storage manager, and heard of from it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.clients.dsm import DsmClient
from penstock_core.contracts.inspection import FileEvent, Place, Verdict
from penstock_core.errors import NotFound, RetriableError
from penstock_core.states import FileState
from penstock_core.store import Store
from pilot.model import BadInput, UnusableInput
from pilot.tables import dataset, file, setting

TOPICS = ("file.quarantined", "file.lost", "file.released")
PAGE = 500
_CURSOR = "file events"
_UNUSABLE = (FileState.QUARANTINED, FileState.LOST, FileState.DELETED)


class InputJudged(RetriableError):
    """One of many inputs went into quarantine: the job is tried again without it."""


class BadInputs:
    """Tells of wrong bytes, and follows which files came into quarantine and out of it."""

    def __init__(self, store: Store, dsm: DsmClient) -> None:
        self._store = store
        self._dsm = dsm

    async def tell(self, bad: BadInput) -> None:
        """Tell the storage manager of an input that is not what was registered.

        Raises
        ------
        UnusableInput
            it was the input of the job, which is not to be run.
        InputJudged
            the job can do without it.
        """
        await self._dsm.tell_verdicts([bad.verdict])
        if bad.verdict.verdict is not Verdict.DIFFERS:
            return
        if bad.is_one_of_many:
            raise InputJudged(bad.message) from bad
        raise UnusableInput(f"Its input is quarantined. {bad.message}") from bad

    async def follow(self) -> None:
        """Note which files may be used since the last look.

        Contents are read before, by the same loop: what was read as usable and is judged
        meanwhile is told by an event that comes after.
        """
        async with self._store.read() as connection:
            query = select(setting.c.value).where(setting.c.name == _CURSOR)
            cursor = await connection.scalar(query) or 0
        page = await self._dsm.events(cursor, PAGE, TOPICS)
        if page.cursor != cursor:
            told = [FileEvent.model_validate(event.body) for event in page.events]
            lacking = await self._lacking({place.dataset_uid for t in told for place in t.places})
            async with self._store.write() as connection:
                await _note(connection, page.cursor, told, lacking)

    async def _lacking(self, uids: set[str]) -> dict[str, bool]:
        """Return of the datasets that were read whether they are incomplete, as it is now.

        What was said with their last page may have been said before the file was judged.
        """
        async with self._store.read() as connection:
            query = select(dataset.c.uid, dataset.c.cursor).where(dataset.c.uid.in_(uids))
            read = (await connection.execute(query)).tuples().all()
        found = {}
        for uid, cursor in read:
            with suppress(NotFound):
                found[uid] = (await self._dsm.contents(uid, cursor, 1)).incomplete
        return found


async def _note(
    connection: AsyncConnection,
    cursor: int,
    judged: Sequence[FileEvent],
    lacking: Mapping[str, bool],
) -> None:
    for told in judged:
        for place in told.places:
            await _mark(connection, told, place)
    for uid, incomplete in lacking.items():
        here = dataset.c.uid == uid
        await connection.execute(update(dataset).where(here).values(incomplete=incomplete))
    row = insert(setting).values(name=_CURSOR, value=cursor)
    await connection.execute(row.on_conflict_do_update(["name"], set_={"value": cursor}))


async def _mark(connection: AsyncConnection, told: FileEvent, place: Place) -> None:
    here = (file.c.dataset_uid == place.dataset_uid) & (file.c.position == place.position)
    body = await connection.scalar(select(file.c.body).where(here))
    if body is not None:
        usable = told.state not in _UNUSABLE
        news = {"usable": usable, "state": told.state, "reason": told.reason}
        await connection.execute(update(file).where(here).values(usable=usable, body=body | news))
