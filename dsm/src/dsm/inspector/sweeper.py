"""The loop that sweeps storages: for files that nobody knows, and for known ones that are gone."""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

from dsm.disk import is_private, state_below
from dsm.inspector.looking import OPEN_FOLDERS, away
from dsm.inspector.walking import walk
from penstock_core.clients import DsmClient
from penstock_core.clock import now
from penstock_core.contracts.dsm import Storage
from penstock_core.contracts.inspection import HeldFile, StorageUse

BATCH = 1000
ROOT_BASE = "/"


class Sweeper:
    """Sweeps each storage once in a while; one that is away is swept when it is back.

    The root is never swept: all that is on the machine lies there.
    """

    def __init__(self, dsm: DsmClient, house_dir: Path, every_s: float, dark_age_s: float) -> None:
        self._dsm = dsm
        self._house_dir = house_dir
        self._every = timedelta(seconds=every_s)
        self._dark_age = timedelta(seconds=dark_age_s)

    async def sweep(self) -> bool:
        """Sweep the storages whose time has come. A reconciler's work."""
        for use in await self._dsm.storage_uses():
            if self._is_due(use) and not await asyncio.to_thread(away, use.storage.base):
                await self._sweep(use.storage)
        return False

    def _is_due(self, use: StorageUse) -> bool:
        if use.storage.base == ROOT_BASE:
            return False
        return use.swept_at is None or now() - use.swept_at >= self._every

    async def _sweep(self, storage: Storage) -> None:
        began_at = now()
        files = walk(storage.base, self._is_own(storage))
        while seen := await asyncio.to_thread(lambda: list(islice(files, BATCH))):
            old = [file for file in seen if began_at - file.modified_at >= self._dark_age]
            if old:
                await self._dsm.tell_seen(storage.uid, old)
        await self._look_for_lost(storage)
        if not await asyncio.to_thread(away, storage.base):
            await self._dsm.tell_swept(storage.uid, began_at)

    def _is_own(self, storage: Storage) -> Callable[[str], bool]:
        base = Path(os.path.realpath(storage.base))
        house_dir = Path(os.path.realpath(self._house_dir))
        return lambda folder: is_private(house_dir, base / folder, *OPEN_FOLDERS)

    async def _look_for_lost(self, storage: Storage) -> None:
        """Have a closer look at known files that are not there, or have another size."""
        after: int | None = 0
        while after is not None:
            page = await self._dsm.held_files(storage.uid, after)
            odd = await asyncio.to_thread(_odd_ones, storage.base, page.items)
            if odd:
                await self._dsm.wish_looks(odd)
            after = page.next


def _odd_ones(base: str, files: Sequence[HeldFile]) -> list[str]:
    return [file.uid for file in files if _is_odd(base, file)]


def _is_odd(base: str, file: HeldFile) -> bool:
    try:
        return state_below(base, file.path).st_size != file.size_bytes
    except OSError:
        return True
