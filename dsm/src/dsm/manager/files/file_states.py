"""Files change their state: rows, the counts of their datasets and storages, and who is told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from dsm.manager import tables
from dsm.manager.files.counting import add_to_counts, count_stored
from dsm.manager.inspection.tables import TROUBLED, file_check
from dsm.manager.reading import file_of, rows_where, select_files
from dsm.manager.work import CHANGED, Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json
from penstock_core.contracts.inspection import FileEvent, Place
from penstock_core.eventlog import NewEvent
from penstock_core.states import FILE_MOVES, FileState, check_move

_TOPICS = {FileState.QUARANTINED: "file.quarantined", FileState.LOST: "file.lost"}
_COUNTS = {FileState.QUARANTINED: "quarantined", FileState.LOST: "lost"}
_COLUMNS = ("state", "due", "checked_at", "reason", "released_by", "removed_at")


@dataclass(frozen=True, slots=True)
class Change:
    """New values of a file's row, and the entry for its story, None for nothing to tell."""

    row: Row[Any]
    values: Json
    check: Json | None = field(default=None)

    @property
    def moves(self) -> bool:
        """Return whether the file comes to another state."""
        return bool(self.values.get("state", self.row.state) != self.row.state)


async def file_rows(work: Work, uids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return the rows of those of these files that there are, by uid."""
    rows = rows_where(work.connection, select(tables.file), tables.file.c.uid, uids)
    return {row.uid: row async for row in rows}


async def change_files(work: Work, changes: Sequence[Change]) -> None:
    """Store changes of files, each file at most once, and all that follows from them.

    Raises
    ------
    IllegalMove
        a file cannot come from its state to the new one.
    """
    if not changes:
        return
    await work.connection.execute(
        update(tables.file)
        .where(tables.file.c.id == bindparam("the_id"))
        .values({name: bindparam(f"new_{name}") for name in _COLUMNS}),
        [_row(change) for change in changes],
    )
    checks = [change.check for change in changes if change.check is not None]
    if checks:
        await insert_rows(work.connection, file_check, checks)
    moved = [change for change in changes if change.moves]
    for change in moved:
        what = f"File {change.row.name}"
        check_move(FILE_MOVES, FileState(change.row.state), change.values["state"], what)
    await count_stored(work, [_stored(change) for change in changes])
    told = {change.row.id: change for change in moved if _topic(change)}
    held = await _holders(work, told)
    await _count_in_datasets(work, held, told)
    await _tell(work, held, told)


def _row(change: Change) -> Json:
    values = {name: change.values.get(name, getattr(change.row, name)) for name in _COLUMNS}
    return {"the_id": change.row.id} | {f"new_{name}": values[name] for name in _COLUMNS}


def _stored(change: Change) -> tuple[int, int, int]:
    """Return by how much its storage holds more: of what is lost no bytes lie there."""
    before = {name: getattr(change.row, name) for name in ("state", "removed_at")}
    was, now = (
        one["state"] != FileState.LOST and one["removed_at"] is None
        for one in (before, before | change.values)
    )
    more = int(now) - int(was)
    return change.row.storage_id, more, more * change.row.size_bytes


async def _holders(work: Work, numbers: Iterable[int]) -> Sequence[Row[Any]]:
    """Return the attachments of these files, each with its dataset's number and uid."""
    columns = tables.attachment.c
    query = select(
        columns.file_id, columns.position, tables.dataset.c.id, tables.dataset.c.uid
    ).join(tables.dataset)
    return [row async for row in rows_where(work.connection, query, columns.file_id, numbers)]


async def _count_in_datasets(
    work: Work, held: Sequence[Row[Any]], told: Mapping[int, Change]
) -> None:
    """Count quarantined and lost files on the rows of the datasets that hold them."""
    added: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_COUNTS.values(), 0))
    for row in held:
        change = told[row.file_id]
        for state, by in ((change.row.state, -1), (change.values["state"], 1)):
            if state in TROUBLED:
                added[row.id][_COUNTS[FileState(state)]] += by
        work.tell(CHANGED, row.uid)
    await add_to_counts(work, tables.dataset, added)


async def _tell(work: Work, held: Sequence[Row[Any]], told: Mapping[int, Change]) -> None:
    """Tell which files came into quarantine, were lost, or came back from either."""
    places: dict[int, list[Place]] = defaultdict(list)
    for row in held:
        places[row.file_id].append(Place(dataset_uid=row.uid, position=row.position))
    async for row in rows_where(work.connection, select_files(), tables.file.c.id, told):
        event = FileEvent(**dict(file_of(row)), places=tuple(places[row.id]))
        body = event.model_dump(mode="json")
        work.tell_event(NewEvent(_topic(told[row.id]), row.uid, row.namespace, body))


def _topic(change: Change) -> str:
    after = FileState(change.values["state"])
    back = "file.released" if change.row.state in TROUBLED else ""
    return _TOPICS.get(after, "" if after is FileState.DELETED else back)
