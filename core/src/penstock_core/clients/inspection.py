"""What is asked of the storage manager about the bytes of files, and about storages."""

from collections.abc import Sequence

from penstock_core.clients.base import RestClient
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import File, Outcome
from penstock_core.contracts.inspection import (
    DueFile,
    FileDetails,
    FileQuery,
    FileRequest,
    FileVerdict,
    FoundFile,
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
