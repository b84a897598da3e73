"""The pilot, as the task-manager sees it."""

from collections.abc import Sequence

from penstock_core.clients.audit import JobAuditClient
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import JobReport
from penstock_core.contracts.workload import Accepted, Command, Hold, ReportPage, WorkloadTask


class PilotClient(JobAuditClient):
    """REST of the embedded workload system."""

    async def submit(self, tasks: Sequence[WorkloadTask]) -> tuple[Accepted, ...]:
        """Hand over tasks; one that is there already is accepted once more, and runs once."""
        answer = tuple[Accepted, ...]
        return await self.call("POST", "/pilot/task", answer, body=list(tasks))

    async def reports(self, after: int, limit: int = 500) -> ReportPage:
        """Return the report log after a cursor."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", "/pilot/report", ReportPage, params=params)

    async def command(self, commands: Sequence[Command]) -> tuple[Accepted, ...]:
        """Cancel, retry, pause, resume tasks or change their rank."""
        answer = tuple[Accepted, ...]
        return await self.call("POST", "/pilot/command", answer, body=list(commands))

    async def hold(self, held: bool) -> Hold:
        """Hold new jobs back, or release them."""
        return await self.call("PUT", "/pilot/hold", Hold, body=Hold(held=held))

    async def live_jobs(self, after: int = 0, limit: int = 100) -> Page[JobReport]:
        """Return a page of jobs that are not final yet."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", "/pilot/job", Page[JobReport], params=params)
