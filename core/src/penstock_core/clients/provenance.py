"""What is asked of data-access about provenance."""

from collections.abc import Sequence

from penstock_core.clients.base import RestClient
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import (
    FileUse,
    JobKey,
    Origins,
    Provenance,
    UseQuery,
    Way,
)


class ProvenanceClient(RestClient):
    """The part of data-access that knows which jobs read and made each file."""

    async def uses(self, query: UseQuery) -> Page[FileUse]:
        """Return a page of what jobs read and made."""
        return await self.call("POST", "/provenance/use", Page[FileUse], body=query)

    async def origins(self, jobs: Sequence[JobKey]) -> Origins:
        """Return what stands behind these jobs, up to 1000 of them."""
        return await self.call("POST", "/provenance/job", Origins, body=list(jobs))

    async def provenance(
        self,
        name: str,
        way: Way = Way.UP,
        *,
        namespace: str = "default",
        scope: str,
        depth: int = 1,
        limit: int = 1000,
    ) -> Provenance:
        """Return a file's provenance over so many jobs in a row, cut at a number of uses."""
        params = {
            "name": name,
            "way": way,
            "namespace": namespace,
            "scope": scope,
            "depth": depth,
            "limit": limit,
        }
        return await self.call("GET", "/provenance", Provenance, params=params)
