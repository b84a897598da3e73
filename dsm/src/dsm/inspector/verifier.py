"""The loop that looks at files whose bytes somebody wishes to be looked at."""

import logging
import time
from pathlib import Path

from dsm.inspector.looking import away, look
from dsm.inspector.pace import Pace
from penstock_core.clients import DsmClient
from penstock_core.contracts.dsm import Storage
from penstock_core.contracts.inspection import DueFile, FileVerdict, Verdict

log = logging.getLogger(__name__)
PAGE = 500
TELL_AFTER_S = 2.0


class Verifier:
    """Looks at due files, storage by storage, and tells what it found.

    Looking twice does no harm: what is told is stored once. A storage that is away, or that
    looks as if it were not mounted, is passed over: none of its files are lost for that.
    """

    def __init__(self, dsm: DsmClient, house_dir: Path, pace: Pace) -> None:
        self._dsm = dsm
        self._house_dir = house_dir
        self._pace = pace

    async def verify(self) -> bool:
        """Look once at every file that is due now. A reconciler's work."""
        for storage in await self._dsm.storages():
            if not away(storage.base):
                await self._verify_storage(storage)
        return False

    async def _verify_storage(self, storage: Storage) -> None:
        after: int | None = 0
        while after is not None:
            page = await self._dsm.due_files(storage.uid, after, PAGE)
            found: list[FileVerdict] = []
            told_at = time.monotonic()
            for file in page.items:
                found += _news(file, await look(self._house_dir, storage, file, self._pace))
                if time.monotonic() - told_at > TELL_AFTER_S:
                    await self._tell(storage, found)
                    found, told_at = [], time.monotonic()
            await self._tell(storage, found)
            after = page.next

    async def _tell(self, storage: Storage, found: list[FileVerdict]) -> None:
        gone = any(verdict.verdict is Verdict.GONE for verdict in found)
        if gone and (problem := away(storage.base)):
            log.warning("Storage %s went away while it was looked at: %s", storage.name, problem)
            found = [verdict for verdict in found if verdict.verdict is not Verdict.GONE]
        if found:
            await self._dsm.tell_verdicts(found)


def _news(file: DueFile, verdict: FileVerdict) -> list[FileVerdict]:
    """Return what is to be told: that a file still cannot be read is known."""
    known = verdict.verdict is Verdict.UNREADABLE and verdict.reason == file.reason
    return [] if known else [verdict]
