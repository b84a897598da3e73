"""Storages: where the bytes of files are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from uuid import uuid4

from sqlalchemy import Row, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.naming import check_path, check_word, make_uid
from dsm.manager.reading import rows_where, storage_of
from dsm.manager.work import Work
from penstock_core.contracts.dsm import NewStorage, Storage
from penstock_core.errors import Duplicate, InvalidInput, NotFound

ROOT = NewStorage(uid=make_uid("storage", "posix-root"), name="posix-root", base="/")
"""The storage of whatever a file URL names outside of all others; made at the first start."""


@dataclass(frozen=True, slots=True)
class StorageRow:
    """A storage with its number in the store."""

    id: int
    uid: str
    name: str
    kind: str
    base: str

    @classmethod
    def of(cls, row: Row[Any]) -> "StorageRow":
        """Return the storage in a row of its table."""
        return cls(row.id, row.uid, row.name, row.kind, row.base)


async def create_storage(work: Work, new: NewStorage) -> Storage:
    """Return the storage of this name, made where it was not there.

    Raises
    ------
    Duplicate
        name or uid belong to a storage that is somewhere else.
    """
    check_word(new.name)
    base = _absolute(new.base)
    columns = tables.storage.c
    same = or_(columns.name == new.name, columns.uid == new.uid)
    found = (await work.connection.execute(select(tables.storage).where(same))).first()
    if found is None:
        values = {"uid": new.uid or str(uuid4()), "name": new.name, "kind": new.kind, "base": base}
        await work.connection.execute(insert(tables.storage), values)
        return Storage.model_validate(values)
    if (found.name, found.base) != (new.name, base) or new.uid not in ("", found.uid):
        raise Duplicate(
            f"The storage {found.name!r} ({found.uid}) is there already, at {found.base}.",
            hint="Give another name; leave the uid out.",
            facts={"uid": found.uid},
        )
    return storage_of(found)


async def list_storages(connection: AsyncConnection) -> tuple[Storage, ...]:
    """Return all storages, oldest first."""
    rows = await connection.execute(select(tables.storage).order_by(tables.storage.c.id))
    return tuple(storage_of(row) for row in rows)


async def storages_by_uid(
    connection: AsyncConnection, uids: Iterable[str]
) -> dict[str, StorageRow]:
    """Return those of these storages that there are."""
    query = select(tables.storage)
    rows = rows_where(connection, query, tables.storage.c.uid, uids)
    return {row.uid: StorageRow.of(row) async for row in rows}


async def number_of(connection: AsyncConnection, uid: str) -> int:
    """Return the number of a storage; raises ``NotFound``."""
    return find_storage(await storages_by_uid(connection, [uid]), uid).id


def find_storage(storages: Mapping[str, StorageRow], uid: str) -> StorageRow:
    """Return the storage called ``uid``; raises ``NotFound``."""
    if uid not in storages:
        raise NotFound(
            f"There is no storage {uid[:200]!r}.",
            hint="GET /api/v1/storage lists them; an operator makes one with POST.",
            facts={"storageId": uid[:200]},
        )
    return storages[uid]


async def all_storages(connection: AsyncConnection) -> list[StorageRow]:
    """Return the rows of all storages, the one with the longest base first."""
    rows = await connection.execute(select(tables.storage))
    found = [StorageRow.of(row) for row in rows]
    return sorted(found, key=lambda storage: len(storage.base), reverse=True)


def locate(storages: Iterable[StorageRow], url: str) -> tuple[StorageRow, str]:
    """Return the storage that holds the file at ``url``, and the file's path in it.

    ``storages`` come with the longest base first, the first one that holds it is the one.

    Raises
    ------
    InvalidInput
        it is not a ``file:`` URL of an absolute, normal path.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidInput(f"{url[:200]!r} is no URL.", hint="Give file:///<path>.") from error
    path = unquote(parts.path)
    if parts.scheme not in ("file", "") or parts.netloc not in ("", "localhost"):
        raise InvalidInput(
            f"No storage is known for {url[:200]!r}.", hint="Give file:///<absolute path>."
        )
    if not path.startswith("/"):
        raise InvalidInput(f"{url[:200]!r} is not absolute.", hint="Give file:///<absolute path>.")
    check_path(path)
    for storage in storages:
        if PurePosixPath(path).is_relative_to(storage.base):
            return storage, str(PurePosixPath(path).relative_to(storage.base))
    raise InvalidInput(f"No storage holds {path!r}.", hint="Register one: POST /api/v1/storage.")


def url_of(base: str, path: str) -> str:
    """Return the URL of the file at ``path`` in a posix storage at ``base``."""
    return "file://" + quote(str(PurePosixPath(base) / path))


def _absolute(base: str) -> str:
    if not base.startswith("/"):
        raise InvalidInput(
            f"The base {base[:200]!r} is not absolute.", hint="Give an absolute folder."
        )
    trimmed = base.rstrip("/") or "/"
    return trimmed if trimmed == "/" else check_path(trimmed)
