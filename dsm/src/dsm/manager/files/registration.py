"""Registering files: what is new, what was told before, and what contradicts it.

A unit (one message, one manifest) is registered all or nothing. A file told twice with the same
size and checksum changes nothing; with others it is a ``Duplicate``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from dsm.manager import tables
from dsm.manager.closing.following import DELTA
from dsm.manager.closing.late import lead_on
from dsm.manager.files.attaching import Attachment, attach
from dsm.manager.files.counting import count_stored
from dsm.manager.files.units import NewFile, Part, Registered, Unit
from dsm.manager.reading import rows_where
from dsm.manager.work import Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json
from penstock_core.errors import Conflict, Duplicate, PenstockError
from penstock_core.states import DatasetState, FileState


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    size_bytes: int
    checksum: str
    deleted: bool = False


async def register(work: Work, units: Sequence[Unit]) -> list[Registered | PenstockError]:
    """Register and attach the files of ``units``; return what became of each, in their order.

    The rows of their datasets must have been read in this transaction.
    """
    known = await _known_files(work, units)
    led = await lead_on(work, units, {uid: file.id for uid, file in known.items()})
    book = _Book(known, await work.number(tables.file), work.at)
    answers = [book.enter(unit) for unit in led]
    if book.rows:
        await insert_rows(work.connection, tables.file, book.rows)
        await count_stored(work, [(r["storage_id"], 1, r["size_bytes"]) for r in book.rows])
    await attach(work, book.attachments)
    return answers


async def _known_files(work: Work, units: Iterable[Unit]) -> dict[str, _Known]:
    parts = [part for unit in units for part in unit.parts]
    uids = [uid for part in parts for uid in part.uids]
    columns = tables.file.c
    query = select(columns.uid, columns.id, columns.size_bytes, columns.checksum, columns.state)
    rows = rows_where(work.connection, query, columns.uid, uids)
    return {
        row.uid: _Known(row.id, row.size_bytes, row.checksum, row.state == FileState.DELETED)
        async for row in rows
    }


class _Book:
    """The files known so far, and what a transaction is to add."""

    def __init__(self, known: dict[str, _Known], next_id: int, at: str) -> None:
        self._known = known
        self._next_id = next_id
        self._at = at
        self.rows: list[Json] = []
        self.attachments: list[Attachment] = []

    def enter(self, unit: Unit) -> Registered | PenstockError:
        """Take all of ``unit``, or nothing of it and say why."""
        told: dict[str, tuple[int, str]] = {}
        for part in unit.parts:
            if error := self._refuses(part, unit.always, told):
                return error
        late = sum(self._enter_part(part, unit.producer) for part in unit.parts)
        into = tuple(p.dataset for p in unit.parts if p.dataset.state == DatasetState.OPEN)
        return Registered(sum(len(part.files) for part in unit.parts), late, into)

    def _refuses(
        self, part: Part, always: bool, told: dict[str, tuple[int, str]]
    ) -> PenstockError | None:
        """Return why ``part`` cannot be; ``told`` gathers size and checksum of its unit's files."""
        if part.dataset.state != DatasetState.OPEN and not always:
            return not_open(part.dataset)
        for uid, file in zip(part.uids, part.files, strict=True):
            before = self._known.get(uid)
            kept = (before.size_bytes, before.checksum) if before else told.get(uid)
            if kept is not None and kept != (file.size_bytes, file.checksum):
                return _differs(file, *kept)
            if before is not None and before.deleted and not always:
                return _deleted(file)
            told[uid] = (file.size_bytes, file.checksum)
        return None

    def _enter_part(self, part: Part, producer: str) -> int:
        """Take the files of ``part``; return how many of them came late."""
        ids = [
            self._enter_file(part.dataset, file, uid)
            for uid, file in zip(part.uids, part.files, strict=True)
        ]
        if part.dataset.state != DatasetState.OPEN:
            return 0 if part.told_before else len(ids)
        gone = [self._known[uid].deleted for uid in part.uids]
        self.attachments += [
            Attachment(
                part.dataset,
                file_id,
                file.port,
                file.part,
                file.index,
                file.basename,
                producer,
                file.size_bytes,
            )
            for file_id, file, deleted in zip(ids, part.files, gone, strict=True)
            if not deleted
        ]
        return len(ids) if part.dataset.series == DELTA else sum(gone)

    def _enter_file(self, dataset: Row[Any], file: NewFile, uid: str) -> int:
        if known := self._known.get(uid):
            return known.id
        self._known[uid] = _Known(self._next_id, file.size_bytes, file.checksum)
        self.rows.append(self._row(dataset, file, uid))
        self._next_id += 1
        return self._next_id - 1

    def _row(self, dataset: Row[Any], file: NewFile, uid: str) -> Json:
        return {
            "id": self._next_id,
            "uid": uid,
            "namespace": dataset.namespace,
            "scope": dataset.scope,
            "name": file.name,
            "state": FileState.REGISTERED,
            "storage_id": file.storage_id,
            "path": file.path,
            "size_bytes": file.size_bytes,
            "checksum": file.checksum,
            "metadata": file.metadata,
            "registered_at": self._at,
            "due": self._at,
        }


def not_open(dataset: Row[Any]) -> Conflict:
    """Return the error for files, or an end, that come to a dataset which takes no more."""
    return Conflict(
        f"The dataset {dataset.name!r} is {dataset.state}; nothing was attached.",
        hint="Send the files to a dataset that is OPEN; a closed one never opens again.",
        facts={"uid": dataset.uid, "state": dataset.state},
    )


def _deleted(file: NewFile) -> Conflict:
    return Conflict(
        f"The file {file.name!r} is deleted; nothing was attached.",
        hint="A deleted file never comes back: give the new one another name.",
        facts={"name": file.name},
    )


def _differs(file: NewFile, size_bytes: int, checksum: str) -> Duplicate:
    return Duplicate(
        f"The file {file.name!r} is there already with {size_bytes} bytes and checksum {checksum}; "
        f"now it is told to have {file.size_bytes} bytes and checksum {file.checksum}.",
        hint="Give different contents a different name.",
        facts={"name": file.name, "registered": checksum, "told": file.checksum},
    )
