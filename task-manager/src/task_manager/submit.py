"""Due tasks: claimed, their output and log datasets made, handed to the workload system."""

import logging
from collections.abc import Sequence

from penstock_core.activity import worked
from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.contracts.dsm import NewDataset
from penstock_core.contracts.workflow import ClaimRequest, DueTask, Identity, SubmittedTask
from penstock_core.contracts.workload import WorkloadTask
from penstock_core.errors import Conflict, InvalidInput
from penstock_core.metrics import SUBMITTED
from task_manager.workload import WorkloadSystem

log = logging.getLogger(__name__)

BATCH = 200


def external_name(task: DueTask) -> str:
    """Return the name that a task has in every workload system: its natural key there."""
    return f"task.{task.task_id}"


def new_dataset(identity: Identity, task: DueTask) -> NewDataset:
    """Return the dataset that ``task`` fills, as the storage manager is to make it."""
    return NewDataset(
        name=identity.name,
        namespace=identity.namespace,
        scope=identity.scope,
        kind=identity.kind,
        producer=external_name(task),
        metadata={"task": task.task_id, "workflow": task.workflow_id, "step": task.step},
    )


def workload_task(task: DueTask, output_uid: str, log_uid: str) -> WorkloadTask:
    """Return ``task`` as the workload system takes it."""
    return WorkloadTask(
        name=external_name(task),
        task_id=task.task_id,
        namespace=task.namespace,
        recipe_digest=task.recipe_digest,
        step=task.step,
        values=task.values,
        rank=task.rank,
        behind=task.behind,
        retry=task.retry,
        inputs=task.inputs,
        output_uid=output_uid,
        output_name=task.output.name,
        log_uid=log_uid,
        log_name=task.log.name,
    )


class Submitter:
    """Submits what is due. Killed anywhere, it does the rest again: each effect has a natural key.

    The claim runs out, the datasets are found by name, the workload system has the task by name;
    only then is the task stored as submitted, under the claim's token.
    """

    def __init__(
        self, dsm: DsmClient, data_access: DataAccessClient, workload: WorkloadSystem, claimant: str
    ) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._workload = workload
        self._claim = ClaimRequest(claimant=claimant, limit=BATCH)

    async def submit(self) -> bool:
        """Submit one batch of due tasks; return whether more may be due."""
        due = await self._data_access.claim_tasks(self._claim)
        if not due:
            return False
        try:
            await self._submit(due)
        except (InvalidInput, Conflict) as error:
            log.warning("%d tasks are submitted alone: %s", len(due), error)
            for task in due:
                await self._submit_alone(task)
        return True

    async def _submit_alone(self, task: DueTask) -> None:
        """Submit one task; what is wrong with it must not stop the others."""
        try:
            await self._submit([task])
        except (InvalidInput, Conflict) as error:
            log.error("%s cannot be submitted, and is tried again: %s", external_name(task), error)

    async def _submit(self, due: Sequence[DueTask]) -> None:
        uids = await self._make_datasets(due)
        answers = await self._workload.submit(
            [workload_task(task, *uid) for task, uid in zip(due, uids, strict=True)]
        )
        for answer in answers:
            if answer.outcome == "refused":
                log.error("%s was refused, and is tried again: %s", answer.name, answer.reason)
        taken = {a.name for a in answers if a.outcome != "refused"}
        await self._data_access.store_submitted(
            [
                SubmittedTask(
                    task_id=task.task_id,
                    token=task.token,
                    external_id=external_name(task),
                    output_uid=output,
                    log_uid=log,
                    rank=task.rank,
                )
                for task, (output, log) in zip(due, uids, strict=True)
                if external_name(task) in taken
            ]
        )
        SUBMITTED.inc(len(taken))
        worked("task-manager")

    async def _make_datasets(self, due: Sequence[DueTask]) -> list[tuple[str, str]]:
        wanted = [new_dataset(i, task) for task in due for i in (task.output, task.log)]
        made = await self._dsm.create_datasets(wanted)
        return [(made[n].uid, made[n + 1].uid) for n in range(0, len(made), 2)]
