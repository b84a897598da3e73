"""What the task-manager needs of a workload system, whichever it is."""

from collections.abc import Sequence
from typing import Protocol

from penstock_core.contracts.workload import Accepted, Command, ReportPage, WorkloadTask


class WorkloadSystem(Protocol):
    """Takes tasks by their natural key, and tells what became of them in a log of reports.

    The embedded one is :class:`penstock_core.clients.PilotClient`.
    """

    async def submit(self, tasks: Sequence[WorkloadTask]) -> tuple[Accepted, ...]:
        """Take these tasks; a name that it has already is the same task."""
        ...

    async def reports(self, after: int, limit: int = 500) -> ReportPage:
        """Return reports after a cursor, oldest first."""
        ...

    async def command(self, commands: Sequence[Command]) -> tuple[Accepted, ...]:
        """Pass on what operators ask for; asking twice is asking once."""
        ...
