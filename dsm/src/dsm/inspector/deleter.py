"""The loop that removes the bytes of what was deleted, and dark files that nobody wants."""

import asyncio
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from dsm.disk import is_private, remove_below, state_below
from dsm.inspector.looking import OPEN_FOLDERS
from dsm.inspector.walking import changed_at
from penstock_core.clients import DsmClient
from penstock_core.contracts.dsm import Storage
from penstock_core.contracts.inspection import DarkFile, DarkRemoval, DoomedFile, Removal

ROOT_BASE = "/"


class Deleter:
    """Removes files below the bases of their storages, and tells what became of each.

    Killed between a removal and its report, it finds the file gone the next time. What a URL
    may name anywhere, and what is the house's own, is never removed.
    """

    def __init__(self, dsm: DsmClient, house_dir: Path) -> None:
        self._dsm = dsm
        self._house_dir = house_dir

    async def delete(self) -> bool:
        """Delete what is past its lifetime, give up a batch of files, and remove all given up."""
        expired = await self._dsm.expire()
        more = await self._dsm.purge() or expired
        storages = {storage.uid: storage for storage in await self._dsm.storages()}
        after: int | None = 0
        while after is not None:
            page = await self._dsm.doomed_files(after)
            done = await asyncio.to_thread(self._remove_all, page.items, storages)
            if done:
                await self._dsm.tell_removals(done)
            after = page.next
        await self._delete_dark(storages)
        return more

    def _remove_all(
        self, files: Iterable[DoomedFile], storages: dict[str, Storage]
    ) -> list[Removal]:
        removals = (self._remove(file, storages[file.storage_id]) for file in files)
        # That a file still cannot be removed, and why, is known.
        return [
            r
            for r, f in zip(removals, files, strict=True)
            if r.outcome != "failed" or r.reason != f.reason
        ]

    def _remove(self, file: DoomedFile, storage: Storage) -> Removal:
        if why := self._untouchable(storage, file.path):
            return Removal(uid=file.uid, outcome="left", reason=f"Its bytes stay: {why}.")
        try:
            remove_below(storage.base, file.path)
        except OSError as error:
            return Removal(uid=file.uid, outcome="failed", reason=_not_removed(error))
        return Removal(uid=file.uid, outcome="removed")

    def _untouchable(self, storage: Storage, path: str) -> str:
        if storage.base == ROOT_BASE:
            return "they lie in no storage of its own, which an operator can register"
        place = Path(os.path.realpath(storage.base)) / path
        if is_private(Path(os.path.realpath(self._house_dir)), place, *OPEN_FOLDERS):
            return "they are the house's own"
        return ""

    async def _delete_dark(self, storages: dict[str, Storage]) -> None:
        after: int | None = 0
        while after is not None:
            page = await self._dsm.wanted_dark(after)
            done = [
                await asyncio.to_thread(self._remove_dark, file, storages[file.storage_id])
                for file in page.items
            ]
            if done:
                await self._dsm.tell_dark_removals(done)
            after = page.next

    def _remove_dark(self, file: DarkFile, storage: Storage) -> DarkRemoval:
        if why := self._untouchable(storage, file.path):
            return DarkRemoval(id=file.id, outcome="left", reason=f"It stays: {why}.")
        try:
            found = state_below(storage.base, file.path)
            if (found.st_size, changed_at(found)) != (file.size_bytes, file.modified_at):
                reason = "It was changed since the sweep that saw it; it stays."
                return DarkRemoval(id=file.id, outcome="left", reason=reason)
            remove_below(storage.base, file.path)
        except FileNotFoundError:
            return DarkRemoval(id=file.id, outcome="removed")
        except OSError as error:
            return DarkRemoval(id=file.id, outcome="failed", reason=_not_removed(error))
        return DarkRemoval(id=file.id, outcome="removed")


def _not_removed(error: OSError) -> str:
    words = "a symbolic link leads there" if error.errno == errno.ELOOP else error.strerror
    return f"It cannot be removed: {words}."
