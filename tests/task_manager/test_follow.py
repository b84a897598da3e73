"""What the task-manager carries from one log to another."""

from penstock_core.contracts.base import Event, EventPage
from penstock_core.contracts.workflow import JobReport, TaskReport
from penstock_core.contracts.workload import Report, ReportPage
from penstock_core.errors import Stale
from task_manager.follow import (
    ReportFollower,
    StateCopier,
    announcements,
    copies,
    newest_reports,
)


def task(task_id: int, status: str, files: int = 3) -> TaskReport:
    return TaskReport(
        task_id=task_id,
        output_uid=f"out{task_id}",
        log_uid=f"log{task_id}",
        status=status,
        jobs=3,
        running=0,
        finished=3,
        failed=0,
        output_files=files,
        log_files=3,
    )


def closed(seq: int, uid: str, state: str) -> Event:
    body = {"uid": uid, "state": state, "files": 3, "incomplete": False, "name": uid}
    return Event(seq=seq, topic="dataset.closed", key=uid, namespace="default", at="", body=body)


def test_only_the_last_state_of_a_dataset_is_copied() -> None:
    events = (closed(1, "a", "CLOSED"), closed(2, "b", "CLOSED"), closed(3, "a", "DELETED"))
    assert {c.uid: c.state for c in copies(events)} == {"a": "DELETED", "b": "CLOSED"}


def test_what_is_found_out_of_a_closed_dataset_is_copied_and_of_an_open_one_not() -> None:
    late = closed(2, "a", "CLOSED")
    late = late.model_copy(update={"body": late.body | {"incomplete": True}})
    events = (closed(1, "a", "CLOSED"), late, closed(3, "b", "OPEN"))
    assert [(c.uid, c.files, c.incomplete) for c in copies(events)] == [("a", 3, True)]


def test_only_the_last_report_of_a_task_counts() -> None:
    reports = tuple(
        Report(seq=n, task=task(1, status))
        for n, status in enumerate(("SUBMITTED", "IN_PROGRESS", "FINISHED"))
    )
    assert [t.status for t in newest_reports(reports)] == ["FINISHED"]


def test_a_finished_task_announces_output_and_log_with_their_counts() -> None:
    ends = announcements((task(7, "FINISHED", files=6),))
    assert [(e.uid, e.files) for e in ends] == [("out7", 6), ("log7", 3)]


def test_what_is_made_of_an_incomplete_input_is_announced_as_incomplete() -> None:
    lacking = task(7, "FINISHED").model_copy(update={"input_incomplete": True})
    assert [e.incomplete for e in announcements((lacking, task(8, "FINISHED")))] == [
        *(True, True),
        *(False, False),
    ]


def test_failed_and_partial_tasks_announce_nothing() -> None:
    assert announcements((task(1, "FAILED"), task(2, "PARTIAL"), task(3, "IN_PROGRESS"))) == ()


class Dsm:
    """Remembers what was announced."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls

    async def events(self, after: int, limit: int, topics: object) -> EventPage:
        found = () if after else (closed(1, "a", "CLOSED"),)
        return EventPage(events=found, cursor=1)

    async def announce(self, ends: object) -> None:
        self.calls.append("announce")


class DataAccess:
    """Keeps the cursor, and refuses a batch that does not start there."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls
        self.at = 0

    async def cursor(self, follower: str) -> int:
        return self.at

    async def copy_states(self, batch: object) -> None:
        self.at = batch.cursor  # type: ignore[attr-defined]
        self.calls.append("copy")

    async def store_observed(self, batch: object) -> None:
        if batch.expected != self.at:  # type: ignore[attr-defined]
            raise Stale("elsewhere")
        self.at = batch.cursor  # type: ignore[attr-defined]
        self.calls.append("store")


class Workload:
    """A log of two reports."""

    async def reports(self, after: int, limit: int) -> ReportPage:
        job = JobReport(
            task_id=1,
            index=0,
            state="FINISHED",
            attempts=1,
            exit_code=0,
            reason="",
            host="here",
            started_at=None,
            ended_at=None,
        )
        log = (Report(seq=1, job=job), Report(seq=2, task=task(1, "FINISHED")))
        return ReportPage(reports=tuple(r for r in log if r.seq > after), cursor=2)


async def test_an_end_is_announced_before_it_is_stored() -> None:
    calls: list[str] = []
    follower = ReportFollower(Dsm(calls), DataAccess(calls), Workload())  # type: ignore[arg-type]
    await follower.observe()
    await follower.observe()
    assert calls == ["announce", "store"]


async def test_after_another_replica_came_first_it_reads_the_cursor_again() -> None:
    calls: list[str] = []
    data_access = DataAccess(calls)
    follower = ReportFollower(Dsm(calls), data_access, Workload())  # type: ignore[arg-type]
    data_access.at = 2
    assert await follower.observe() is False
    assert calls == []


async def test_who_looks_for_due_tasks_is_told_once_states_are_copied() -> None:
    calls: list[str] = []
    copier = StateCopier(Dsm(calls), DataAccess(calls), lambda: calls.append("wake"))  # type: ignore[arg-type]
    await copier.copy()
    await copier.copy()
    assert calls == ["copy", "wake"]
