"""The loop that measures how full storages are, and raises alarms before they are full."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dsm.inspector.looking import away
from penstock_core import looks
from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clock import now
from penstock_core.contracts.dsm import Storage
from penstock_core.contracts.inspection import StorageSample, StorageUse
from penstock_core.contracts.workflow import AlarmKey, NewAlarm

ROOT_BASE = "/"
FULL, AWAY = "storage_full", "storage_away"


@dataclass(frozen=True, slots=True)
class AlarmPolicy:
    """When a storage is alarming: so little of it is free, or it is full so soon."""

    free_fraction: float
    full_within: timedelta


class Meter:
    """Takes samples of each storage, and keeps its alarms raised as long as they are true.

    Parameters
    ----------
    every
        The time between two samples of a storage.
    """

    def __init__(
        self,
        dsm: DsmClient,
        data_access: DataAccessClient,
        policy: AlarmPolicy,
        every: timedelta,
    ) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._policy = policy
        self._every = every

    async def measure(self) -> bool:
        """Measure every storage but the root whose time has come. A reconciler's work."""
        due = [use.storage for use in await self._dsm.storage_uses() if self._is_due(use)]
        samples = [await asyncio.to_thread(sample, storage, now()) for storage in due]
        if samples:
            uses = await self._dsm.tell_samples(samples)
            await self._tell([use for use in uses if use.storage.base != ROOT_BASE])
        return False

    def _is_due(self, use: StorageUse) -> bool:
        if use.storage.base == ROOT_BASE:
            return False
        return use.sample is None or now() - use.sample.at >= self._every

    async def _tell(self, uses: Sequence[StorageUse]) -> None:
        raised, cleared = alarms(uses, self._policy, now())
        if raised:
            await self._data_access.raise_alarms(raised)
        if cleared:
            await self._data_access.clear_alarms(cleared)


def sample(storage: Storage, at: datetime) -> StorageSample:
    """Return how full the disk of ``storage`` is now, or why nobody can say. Blocks.

    An empty base in which nothing is registered is a storage that waits for its first file.
    """
    try:
        disk = os.statvfs(storage.base)
    except OSError as error:
        problem = f"{storage.base} cannot be read: {error.strerror}"
        return StorageSample(storage_id=storage.uid, at=at, problem=problem)
    return StorageSample(
        storage_id=storage.uid,
        at=at,
        problem=away(storage.base),
        total_bytes=disk.f_frsize * disk.f_blocks,
        free_bytes=disk.f_frsize * disk.f_bavail,
    )


def alarms(
    uses: Sequence[StorageUse], policy: AlarmPolicy, at: datetime
) -> tuple[list[NewAlarm], list[AlarmKey]]:
    """Return the alarms that are true of these storages at the moment ``at``, and the others."""
    raised: list[NewAlarm] = []
    cleared: list[AlarmKey] = []
    for use in uses:
        for kind, text in ((FULL, _full(use, policy, at)), (AWAY, _away(use))):
            key = {"kind": kind, "subject": use.storage.name}
            if text:
                raised.append(NewAlarm(text=text, **key))
            else:
                cleared.append(AlarmKey(**key))
    return raised, cleared


def _full(use: StorageUse, policy: AlarmPolicy, at: datetime) -> str:
    found = use.sample
    if found is None or not found.total_bytes or found.free_bytes is None:
        return ""
    head = f"{looks.size(found.free_bytes)} of {looks.size(found.total_bytes)} are free"
    soon = use.full_at is not None and use.full_at - at <= policy.full_within
    if use.full_at is not None and soon:
        return f"{head}; it is full at {looks.utc(use.full_at)} if it goes on filling as it does."
    return f"{head}." if found.free_bytes < policy.free_fraction * found.total_bytes else ""


def _away(use: StorageUse) -> str:
    """Return why files that are registered there cannot be had, "" if they can."""
    problem = "" if use.sample is None else use.sample.problem
    return (
        f"{problem}; {looks.files(use.files)} of it cannot be had." if problem and use.files else ""
    )
