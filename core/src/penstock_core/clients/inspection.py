"""What is asked of the storage manager about the bytes of files, and about storages."""

from collections.abc import Sequence
from datetime import datetime

from penstock_core.clients.base import RestClient
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import Dataset, File, Outcome
from penstock_core.contracts.inspection import (
    DarkFile,
    DarkRemoval,
    DarkRequest,
    DoomedFile,
    DueFile,
    FileDetails,
    FileQuery,
    FileRequest,
    FileVerdict,
    FoundFile,
    HeldFile,
    Removal,
    SeenFile,
    StorageSample,
    StorageUse,
    SweepEnd,
)

V1 = "/api/v1"


class InspectionClient(RestClient):
    """The part of the storage manager that its inspector uses, and operators."""

    async def due_files(self, storage: str, after: int = 0, limit: int = 100) -> Page[DueFile]:
        """Return a page of files of one storage whose bytes are to be looked at."""
        params = {"storage": storage, "after": after, "limit": limit}
        return await self.call("GET", f"{V1}/file/due", Page[DueFile], params=params)

    async def wish_looks(self, uids: Sequence[str]) -> None:
        """Have the bytes of these files looked at."""
        await self.call("POST", f"{V1}/file/due", None, body=list(uids))

    async def tell_verdicts(self, verdicts: Sequence[FileVerdict]) -> tuple[Outcome, ...]:
        """Tell what was found of files; each outcome's details are the state of the file."""
        answer = tuple[Outcome, ...]
        return await self.call("POST", f"{V1}/file/verdict", answer, body=list(verdicts))

    async def troubled_files(
        self, *, state: str = "", namespace: str = "", after: int = 0, limit: int = 100
    ) -> Page[FileDetails]:
        """Return a page of files in quarantine and lost ones, each with its story."""
        params = {"state": state, "namespace": namespace, "after": after, "limit": limit}
        return await self.call("GET", f"{V1}/file/quarantine", Page[FileDetails], params=params)

    async def file_details(self, uid: str) -> FileDetails:
        """Return one file with its story and its datasets; raises ``NotFound``."""
        return await self.call("GET", f"{V1}/file/{uid}/details", FileDetails)

    async def find_files(self, query: FileQuery) -> tuple[FoundFile, ...]:
        """Return those of these files that there are, each with the datasets that hold it."""
        return await self.call("POST", f"{V1}/file/find", tuple[FoundFile, ...], body=query)

    async def release_files(self, request: FileRequest) -> tuple[File, ...]:
        """Let files out of quarantine if the next look finds them right."""
        return await self.call("POST", f"{V1}/file/release", tuple[File, ...], body=request)

    async def declare_lost(self, request: FileRequest) -> tuple[File, ...]:
        """Give files up."""
        return await self.call("POST", f"{V1}/file/lost", tuple[File, ...], body=request)

    async def delete_dataset(self, uid: str, because: str) -> Dataset:
        """Delete a dataset; files that no other one holds are removed from disk."""
        body = {"because": because}
        return await self.call("POST", f"{V1}/dataset/{uid}/delete", Dataset, body=body)

    async def expire(self) -> bool:
        """Delete a batch of datasets past their lifetime; return whether there may be more."""
        return await self.call("POST", f"{V1}/dataset/expire", bool)

    async def purge(self) -> bool:
        """Give up a batch of the files of deleted datasets; return whether there was any to do."""
        return await self.call("POST", f"{V1}/dataset/purge", bool)

    async def doomed_files(self, after: int = 0, limit: int = 500) -> Page[DoomedFile]:
        """Return a page of deleted files whose bytes are still to be removed."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", f"{V1}/file/doomed", Page[DoomedFile], params=params)

    async def tell_removals(self, removals: Sequence[Removal]) -> None:
        """Tell what became of the bytes of deleted files."""
        await self.call("POST", f"{V1}/file/removed", None, body=list(removals))

    async def storage_uses(self) -> tuple[StorageUse, ...]:
        """Return how each storage is used, and when it is full."""
        return await self.call("GET", f"{V1}/storage/usage", tuple[StorageUse, ...])

    async def tell_samples(self, samples: Sequence[StorageSample]) -> tuple[StorageUse, ...]:
        """Tell how full storages are; return how each is used."""
        answer = tuple[StorageUse, ...]
        return await self.call("POST", f"{V1}/storage/usage", answer, body=list(samples))

    async def storage_history(
        self, uid: str, since: datetime | None = None
    ) -> tuple[StorageSample, ...]:
        """Return the samples of one storage, oldest first."""
        params = {"since": None if since is None else since.isoformat()}
        answer = tuple[StorageSample, ...]
        return await self.call("GET", f"{V1}/storage/{uid}/usage", answer, params=params)

    async def held_files(self, uid: str, after: int = 0, limit: int = 1000) -> Page[HeldFile]:
        """Return a page of files that should lie in one storage."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", f"{V1}/storage/{uid}/held", Page[HeldFile], params=params)

    async def tell_seen(self, uid: str, seen: Sequence[SeenFile]) -> int:
        """Tell which files a sweep saw in a storage; return how many of them are dark."""
        return await self.call("POST", f"{V1}/storage/{uid}/seen", int, body=list(seen))

    async def tell_swept(self, uid: str, began_at: datetime) -> None:
        """Tell that a storage is swept."""
        body = SweepEnd(began_at=began_at)
        await self.call("POST", f"{V1}/storage/{uid}/swept", None, body=body)

    async def dark_files(self, uid: str, after: int = 0, limit: int = 100) -> Page[DarkFile]:
        """Return a page of files that lie in one storage and are registered nowhere."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", f"{V1}/storage/{uid}/dark", Page[DarkFile], params=params)

    async def delete_dark(self, uid: str, request: DarkRequest) -> None:
        """Have dark files deleted, all or none of these."""
        await self.call("POST", f"{V1}/storage/{uid}/dark/delete", None, body=request)

    async def wanted_dark(self, after: int = 0, limit: int = 500) -> Page[DarkFile]:
        """Return a page of dark files that are to be deleted."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", f"{V1}/storage/dark/wanted", Page[DarkFile], params=params)

    async def tell_dark_removals(self, removals: Sequence[DarkRemoval]) -> None:
        """Tell what became of dark files that were to be deleted."""
        await self.call("POST", f"{V1}/storage/dark/removed", None, body=list(removals))
