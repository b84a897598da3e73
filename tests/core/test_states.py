"""Every state machine is a table, and the tables are sound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_core.errors import IllegalMove
from penstock_core.states import (
    DATASET_MOVES,
    FILE_MOVES,
    FINAL_TASKS,
    JOB_MOVES,
    RUN_MOVES,
    TASK_MOVES,
    TEMPLATE_MOVES,
    TaskStatus,
    check_move,
    may_move,
)

TABLES = [TEMPLATE_MOVES, DATASET_MOVES, FILE_MOVES, TASK_MOVES, JOB_MOVES, RUN_MOVES]


@pytest.mark.parametrize("table", TABLES)
def test_every_state_has_a_row(table: dict) -> None:
    assert set(table) == set(type(next(iter(table))))


@pytest.mark.parametrize("table", TABLES)
def test_every_state_can_be_reached_from_the_first(table: dict) -> None:
    first = next(iter(table))
    reached, todo = {first}, [first]
    while todo:
        new = table[todo.pop()] - reached
        reached |= new
        todo += new
    assert reached == set(table)


def test_a_finished_task_never_moves_again() -> None:
    with pytest.raises(IllegalMove, match="task 7 cannot go from FINISHED to IN_PROGRESS"):
        check_move(TASK_MOVES, TaskStatus.FINISHED, TaskStatus.IN_PROGRESS, "task 7")


def test_a_refused_move_names_what_may_follow() -> None:
    with pytest.raises(IllegalMove) as refused:
        check_move(TASK_MOVES, TaskStatus.FAILED, TaskStatus.FINISHED, "task 7")
    assert refused.value.facts["allowed"] == ["IN_PROGRESS"]


def test_only_retry_leaves_a_final_state() -> None:
    after = {s: set(TASK_MOVES[s]) for s in FINAL_TASKS}
    assert {s for s, moves in after.items() if moves} == {TaskStatus.PARTIAL, TaskStatus.FAILED}


@given(st.sampled_from(TaskStatus))
def test_being_told_the_same_state_again_is_allowed(status: TaskStatus) -> None:
    assert may_move(TASK_MOVES, status, status)
