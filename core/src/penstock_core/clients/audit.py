"""What the auditor asks of each owner of facts."""

from collections.abc import Sequence

from penstock_core.clients.base import RestClient
from penstock_core.clients.inspection import V1
from penstock_core.contracts.audit import (
    AuditedDataset,
    AuditedTask,
    DatasetsAudited,
    Violation,
    WorkflowsAudited,
)

_Found = tuple[Violation, ...]


class StorageAuditClient(RestClient):
    """The auditor's part of the storage manager."""

    async def audit_datasets(self, after: int, limit: int) -> DatasetsAudited:
        """Audit a page of datasets, by their number."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", f"{V1}/audit", DatasetsAudited, params=params)

    async def audit_outputs(self, tasks: Sequence[AuditedTask]) -> _Found:
        """Hold what tasks say that they made against what is registered."""
        return await self.call("POST", f"{V1}/audit/output", _Found, body=list(tasks))

    async def tell_again(self, uids: Sequence[str]) -> None:
        """Have datasets told of once more, as they are, to all who follow."""
        await self.call("POST", f"{V1}/audit/tell", None, body=list(uids))


class WorkflowAuditClient(RestClient):
    """The auditor's part of data-access."""

    async def audit_workflows(self, after: int, limit: int) -> WorkflowsAudited:
        """Audit a page of workflows with their tasks, by their number."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", "/audit", WorkflowsAudited, params=params)

    async def audit_copies(self, datasets: Sequence[AuditedDataset]) -> _Found:
        """Hold datasets against their decisions, chains and copied states."""
        return await self.call("POST", "/audit/dataset", _Found, body=list(datasets))


class JobAuditClient(RestClient):
    """The auditor's part of the pilot."""

    async def audit_tasks(self, tasks: Sequence[AuditedTask]) -> _Found:
        """Hold tasks that run against those that are known here, and their groups."""
        return await self.call("POST", "/pilot/audit", _Found, body=list(tasks))
