"""Commands that operate tasks: shown first, confirmed, done to exactly what was shown."""

import io

import pytest

from penstock_core.contracts.workflow import Selection


@pytest.fixture
def answer(monkeypatch):
    """How a person answers the question."""

    def will_say(word: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{word}\n"))

    return will_say


@pytest.fixture
def workflow(signed_in, admin, stocked):
    """A chain of two tasks, made anew."""
    dataset = "run1.test.raw"
    first = min(task.wflow_id for task in admin.tasks(dataset=dataset))
    signed_in("task", "retry", "--workflow", first, "--all", "--yes")
    return max(task.wflow_id for task in admin.tasks(dataset=dataset))


def tasks_of(admin, workflow):
    return [task.task_id for task in admin.tasks(workflow=workflow)]


def test_what_an_action_would_do_is_shown_and_not_done(signed_in, admin, workflow):
    ran = signed_in("task", "pause", "--workflow", workflow, "--dry-run")
    assert ran.code == 0
    for word in ("Pause:", "decoding", "reconstruction", "run1.test.raw"):
        assert word in ran.out
    outcomes = signed_in("task", "pause", "--workflow", workflow, "-n", "--json").json["outcomes"]
    assert [one["task_id"] for one in outcomes] == tasks_of(admin, workflow)
    assert not any(task.paused for task in admin.tasks(workflow=workflow))


def test_nothing_is_done_unless_it_is_confirmed(signed_in, admin, workflow, answer):
    answer("n")
    ran = signed_in("task", "pause", "--workflow", workflow)
    assert ran.code == 1
    assert "Pause 2 tasks?" in ran.out
    assert not any(task.paused for task in admin.tasks(workflow=workflow))
    answer("y")
    ran = signed_in("task", "pause", "--workflow", workflow, "--because", "the map is wrong")
    assert (ran.code, "Pause: 2 tasks. It is action" in ran.out) == (0, True)
    assert all(task.paused for task in admin.tasks(workflow=workflow))


def test_json_is_alone_on_standard_output_and_the_question_elsewhere(
    signed_in, admin, workflow, answer
):
    answer("y")
    ran = signed_in("task", "rank", "--workflow", workflow, "--to", 7, "--json")
    # A task that the workload system has by then is asked, one that it has not is changed here.
    assert {one["outcome"] for one in ran.json["outcomes"]} <= {"asked", "done"}
    assert len(ran.json["outcomes"]) == 2
    assert "Rank 7 for 2 tasks?" in ran.err
    assert [task.rank for task in admin.tasks(workflow=workflow)] == [7, 7]


def test_the_history_of_a_task_tells_who_and_why(signed_in, system, admin, workflow):
    task, _ = tasks_of(admin, workflow)
    assert signed_in("task", "history", task).out == "Nothing was done about it.\n"
    signed_in("task", "rank", task, "--to", 3, "--because", "express", "--yes")
    signed_in("task", "cancel", task, "--yes")
    ran = signed_in("task", "history", task)
    for word in ("rank 3", "express", "cancel"):
        assert word in ran.out
    assert [row["action"] for row in signed_in("task", "history", task, "--json").json] == [
        "rank",
        "cancel",
    ]
    assert admin.task_history(task)[0].actor != ""


def test_what_is_for_none_of_the_named_tasks_is_an_error(signed_in, admin, workflow):
    task, other = tasks_of(admin, workflow)
    ran = signed_in("task", "accept-loss", task, other, "--because", "noise", "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert "only FAILED and PARTIAL lost anything" in ran.err
    assert "So it is with all 2 of them." in ran.err


def test_a_selection_that_holds_nothing_of_the_kind_is_none(signed_in, stocked):
    ran = signed_in("task", "retry", "--run", "4711")
    assert (ran.code, ran.out) == (0, "Retry: no such task that it is for.\n")


def test_no_selection_is_wrong_usage(signed_in):
    assert signed_in("task", "cancel").code == 2
    assert signed_in("task", "retry", 1, "--newest").code == 2
    assert signed_in("task", "rank", 1).code == 2


def test_alarms_are_listed_and_acknowledged(signed_in, system, admin, stocked):
    assert "No alarm." in signed_in("alarm", "list", "--kind", "no_such_kind").out
    ran = signed_in("alarm", "ack", 4711)
    assert ran.code == 1
    assert "penstock alarm list --all" in ran.err


def test_the_client_acts_on_a_selection(admin, workflow):
    result = admin.act("pause", Selection(workflows=(workflow,)), dry_run=True)
    assert [one.outcome for one in result.outcomes] != []
