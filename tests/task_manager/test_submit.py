"""Submission: datasets first, the workload system second, the store last; each by natural keys."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from penstock_core.contracts.dsm import Dataset, NewDataset
from penstock_core.contracts.workflow import (
    ClaimRequest,
    DueTask,
    Identity,
    SubmittedTask,
    TaskInput,
)
from penstock_core.contracts.workload import Accepted, WorkloadTask
from penstock_core.errors import Duplicate
from penstock_core.states import DatasetKind, DatasetState
from task_manager.submit import Submitter

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def identity(number: int, kind: DatasetKind) -> Identity:
    return Identity(
        dataset_id=number,
        uid="",
        namespace="default",
        scope="daq",
        name=f"d{number}.{kind}",
        kind=kind,
    )


def due(task_id: int) -> DueTask:
    return DueTask(
        task_id=task_id,
        token=3,
        workflow_id=1,
        namespace="default",
        template_id=1,
        recipe_digest="digest",
        step="decode",
        values={"gain": 2},
        rank=1,
        retry=2,
        inputs=(TaskInput(step="", dataset_uid="in"),),
        output=identity(task_id, DatasetKind.OUTPUT),
        log=identity(task_id, DatasetKind.LOG),
    )


class Dsm:
    """Makes datasets by name, once: all or none, and none of those that are taken."""

    def __init__(self, *taken: str) -> None:
        self.taken = taken
        self.made: dict[str, Dataset] = {}

    async def create_datasets(self, wanted: Sequence[NewDataset]) -> tuple[Dataset, ...]:
        for new in wanted:
            if new.name in self.taken:
                raise Duplicate(f"{new.name} is there already, of another kind")
            fields = new.model_dump()
            self.made.setdefault(
                new.name,
                Dataset(
                    uid=f"uid.{new.name}",
                    state=DatasetState.OPEN,
                    files=0,
                    size_bytes=0,
                    announced=None,
                    incomplete=False,
                    revision=0,
                    opened_at=NOON,
                    closed_at=None,
                    closed_because="",
                    closed_by="",
                    **fields,
                ),
            )
        return tuple(self.made[new.name] for new in wanted)


class DataAccess:
    """Hands out the due tasks once, and keeps what was stored."""

    def __init__(self, *tasks: DueTask) -> None:
        self.due = [tasks]
        self.stored: list[SubmittedTask] = []

    async def claim_tasks(self, request: ClaimRequest) -> tuple[DueTask, ...]:
        return self.due.pop() if self.due else ()

    async def store_submitted(self, tasks: Sequence[SubmittedTask]) -> None:
        self.stored += tasks


class Workload:
    """Takes tasks by name; refuses those it was told to."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.tasks: dict[str, WorkloadTask] = {}

    async def submit(self, tasks: Sequence[WorkloadTask]) -> tuple[Accepted, ...]:
        answers = []
        for task in tasks:
            outcome = "already" if task.name in self.tasks else "accepted"
            self.tasks.setdefault(task.name, task)
            refused = task.name in self.refused
            answers.append(
                Accepted(name=task.name, outcome="refused" if refused else outcome, reason="taken")
            )
        return tuple(answers)


async def submit(dsm: Dsm, data_access: DataAccess, workload: Workload) -> None:
    submitter = Submitter(dsm, data_access, workload, "me")  # type: ignore[arg-type]
    while await submitter.submit():
        pass


async def test_a_due_task_goes_out_with_its_datasets_and_is_stored_under_its_token() -> None:
    dsm, data_access, workload = Dsm(), DataAccess(due(7)), Workload()
    await submit(dsm, data_access, workload)
    task = workload.tasks["task.7"]
    assert (task.output_uid, task.log_uid) == ("uid.d7.output", "uid.d7.log")
    assert (task.step, task.values, task.inputs) == ("decode", {"gain": 2}, due(7).inputs)
    (stored,) = data_access.stored
    assert (stored.task_id, stored.token, stored.external_id) == (7, 3, "task.7")
    assert (stored.output_uid, stored.log_uid) == ("uid.d7.output", "uid.d7.log")


async def test_done_again_after_a_kill_it_is_the_same_task_over_the_same_datasets() -> None:
    dsm, workload = Dsm(), Workload()
    first, second = DataAccess(due(7)), DataAccess(due(7))
    await submit(dsm, first, workload)
    await submit(dsm, second, workload)
    assert first.stored == second.stored
    assert (len(dsm.made), len(workload.tasks)) == (2, 1)


async def test_a_refused_task_is_told_of_and_keeps_nobody_else_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data_access = DataAccess(due(7), due(8))
    with caplog.at_level(logging.ERROR):
        await submit(Dsm(), data_access, Workload("task.7"))
    assert [s.task_id for s in data_access.stored] == [8]
    assert "task.7 was refused, and is tried again: taken" in caplog.text


async def test_a_task_whose_datasets_cannot_be_made_keeps_nobody_else_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data_access = DataAccess(due(7), due(8))
    with caplog.at_level(logging.ERROR):
        await submit(Dsm("d7.output"), data_access, Workload())
    assert [s.task_id for s in data_access.stored] == [8]
    assert "task.7" in caplog.text
