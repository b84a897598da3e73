"""What failure brings by itself: a pause with an alarm, a loss that the template accepts."""

import pytest
from tests.data_access.reporting import ended, make_chains, report, requests, submit
from tests.data_access.room import Room

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import ActionName, NewAction, Selection
from penstock_core.contracts.workload import Command
from penstock_core.states import TaskStatus

S = TaskStatus
PAUSE = Command(name="task.1", action="pause")


@pytest.fixture
async def operator(room: Room) -> DataAccessClient:
    """An operator over one chain whose first task runs."""
    client = await make_chains(room, "a.test.raw")
    await submit(room)
    return client


async def act(client: DataAccessClient, action: ActionName) -> None:
    await client.act(NewAction(action=action, selection=Selection(tasks=(1,))))


async def test_a_task_whose_jobs_fail_pauses_with_an_alarm_and_an_entry_in_its_history(
    room: Room, operator: DataAccessClient
) -> None:
    failing = {"ends": ended("f" * 10 + "." * 10), "failed": 10, "finished": 10}
    await report(room, S.IN_PROGRESS, reason="Job 0: exit code 1", **failing)
    assert (await operator.task(1)).paused
    assert await requests(operator) == [PAUSE]
    (alarm,) = (await operator.alarms()).items
    why = "10 of the last 20 jobs failed; Job 0: exit code 1"
    assert (alarm.kind, alarm.subject) == ("task_paused", "task.1")
    assert alarm.text == f"Task 1 (decoding) was paused: {why}"
    (action,) = (await operator.task_actions(1)).items
    assert (action.actor, action.action, action.because) == ("policy", "pause", why)


async def test_jobs_are_counted_over_all_reports_each_once(
    room: Room, operator: DataAccessClient
) -> None:
    for first in range(0, 20, 5):
        assert await requests(operator) == []
        await report(room, S.IN_PROGRESS, ends=ended("f" * 5, first))
    assert await requests(operator) == [PAUSE]
    await report(room, S.IN_PROGRESS, ends=ended("f", 20))
    assert await requests(operator) == [PAUSE]


@pytest.mark.parametrize("action", [ActionName.RESUME, ActionName.RETRY])
async def test_who_lets_it_go_on_is_not_overruled_by_what_failed_before(
    room: Room, operator: DataAccessClient, action: ActionName
) -> None:
    await report(room, S.IN_PROGRESS, ends=ended("f" * 20), failed=20)
    await act(operator, action)
    assert not (await operator.task(1)).paused
    assert (await operator.alarms()).items == ()
    await report(room, S.IN_PROGRESS, ends=ended("f" * 19, 20), failed=39)
    assert not (await operator.task(1)).paused
    await report(room, S.IN_PROGRESS, ends=ended("f", 39), failed=40)
    assert (await operator.task(1)).paused
    assert [alarm.count for alarm in (await operator.alarms()).items] == [1]
    assert [c.action for c in await requests(operator)] == ["pause", action, "pause"]


async def test_a_task_that_has_ended_is_paused_no_more(
    room: Room, operator: DataAccessClient
) -> None:
    await report(room, S.IN_PROGRESS, ends=ended("f" * 20), failed=20)
    await report(room, S.FAILED, failed=20)
    task = await operator.task(1)
    assert (task.status, task.paused) == ("FAILED", False)
    assert (await operator.alarms()).items == ()


async def test_a_task_that_ends_at_once_does_not_pause(
    room: Room, operator: DataAccessClient
) -> None:
    await report(room, S.FAILED, ends=ended("f" * 30), failed=30)
    assert await requests(operator) == []
    assert (await operator.alarms()).items == ()


async def test_a_loss_that_the_template_accepts_is_accepted_in_its_name(room: Room) -> None:
    operator = await make_chains(room, "a.test.raw", accept_loss=0.1)
    await submit(room)
    await report(room, S.PARTIAL, jobs=10, failed=1, finished=9, output_files=9)
    (event,) = (await operator.events(0, topics=["task.loss_accepted"])).events
    why = "1 of 10 jobs failed; the template accepts 0.1 of them"
    assert (event.body["actor"], event.body["because"]) == ("policy", why)
    (action,) = (await operator.task_actions(1)).items
    assert (action.actor, action.action, action.because) == ("policy", "accept_loss", why)
    assert (await operator.task(1)).loss_accepted_by == "policy"
