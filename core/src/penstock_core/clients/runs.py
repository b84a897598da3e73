"""The storage manager on runs, the detector and what came in, as its callers see it."""

from typing import Any

from penstock_core.clients.base import RestClient
from penstock_core.contracts.base import Page
from penstock_core.contracts.runs import Detector, JournalEntry, Run, RunDetail, TfFile

V1 = "/api/v1"


class RunsClient(RestClient):
    """The part of dsm-manager's REST that is about runs. Models in ``contracts.runs``."""

    async def runs(
        self,
        *,
        namespace: str = "",
        run: str = "",
        state: str = "",
        flagged: bool | None = None,
        newest: bool = False,
        after: int = 0,
        limit: int = 100,
    ) -> Page[Run]:
        """Return a page of runs, oldest first or ``newest`` first."""
        params = {
            "namespace": namespace,
            "run": run,
            "state": state,
            "flagged": flagged,
            "newest": newest,
            "after": after,
            "limit": limit,
        }
        return await self.call("GET", f"{V1}/run", Page[Run], params=params)

    async def run(self, run: str, namespace: str = "default") -> RunDetail:
        """Return one run with its facts, flags, streams and missing STFs; raises ``NotFound``."""
        params = {"namespace": namespace}
        return await self.call("GET", f"{V1}/run/{run}", RunDetail, params=params)

    async def tf_files(
        self, run: str, namespace: str = "default", after: int = 0, limit: int = 1000
    ) -> Page[TfFile]:
        """Return a page of the samples of time frames of a run."""
        params = {"namespace": namespace, "after": after, "limit": limit}
        return await self.call("GET", f"{V1}/run/{run}/tf", Page[TfFile], params=params)

    async def detector(self, namespace: str = "default", limit: int = 100) -> Detector:
        """Return the state of the detector of a namespace, and what was last said of it."""
        params = {"namespace": namespace, "limit": limit}
        return await self.call("GET", f"{V1}/detector", Detector, params=params)

    async def journal(
        self, *, newest: bool = False, after: int = 0, limit: int = 100, **wanted: Any
    ) -> Page[JournalEntry]:
        """Return a page of what came in; ``wanted`` are filters by the names of its columns."""
        params = wanted | {"newest": newest, "after": after, "limit": limit}
        return await self.call("GET", f"{V1}/journal", Page[JournalEntry], params=params)
