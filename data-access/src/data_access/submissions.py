"""One task over one dataset, submitted over REST: a workflow of one step, without a template."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.compiling import Compiler, store_recipe
from data_access.counters import Counters
from data_access.dataset_rows import datasets_after, read_dataset, read_datasets
from data_access.executables import argv_of
from data_access.making import Chain, make_chains
from data_access.plans import Origin
from data_access.schema import task, workflow
from data_access.task_rows import read_spd_task
from penstock_core.clients import DsmClient
from penstock_core.clock import now
from penstock_core.contracts.base import Json
from penstock_core.contracts.workflow import (
    DatasetRef,
    DatasetRow,
    Need,
    NewTask,
    PlannedTask,
    PlannedWorkflow,
    SpdTask,
)
from penstock_core.errors import Conflict, Duplicate, InvalidInput, NotFound
from penstock_core.store import Store
from recipe.compiler import CompileRequest
from recipe.digest import recipe_digest
from recipe.model import Recipe
from recipe.plan import LOG_SUFFIX, dataset_name

MAIN = "task.cwl"
_INPUT, _OUTPUT = "input", "output"


@dataclass(frozen=True, slots=True)
class Submissions:
    """What is needed to take a task."""

    store: Store
    compiler: Compiler
    executables: Mapping[str, list[str]]
    dsm: DsmClient

    async def create(self, new: NewTask) -> SpdTask:
        """Return the task of this request, made if its idempotency key is new."""
        document = tool(argv_of(self.executables, new.exec), _split(new.args), new.mode)
        async with self.store.read() as connection:
            repeated = await _repeated(connection, new)
            masked = repeated or await self._dataset(connection, new)
        if isinstance(masked, SpdTask):
            return masked
        recipe = await self._compile(new, document)
        ref = masked if isinstance(masked, DatasetRef) else await self._ask(new)
        return await self._store(new, ref, recipe)

    async def _dataset(self, connection: AsyncConnection, new: NewTask) -> DatasetRef | None:
        """Return the dataset if it is known here; None if the storage manager must be asked."""
        if new.datas_in_id is not None:
            return _ref(await read_dataset(connection, new.datas_in_id))
        if not new.dataset:
            raise InvalidInput(
                "The task has no dataset.",
                hint="Give datas_in_id, or dataset (its name) and namespace.",
                field="dataset",
            )
        query = datasets_after(0, 2, name=new.dataset, namespace=new.namespace)
        found = await read_datasets(connection, query)
        return _ref(found[0]) if len(found) == 1 else None

    async def _ask(self, new: NewTask) -> DatasetRef:
        page = await self.dsm.datasets(name=new.dataset, namespace=new.namespace, limit=2)
        if len(page.items) != 1:
            raise NotFound(
                f"There is {'no' if not page.items else 'more than one'} dataset "
                f"{new.dataset} in namespace {new.namespace}.",
                hint="See GET /api/v1/dataset of the storage manager; or give datas_in_id.",
                field="dataset",
            )
        found = page.items[0]
        return DatasetRef(
            **found.model_dump(include={"uid", "namespace", "scope", "name", "state", "metadata"}),
            registered_at=found.opened_at,
        )

    async def _compile(self, new: NewTask, document: Json) -> Recipe:
        text = json.dumps(document, indent=2)
        request = CompileRequest(documents={MAIN: text}, main=MAIN, input=_INPUT)
        recipe = await self.compiler(request)
        step = recipe.steps[0]
        resources = step.resources.model_copy(update={"device": new.device})
        own = {"label": new.exec, "args": new.args, "rank": new.rank, "retry": new.retry}
        own_step = step.model_copy(update={**own, "resources": resources})
        return recipe.model_copy(update={"steps": (own_step,)})

    async def _store(self, new: NewTask, ref: DatasetRef, recipe: Recipe) -> SpdTask:
        digest = recipe_digest(recipe)
        async with self.store.write() as connection:
            counters = await Counters.lock(connection)
            if repeated := await _repeated(connection, new):
                return repeated
            await store_recipe(connection, digest, recipe)
            plan = _plan(new, ref, recipe, counters.peek("task"))
            origin = Origin(digest, idempotency_key=new.idempotency_key or None)
            made = await make_chains(connection, counters, [Chain(plan, ref, origin)])
            if made.clashes:
                raise Conflict(made.clashes[0].reason, hint="Give the dataset another name.")
            return await _task_of(connection, made.workflow_ids[0])


def tool(argv: list[str], args: list[str], mode: str) -> Json:
    """Return the CWL tool of a program: its arguments, then the dataset's file or files."""
    return {
        "cwlVersion": "v1.2",
        "class": "CommandLineTool",
        "baseCommand": argv,
        "arguments": args,
        "inputs": {
            _INPUT: {
                "type": "File" if mode == "map" else "File[]",
                "inputBinding": {"position": 1},
            }
        },
        "outputs": {_OUTPUT: {"type": "stdout"}},
        "stdout": "output.txt",
    }


def _split(args: str) -> list[str]:
    """Return an argument list; raises ``InvalidInput`` for open quotes and CWL expressions."""
    try:
        parts = shlex.split(args)
    except ValueError as error:
        raise InvalidInput(
            f"args cannot be split into arguments: {error}.",
            hint="Quotes are as in a shell, but no shell runs: close them.",
            field="args",
        ) from error
    if any("$(" in part or "${" in part for part in parts):
        raise InvalidInput(
            "args holds $( or ${, which CWL would evaluate.",
            hint="Arguments are passed as they stand; leave these out.",
            field="args",
        )
    return parts


def _ref(row: DatasetRow) -> DatasetRef:
    own = row.model_dump(include={"namespace", "scope", "name", "state"})
    return DatasetRef(**own, uid=row.dataset_uid or "", registered_at=now())


def _plan(new: NewTask, ref: DatasetRef, recipe: Recipe, number: int) -> PlannedWorkflow:
    step = recipe.steps[0]
    output = dataset_name(f"{ref.name}.{new.exec}.task{number}")
    own = new.model_dump(include={"exec", "args", "rank", "device", "retry", "mode"})
    planned = PlannedTask(
        **own,
        step=step.name,
        needs=(Need(until="open" if step.trigger == "open" else "closed"),),
        output_name=output,
        log_name=output + LOG_SUFFIX,
    )
    return PlannedWorkflow(template_id=0, dataset_uid=ref.uid, scope=ref.scope, tasks=(planned,))


async def _repeated(connection: AsyncConnection, new: NewTask) -> SpdTask | None:
    """Return the task that this idempotency key made; raises ``Duplicate`` if it is another."""
    if not new.idempotency_key:
        return None
    query = select(workflow.c.workflow_id).where(workflow.c.idempotency_key == new.idempotency_key)
    number = await connection.scalar(query)
    if number is None:
        return None
    found = await _task_of(connection, number)
    told = new.model_dump(include={"exec", "args", "device", "mode", "retry"})
    if any(getattr(found, name) != value for name, value in told.items()):
        raise Duplicate(
            f"The idempotency key {new.idempotency_key} made task {found.task_id}, "
            "which is a different one.",
            hint="Use a new key for a new task.",
            field="idempotency_key",
            facts={"task_id": found.task_id},
        )
    return found


async def _task_of(connection: AsyncConnection, workflow_id: int) -> SpdTask:
    number = await connection.scalar(
        select(task.c.task_id).where(task.c.workflow_id == workflow_id)
    )
    return await read_spd_task(connection, number or 0)
