"""Whether an action is for a task, and what failure brings by itself: functions of values."""

from typing import Any

import pytest

from data_access.actions.rules import MAY_BE_FOR, Standing, decide
from data_access.failure_policies import accepted_loss, why_pause
from penstock_core.contracts.workflow import ActionName
from penstock_core.states import DatasetState, TaskStatus

A, S = ActionName, TaskStatus


def standing(status: TaskStatus, **other: Any) -> Standing:
    values: dict[str, Any] = {
        "paused": False,
        "rank": 1,
        "failed": 0,
        "output": DatasetState.OPEN,
        "loss_accepted_by": "",
        "masked": DatasetState.CLOSED,
        "template_id": 1,
    }
    return Standing(status, **values | other)


@pytest.mark.parametrize(
    ("action", "task", "outcome"),
    [
        (A.RETRY, standing(S.FAILED), "asked"),
        (A.RETRY, standing(S.PARTIAL), "asked"),
        (A.RETRY, standing(S.IN_PROGRESS, failed=2), "asked"),
        (A.RETRY, standing(S.IN_PROGRESS), "refused"),
        (A.RETRY, standing(S.DEFINED), "refused"),
        (A.RETRY, standing(S.FINISHED), "refused"),
        (A.RETRY, standing(S.FAILED, output=DatasetState.CLOSED), "refused"),
        (A.RETRY, standing(S.PARTIAL, loss_accepted_by="policy"), "refused"),
        (A.PAUSE, standing(S.DEFINED), "done"),
        (A.PAUSE, standing(S.SUBMITTED), "asked"),
        (A.PAUSE, standing(S.SUBMITTED, paused=True), "already"),
        (A.PAUSE, standing(S.SKIPPED), "refused"),
        (A.RESUME, standing(S.IN_PROGRESS, paused=True), "asked"),
        (A.RESUME, standing(S.DEFINED, paused=True), "done"),
        (A.RESUME, standing(S.DEFINED), "already"),
        (A.RESUME, standing(S.FAILED), "refused"),
        (A.CANCEL, standing(S.DEFINED), "done"),
        (A.CANCEL, standing(S.IN_PROGRESS), "asked"),
        (A.CANCEL, standing(S.CANCELLED), "already"),
        (A.CANCEL, standing(S.PARTIAL), "refused"),
        (A.RANK, standing(S.DEFINED), "done"),
        (A.RANK, standing(S.IN_PROGRESS), "asked"),
        (A.RANK, standing(S.IN_PROGRESS, rank=5), "already"),
        (A.RANK, standing(S.FINISHED), "refused"),
        (A.ACCEPT_LOSS, standing(S.FAILED), "done"),
        (A.ACCEPT_LOSS, standing(S.PARTIAL, loss_accepted_by="me"), "already"),
        (A.ACCEPT_LOSS, standing(S.PARTIAL, output=DatasetState.CLOSED), "refused"),
        (A.ACCEPT_LOSS, standing(S.IN_PROGRESS, failed=3), "refused"),
        (A.RERUN_ALL, standing(S.FINISHED), "done"),
        (A.RERUN_ALL, standing(S.FINISHED, template_id=None), "refused"),
        (A.RERUN_ALL, standing(S.FINISHED, masked=DatasetState.DELETED), "refused"),
    ],
)
def test_what_an_action_is_to_a_task(action: ActionName, task: Standing, outcome: str) -> None:
    assert decide(action, task, 5).outcome == outcome


@pytest.mark.parametrize("action", list(ActionName))
@pytest.mark.parametrize("status", list(TaskStatus))
def test_an_action_does_something_only_in_the_states_that_selections_take(
    action: ActionName, status: TaskStatus
) -> None:
    for paused in (False, True):
        verdict = decide(action, standing(status, paused=paused, failed=1), 5)
        assert not verdict.counts or status in MAY_BE_FOR[action]
        assert bool(verdict.why) == (verdict.outcome == "refused")


def row(failed: int, finished: int, **other: Any) -> dict[str, Any]:
    values = {
        "status": S.IN_PROGRESS,
        "paused": False,
        "pause_rate": 0.5,
        "pause_after": 20,
        "since_failed": failed,
        "since_finished": finished,
        "reason": "Job 3: exit code 1",
    }
    return values | other


def test_a_task_pauses_once_enough_jobs_have_ended_and_enough_of_them_failed() -> None:
    assert why_pause(row(10, 10)) == "10 of the last 20 jobs failed; Job 3: exit code 1"
    assert why_pause(row(19, 0)) == ""
    assert why_pause(row(9, 11)) == ""
    assert why_pause(row(1, 9, pause_rate=0.1, pause_after=10)) != ""


def test_a_task_that_is_paused_or_has_ended_does_not_pause() -> None:
    assert why_pause(row(20, 0, paused=True)) == ""
    assert why_pause(row(20, 0, status=S.FAILED)) == ""


def lost(failed: int, finished: int, accept_loss: float, **other: Any) -> dict[str, Any]:
    counts = {"failed": failed, "finished": finished, "jobs": failed + finished}
    return {"status": S.PARTIAL, "accept_loss": accept_loss, **counts} | other


def test_a_loss_is_accepted_up_to_the_fraction_that_the_template_says() -> None:
    assert accepted_loss(lost(2, 98, 0.02)) == (
        "2 of 100 jobs failed; the template accepts 0.02 of them"
    )
    assert accepted_loss(lost(3, 97, 0.02)) == ""
    assert accepted_loss(lost(1, 99, 0)) == ""
    assert accepted_loss(lost(5, 0, 1, status=S.FAILED)) != ""


def test_what_is_unknown_or_goes_on_is_no_accepted_loss() -> None:
    assert accepted_loss(lost(0, 10, 0.5)) == ""
    assert accepted_loss(lost(1, 9, 0.5, status=S.IN_PROGRESS)) == ""
