"""A storage manager with a storage on a real disk, and the inspector's loops one at a time."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.dsm.conftest import World

from dsm.inspector.deleter import Deleter
from dsm.inspector.pace import Pace
from dsm.inspector.settings import InspectorSettings
from dsm.inspector.sweeper import Sweeper
from dsm.inspector.verifier import Verifier
from dsm.service import open_inspector
from penstock_core.clients import DsmClient
from penstock_core.contracts.dsm import Dataset, NewStorage, Storage
from penstock_core.contracts.inspection import FileDetails, StorageUse
from penstock_core.rights import Role


def adler32(data: bytes) -> str:
    return f"adler32:{zlib.adler32(data):08x}"


@dataclass
class Disk:
    """A storage, the folder that it is, and a world that knows it."""

    world: World
    base: Path
    storage: Storage

    @property
    def dsm(self) -> DsmClient:
        return self.world.dsm

    @property
    def operator(self) -> DsmClient:
        return self.world.client(Role.OPERATOR, "alice")

    def write(self, path: str, data: bytes = b"some bytes") -> Path:
        """Put bytes on the disk, registered nowhere."""
        place = self.base / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return place

    async def register(
        self, path: str, data: bytes = b"some bytes", dataset: str = "d", **more: Any
    ) -> str:
        """Register a file as if it held ``data``; return its uid."""
        told = {
            "storageId": self.storage.uid,
            "path": path,
            "size": len(data),
            "checksum": adler32(data),
        }
        body = {"datasetName": dataset, "files": [told | more]}
        outcome = await self.world.tell("file.input", body)
        assert outcome.status == "OK", outcome.details
        return (await self.dsm.files(name=Path(path).name)).items[0].uid

    async def add(self, path: str, data: bytes = b"some bytes", dataset: str = "d") -> str:
        """Put a file on the disk and register it; return its uid."""
        self.write(path, data)
        return await self.register(path, data, dataset)

    async def verify(self, pace: Pace | None = None) -> None:
        """Look at all that is due, once."""
        house_dir = self.world.house.settings.data_dir
        await Verifier(self.dsm, house_dir, pace or Pace(1e12)).verify()

    async def delete(self) -> None:
        """Remove all that is deleted, to the end."""
        deleter = Deleter(self.dsm, self.world.house.settings.data_dir)
        while await deleter.delete():
            pass

    async def sweep(self, dark_age_s: float = 0) -> None:
        """Sweep all storages now."""
        house_dir = self.world.house.settings.data_dir
        await Sweeper(self.dsm, house_dir, 0, dark_age_s).sweep()

    async def dark(self) -> list[str]:
        """Return the paths of dark files."""
        return sorted(f.path for f in (await self.dsm.dark_files(self.storage.uid)).items)

    async def use(self) -> StorageUse:
        """Return how the storage is used."""
        uses = {use.storage.uid: use for use in await self.dsm.storage_uses()}
        return uses[self.storage.uid]

    async def dataset(self, name: str) -> Dataset:
        """Return a dataset by its name."""
        return (await self.dsm.datasets(name=name)).items[0]

    async def details(self, uid: str) -> FileDetails:
        return await self.dsm.file_details(uid)

    async def state(self, uid: str) -> tuple[str, str]:
        """Return a file's state and what is wrong with it."""
        file = (await self.details(uid)).file
        return file.state, file.reason

    @asynccontextmanager
    async def inspector(self, **settings: Any) -> AsyncIterator[None]:
        """Run the inspector, and the manager's relay that wakes it."""
        assert self.world.manager is not None
        async with open_inspector(self.world.house, InspectorSettings(**settings)) as inspector:
            loops = (*inspector.loops, *self.world.manager.loops)
            tasks = [asyncio.create_task(loop()) for loop in loops]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with suppress(asyncio.CancelledError):
                        await task


async def eventually(seen: Callable[[], Awaitable[bool]], within_s: float = 15) -> None:
    """Wait until ``seen`` says yes."""
    async with asyncio.timeout(within_s):
        while not await seen():
            await asyncio.sleep(0.02)


async def _disk(world: World, base: Path) -> Disk:
    base.mkdir()
    return Disk(
        world, base, await world.dsm.create_storage(NewStorage(name="disk", base=str(base)))
    )


@pytest.fixture
async def disk(sqlite_world: World, tmp_path_factory: pytest.TempPathFactory) -> Disk:
    """A storage on disk in a world on SQLite."""
    return await _disk(sqlite_world, tmp_path_factory.mktemp("outside") / "base")


@pytest.fixture
async def any_disk(world: World, tmp_path_factory: pytest.TempPathFactory) -> Disk:
    """A storage on disk in a world on either database."""
    return await _disk(world, tmp_path_factory.mktemp("outside") / "base")
