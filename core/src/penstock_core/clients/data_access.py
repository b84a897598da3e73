"""data-access, as its callers see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from penstock_core.clients.audit import WorkflowAuditClient
from penstock_core.clients.history import HistoryClient
from penstock_core.clients.operations import OperationsClient
from penstock_core.clients.provenance import ProvenanceClient
from penstock_core.contracts.base import EventPage, Page
from penstock_core.contracts.dsm import Wanted
from penstock_core.contracts.workflow import (
    Catalogue,
    ClaimRequest,
    CopiedStates,
    Cursor,
    DueTask,
    ExplainedMatch,
    GeneratedBatch,
    GeneratedResult,
    JobReport,
    NewTask,
    NewTemplate,
    ObservedBatch,
    SpdDataset,
    SpdTask,
    SubmittedTask,
    Task,
    TaskDetail,
    Template,
    TemplateChange,
)
from penstock_core.contracts.workflow.parameters import Parameters


class DataAccessClient(OperationsClient, ProvenanceClient, HistoryClient, WorkflowAuditClient):
    """REST of data-access. SPD's paths carry SPD's rows, ours carry all we know."""

    async def catalogue(self, known: int = -1, since: datetime | None = None) -> Catalogue | None:
        """Return what datasets registered from ``since`` (default: now) on are matched against.

        ``None`` if it still is revision ``known``.
        """
        params = {"known": known, "since": since.isoformat() if since else ""}
        return await self.call("GET", "/catalogue", Catalogue | None, params=params)

    async def recipe(self, digest: str) -> dict[str, Any]:
        """Return a compiled recipe as JSON, by its digest. It never changes."""
        return await self.call("GET", f"/recipe/{digest}", dict[str, Any])

    async def cursor(self, follower: str) -> int:
        """Return how far a follower has come."""
        return (await self.call("GET", f"/cursor/{follower}", Cursor)).cursor

    async def store_generated(self, batch: GeneratedBatch) -> GeneratedResult:
        """Store decisions, workflows and the cursor together; raises ``Stale``."""
        return await self.call("POST", "/workflow/bulk", GeneratedResult, body=batch)

    async def copy_states(self, batch: CopiedStates) -> None:
        """Store copied dataset states and the cursor together; raises ``Stale``."""
        await self.call("POST", "/dataset/states", None, body=batch)

    async def unmet_gates(self, after: Wanted | None, limit: int = 500) -> tuple[Wanted, ...]:
        """Return the datasets, by mask, that tasks wait for besides their inputs; each once."""
        params = {**(after.model_dump() if after else {}), "limit": limit}
        return await self.call("GET", "/task/gate", tuple[Wanted, ...], params=params)

    async def meet_gates(self, met: Sequence[Wanted]) -> None:
        """Store that these datasets are there; repeating it changes nothing."""
        await self.call("POST", "/task/gate/met", None, body=list(met))

    async def claim_tasks(self, request: ClaimRequest) -> tuple[DueTask, ...]:
        """Claim due tasks for a while."""
        return await self.call("POST", "/task/claim", tuple[DueTask, ...], body=request)

    async def store_submitted(self, tasks: Sequence[SubmittedTask]) -> None:
        """Store that claimed tasks were submitted; one whose token is stale is left alone."""
        await self.call("POST", "/task/submitted", None, body=list(tasks))

    async def store_observed(self, batch: ObservedBatch) -> None:
        """Store what the workload system reported, with the cursor; raises ``Stale``."""
        await self.call("POST", "/task/observed", None, body=batch)

    async def create_template(self, template: NewTemplate) -> Template:
        """Compile and store a template version; raises ``InvalidTemplate``."""
        row: dict[str, Any] = await self.call("POST", "/template/create", dict, body=template)
        return await self.template(int(row["template_id"]))

    async def check_template(self, template: NewTemplate) -> dict[str, Any]:
        """Compile a template and store nothing: the recipe, overlaps and warnings."""
        return await self.call("POST", "/template/check", dict[str, Any], body=template)

    async def change_template(self, template_id: int, change: TemplateChange) -> Template:
        """Change a status, or make a new version; return the version that results."""
        given = change.model_dump(mode="json")
        body = {name: value for name, value in given.items() if value is not None}
        path = f"/template/{template_id}/change"
        row: dict[str, Any] = await self.call("PUT", path, dict, body=body)
        return await self.template(int(row["template_id"]))

    async def template(self, template_id: int) -> Template:
        """Return one template version with all that is known."""
        return await self.call("GET", f"/template/{template_id}/detail", Template)

    async def parameters(self, template_id: int) -> Parameters:
        """Return what a template version asks for: a JSON Schema of its values, and a form."""
        return await self.call("GET", f"/template/{template_id}/parameters", Parameters)

    async def templates(
        self, *, status: str = "", name: str = "", after: int = 0, limit: int = 100
    ) -> Page[Template]:
        """Return a page of template versions."""
        params = {"status": status, "name": name, "after": after, "limit": limit}
        return await self.call("GET", "/template", Page[Template], params=params)

    async def spd_tasks(self, after: int = 0, limit: int = 1000) -> tuple[SpdTask, ...]:
        """Return SPD's rows, a page of them."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", "/task/all", tuple[SpdTask, ...], params=params)

    async def tasks(
        self,
        *,
        status: str = "",
        workflow: int | None = None,
        namespace: str = "",
        dataset: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> Page[Task]:
        """Return a page of tasks; ``dataset`` names what they, or their whole chains, are over."""
        params = {
            "status": status,
            "workflow": workflow,
            "namespace": namespace,
            "dataset": dataset,
            "after": after,
            "limit": limit,
        }
        return await self.call("GET", "/task", Page[Task], params=params)

    async def dataset(self, dataset_id: int) -> SpdDataset:
        """Return the dataset that tasks call by this number."""
        return await self.call("GET", f"/dataset/{dataset_id}", SpdDataset)

    async def task(self, task_id: int) -> TaskDetail:
        """Return one task with all that is known, and the values that its jobs get."""
        return await self.call("GET", f"/task/{task_id}/detail", TaskDetail)

    async def jobs(self, task_id: int, after: int = -1, limit: int = 100) -> Page[JobReport]:
        """Return a page of a task's final jobs, by index."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", f"/task/{task_id}/job", Page[JobReport], params=params)

    async def create_task(self, task: NewTask) -> SpdTask:
        """Submit one task over a dataset."""
        return await self.call("POST", "/task/create", SpdTask, body=task)

    async def set_rank(self, task_id: int, rank: int) -> SpdTask:
        """Change a task's rank."""
        return await self.call("PUT", f"/task/{task_id}/rank", SpdTask, body={"rank": rank})

    async def set_status(self, task_id: int, status: str) -> SpdTask:
        """Ask for a task's status: CANCELLED."""
        body = {"status": status}
        return await self.call("PUT", f"/task/{task_id}/status", SpdTask, body=body)

    async def events(self, after: int, limit: int = 500, topics: Sequence[str] = ()) -> EventPage:
        """Return data-access's event log after a cursor."""
        params = {"after": after, "limit": limit, "topics": ",".join(topics)}
        return await self.call("GET", "/event", EventPage, params=params)

    async def move_cursor(self, follower: str, expected: int, cursor: int) -> None:
        """Move a follower's cursor whose effects lie elsewhere; raises ``Stale``."""
        body = {"expected": expected, "cursor": cursor}
        await self.call("PUT", f"/cursor/{follower}", None, body=body)

    async def explain(self, dataset_uid: str, template_id: int) -> ExplainedMatch:
        """Return why a dataset matched a template, or did not."""
        params = {"dataset": dataset_uid, "template": template_id}
        return await self.call("GET", "/explain", ExplainedMatch, params=params)
