"""The part of the Python client that reaches back: reruns, roll-back, backfills, shadows."""

from typing import Any, Literal

from penstock.background import BackgroundLoop
from penstock.errands import all_pages
from penstock.finding import find_actual, find_template
from penstock_core.clients import DataAccessClient
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

_PAGE = 500


class HistoryCalls:
    """What is done with old data, and with earlier versions of a template."""

    _loop: BackgroundLoop
    _workflows: DataAccessClient

    def workflows(
        self, *, template: str | int = "", dataset: str = "", namespace: str = ""
    ) -> list[WorkflowRow]:
        """Return workflows; ``template`` is a name, or the id of one version."""
        version = int(template) if str(template).isdecimal() else None
        return self._loop.run(
            all_pages(
                lambda after: self._workflows.workflows(
                    after,
                    _PAGE,
                    template=version,
                    template_name="" if version is not None else str(template),
                    dataset_name=dataset,
                    namespace=namespace,
                )
            )
        )

    def workflow(self, workflow_id: int) -> WorkflowRow:
        """Return one workflow."""
        return self._loop.run(self._workflows.workflow(workflow_id))

    def rerun(
        self,
        workflow_id: int,
        *,
        version: Literal["same", "newest"] = "same",
        because: str = "",
        idempotency_key: str = "",
    ) -> WorkflowRow:
        """Make a workflow's chain again, by the same version or the ACTUAL one; return it."""
        asked = RerunRequest(version=version, because=because, idempotency_key=idempotency_key)
        return self._loop.run(self._workflows.rerun(workflow_id, asked))

    def actual(self, template: str | int) -> Template:
        """Return the version of this id, or the one of this name that is ACTUAL."""
        return self._loop.run(find_actual(self._workflows, template))

    def roll_back(self, template: str | int) -> Template:
        """Undo that a version became ACTUAL; return the one that is ACTUAL then."""
        return self._loop.run(self._workflows.roll_back(self.actual(template).template_id))

    def preview_backfill(self, template: str | int, **chosen: Any) -> BackfillPreview:
        """Return what a backfill would do; ``chosen`` is as in :class:`BackfillFilter`."""
        number = self.actual(template).template_id
        return self._loop.run(self._workflows.preview_backfill(number, BackfillFilter(**chosen)))

    def backfill(self, preview: BackfillPreview, because: str = "") -> Backfill:
        """Confirm a preview; raises ``Stale``, with the new counts, if it is no longer true."""
        asked = BackfillRequest(filter=preview.filter, digest=preview.digest, because=because)
        return self._loop.run(self._workflows.backfill(preview.template_id, asked))

    def backfills(self, *, template: int | None = None) -> list[Backfill]:
        """Return backfills with how far they are."""
        return self._loop.run(
            all_pages(
                lambda after: self._workflows.backfills(template=template, after=after, limit=_PAGE)
            )
        )

    def backfill_state(self, backfill_id: int) -> Backfill:
        """Return how far a backfill is."""
        return self._loop.run(self._workflows.backfill_state(backfill_id))

    def backfill_rows(self, backfill_id: int) -> list[BackfillDone]:
        """Return the rows of a backfill, in the order of its preview."""
        return self._loop.run(
            all_pages(lambda after: self._workflows.backfill_rows(backfill_id, after, _PAGE))
        )

    def shadow_report(
        self, template: str | int, *, after: str = "", limit: int = 100
    ) -> ShadowReport:
        """Return what a version would have taken while in the shadow; a page of its rows."""

        async def report() -> ShadowReport:
            number = (await find_template(self._workflows, template)).template_id
            return await self._workflows.shadow_report(number, after, limit)

        return self._loop.run(report())
