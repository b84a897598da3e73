"""Three logs that the task-manager follows, each with a cursor stored beside the effect."""

import logging
from collections.abc import Callable

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clients.follower import Follower
from penstock_core.contracts.base import Event
from penstock_core.contracts.dsm import Announcement
from penstock_core.contracts.workflow import CopiedStates, DatasetCopy, ObservedBatch, TaskReport
from penstock_core.contracts.workload import Command, Report
from penstock_core.states import DatasetState, TaskStatus
from task_manager.workload import WorkloadSystem

log = logging.getLogger(__name__)
BATCH = 500
STATE_TOPICS = ("dataset.closed", "dataset.changed", "dataset.deleted")
COPIED = frozenset({DatasetState.CLOSED, DatasetState.DELETED})
ENDED_WELL = frozenset({TaskStatus.FINISHED, TaskStatus.SKIPPED})


class StateCopier:
    """Copies what became of closed and deleted datasets to data-access, which makes tasks due.

    ``on_copied`` is called after a stretch is stored, for whoever looks for due tasks.
    """

    def __init__(
        self, dsm: DsmClient, data_access: DataAccessClient, on_copied: Callable[[], None]
    ) -> None:
        self._dsm = dsm
        self._on_copied = on_copied
        self._data_access = data_access
        self._follower = Follower(data_access, "task-manager:dsm")

    async def copy(self) -> bool:
        """Copy the next stretch; return whether there may be more."""
        start = await self._follower.start()
        page = await self._dsm.events(start, BATCH, STATE_TOPICS)
        self._follower.saw(start, page)
        if page.cursor != start:
            await self._data_access.copy_states(
                CopiedStates(
                    follower=self._follower.name,
                    expected=start,
                    cursor=page.cursor,
                    states=copies(page.events),
                )
            )
            self._on_copied()
        self._follower.reached(page.cursor)
        return len(page.events) == BATCH


def copies(events: tuple[Event, ...]) -> tuple[DatasetCopy, ...]:
    """Return what ``events`` tell last of each dataset that is closed or deleted.

    One that is closed may change still: what is found out later may make it incomplete.
    """
    newest = {event.body["uid"]: event.body for event in events}
    return tuple(
        DatasetCopy(**{name: body[name] for name in DatasetCopy.model_fields})
        for body in newest.values()
        if body["state"] in COPIED
    )


class ReportFollower:
    """Carries the workload system's reports to the storage manager and to data-access.

    The end of a task is announced first, with its counts, and stored second: whoever sees the
    task final finds its datasets on their way to being closed.
    """

    def __init__(
        self, dsm: DsmClient, data_access: DataAccessClient, workload: WorkloadSystem
    ) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._workload = workload
        self._follower = Follower(data_access, "task-manager:reports")

    async def observe(self) -> bool:
        """Carry the next stretch over; return whether there may be more."""
        start = await self._follower.start()
        page = await self._workload.reports(start, BATCH)
        if page.cursor != start:
            tasks = newest_reports(page.reports)
            if ends := announcements(tasks):
                await self._dsm.announce(ends)
            await self._data_access.store_observed(
                ObservedBatch(
                    follower=self._follower.name,
                    expected=start,
                    cursor=page.cursor,
                    tasks=tasks,
                    jobs=tuple(report.job for report in page.reports if report.job),
                )
            )
        self._follower.reached(page.cursor)
        return len(page.reports) == BATCH


def newest_reports(reports: tuple[Report, ...]) -> tuple[TaskReport, ...]:
    """Return the last report on each task, in the order of these."""
    newest: dict[int, TaskReport] = {}
    for report in reports:
        if report.task is not None:
            newest.pop(report.task.task_id, None)
            newest[report.task.task_id] = report.task
    return tuple(newest.values())


def announcements(tasks: tuple[TaskReport, ...]) -> tuple[Announcement, ...]:
    """Return the ends to announce: of tasks that ended well, for their output and log datasets.

    FAILED and PARTIAL keep their outputs open, for a retry, until the loss is accepted. What was
    made of an incomplete input is incomplete itself.
    """
    ended = [task for task in tasks if task.status in ENDED_WELL]
    return tuple(
        Announcement(
            uid=uid,
            files=files,
            producer=f"task.{task.task_id}",
            incomplete=task.input_incomplete,
        )
        for task in ended
        for uid, files in ((task.output_uid, task.output_files), (task.log_uid, task.log_files))
    )


class WishFollower:
    """Passes on what is asked of submitted tasks: retry, pause, resume, cancel, another rank."""

    def __init__(self, data_access: DataAccessClient, workload: WorkloadSystem) -> None:
        self._data_access = data_access
        self._workload = workload
        self._follower = Follower(data_access, "task-manager:wishes")

    async def pass_on(self) -> bool:
        """Pass on the next stretch; return whether there may be more."""
        start = await self._follower.start()
        page = await self._data_access.events(start, BATCH, ("task.requested",))
        self._follower.saw(start, page)
        if page.events:
            asked = [Command(**event.body) for event in page.events]
            for command, answer in zip(asked, await self._workload.command(asked), strict=True):
                if answer.outcome == "refused":
                    log.info("%s is not done: %s", command.action, answer.reason)
        if page.cursor != start:
            await self._data_access.move_cursor(self._follower.name, start, page.cursor)
        self._follower.reached(page.cursor)
        return len(page.events) == BATCH
