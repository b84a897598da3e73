"""What is asked of data-access about old data and versions: reruns, roll-back, backfills."""

from penstock_core.clients.base import RestClient
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import (
    Backfill,
    BackfillDone,
    BackfillFilter,
    BackfillPreview,
    BackfillRequest,
    RerunRequest,
    ShadowReport,
    Template,
    WorkflowRow,
)


class HistoryClient(RestClient):
    """The part of data-access that reaches back: to old datasets, and to earlier versions."""

    async def workflows(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        template: int | None = None,
        template_name: str = "",
        dataset_name: str = "",
        namespace: str = "",
    ) -> Page[WorkflowRow]:
        """Return a page of workflows; ``template`` is a version, ``template_name`` all of them."""
        params = {
            "after": after,
            "limit": limit,
            "template": template,
            "template_name": template_name,
            "dataset_name": dataset_name,
            "namespace": namespace,
        }
        return await self.call("GET", "/workflow", Page[WorkflowRow], params=params)

    async def workflow(self, workflow_id: int) -> WorkflowRow:
        """Return one workflow."""
        return await self.call("GET", f"/workflow/{workflow_id}", WorkflowRow)

    async def rerun(self, workflow_id: int, asked: RerunRequest) -> WorkflowRow:
        """Make a workflow's chain again; return the new one."""
        return await self.call("POST", f"/workflow/{workflow_id}/rerun", WorkflowRow, body=asked)

    async def roll_back(self, template_id: int) -> Template:
        """Undo that this version became ACTUAL; return the one that is ACTUAL then."""
        path = f"/template/{template_id}/rollback"
        row: dict[str, object] = await self.call("POST", path, dict[str, object])
        return await self.call("GET", f"/template/{row['template_id']}/detail", Template)

    async def preview_backfill(self, template_id: int, chosen: BackfillFilter) -> BackfillPreview:
        """Return what a backfill would do; nothing is done."""
        path = f"/template/{template_id}/backfill/preview"
        return await self.call("POST", path, BackfillPreview, body=chosen)

    async def backfill(self, template_id: int, request: BackfillRequest) -> Backfill:
        """Confirm a preview; raises ``Stale``, with the new counts, if it is another one now."""
        path = f"/template/{template_id}/backfill"
        return await self.call("POST", path, Backfill, body=request)

    async def backfills(
        self, *, template: int | None = None, after: int = 0, limit: int = 100
    ) -> Page[Backfill]:
        """Return a page of backfills with how far they are."""
        params = {"template": template, "after": after, "limit": limit}
        return await self.call("GET", "/backfill", Page[Backfill], params=params)

    async def backfill_state(self, backfill_id: int) -> Backfill:
        """Return how far a backfill is."""
        return await self.call("GET", f"/backfill/{backfill_id}", Backfill)

    async def backfill_rows(
        self, backfill_id: int, after: int = 0, limit: int = 100
    ) -> Page[BackfillDone]:
        """Return a page of a backfill's rows."""
        params = {"after": after, "limit": limit}
        path = f"/backfill/{backfill_id}/row"
        return await self.call("GET", path, Page[BackfillDone], params=params)

    async def shadow_report(
        self, template_id: int, after: str = "", limit: int = 100
    ) -> ShadowReport:
        """Return what a version would have taken while in the shadow, against the ACTUAL one."""
        params = {"after": after, "limit": limit}
        return await self.call(
            "GET", f"/template/{template_id}/shadow", ShadowReport, params=params
        )
