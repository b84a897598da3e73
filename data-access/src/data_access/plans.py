"""From planned workflows to rows: ids, names and links, as a function of values.

The ids of SPD's table are contiguous in the order of arrival: a workflow's input at its first
match, then for each step its output and its log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data_access.bulk import Row
from data_access.counters import Counters
from data_access.readiness import is_met
from penstock_core.contracts.workflow import DatasetRef, PlannedTask, PlannedWorkflow
from penstock_core.states import DatasetKind, DatasetState, TaskStatus

Key = tuple[str, str, str]
"""A dataset's natural key: namespace, scope, name."""


@dataclass(frozen=True, slots=True)
class Known:
    """A dataset that has its id."""

    dataset_id: int
    uid: str | None
    state: DatasetState
    workflow_id: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a workflow runs: a recipe, and the template version that it comes from.

    ``created_by`` and ``because`` say who asked for it and why; "" where a mask took its dataset.
    """

    recipe_digest: str
    template_id: int | None = None
    idempotency_key: str | None = None
    created_by: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """A planned name that belongs to somebody else; the workflow is not made."""

    plan: PlannedWorkflow
    reason: str


@dataclass
class Rows:
    """What is to be written, in the order of the tables' references."""

    datasets: list[Row] = field(default_factory=list)
    named: list[Row] = field(default_factory=list)
    workflows: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    inputs: list[Row] = field(default_factory=list)
    gates: list[Row] = field(default_factory=list)


class Planner:
    """Turns plans into rows, one after another, with the ids that come next.

    Parameters
    ----------
    counters
        Where ids come from.
    known
        The datasets that have an id, by their natural key: all that the plans may name.
    at
        The time of creation, ISO 8601.
    """

    def __init__(self, counters: Counters, known: dict[Key, Known], at: str) -> None:
        self.rows = Rows()
        self._counters = counters
        self._known = known
        self._at = at

    def add(self, plan: PlannedWorkflow, masked: DatasetRef, origin: Origin) -> int | Clash:
        """Add the rows of one workflow; return its id, or what it clashes with."""
        reason = self._taken(plan, masked)
        if reason:
            return Clash(plan, reason)
        number = self._counters.next("workflow")
        made = {"": self._masked(masked)}
        self.rows.workflows.append(self._workflow(number, plan, masked, made[""], origin))
        for task in plan.tasks:
            made[task.step] = self._task(number, plan, masked.namespace, task, made)
        return number

    def _taken(self, plan: PlannedWorkflow, masked: DatasetRef) -> str:
        names = [name for task in plan.tasks for name in (task.output_name, task.log_name)]
        for name in names:
            owner = self._known.get((masked.namespace, plan.scope, name))
            if owner is not None:
                whose = f"workflow {owner.workflow_id}" if owner.workflow_id else "no workflow"
                return f"dataset {name} is there already; it belongs to {whose}"
        twice = next((name for name in names if names.count(name) > 1), "")
        return f"two datasets of this workflow are called {twice}" if twice else ""

    def _masked(self, masked: DatasetRef) -> Known:
        """Return the masked dataset, with an id, and a uid, from its first match on."""
        key = (masked.namespace, masked.scope, masked.name)
        known = self._known.get(key)
        if known is None:
            run = str(masked.metadata.get("run", ""))
            uid = masked.uid or None
            return self._dataset(key, uid, masked.kind, masked.state, None, run)
        if known.uid is None and masked.uid:
            self.rows.named.append({"number": known.dataset_id, "uid": masked.uid})
            self._known[key] = Known(known.dataset_id, masked.uid, known.state, known.workflow_id)
        return self._known[key]

    def _dataset(
        self,
        key: Key,
        uid: str | None,
        kind: DatasetKind,
        state: DatasetState,
        workflow_id: int | None,
        run: str = "",
    ) -> Known:
        namespace, scope, name = key
        known = Known(self._counters.next("dataset"), uid, state, workflow_id)
        self._known[key] = known
        self.rows.datasets.append(
            {
                "dataset_id": known.dataset_id,
                "uid": uid,
                "namespace": namespace,
                "scope": scope,
                "name": name,
                "kind": kind,
                "state": state,
                "workflow_id": workflow_id,
                "run": run,
            }
        )
        return known

    def _workflow(
        self, number: int, plan: PlannedWorkflow, masked: DatasetRef, input_: Known, origin: Origin
    ) -> Row:
        return {
            "workflow_id": number,
            "template_id": origin.template_id,
            "dataset_id": input_.dataset_id,
            "rerun": plan.rerun,
            "namespace": masked.namespace,
            "recipe_digest": origin.recipe_digest,
            "values": plan.values,
            "idempotency_key": origin.idempotency_key,
            "created_at": self._at,
            "created_by": origin.created_by,
            "because": origin.because,
        }

    def _task(
        self,
        workflow_id: int,
        plan: PlannedWorkflow,
        namespace: str,
        task: PlannedTask,
        made: Mapping[str, Known],
    ) -> Known:
        """Add one task with its datasets and needs; return its output."""
        number = self._counters.next("task")
        new = DatasetState.DEFINED
        where = (namespace, plan.scope)
        output = self._dataset(
            (*where, task.output_name), None, DatasetKind.OUTPUT, new, workflow_id
        )
        log = self._dataset((*where, task.log_name), None, DatasetKind.LOG, new, workflow_id)
        needs = self._needs(number, task, made)
        self.rows.inputs.extend(needs)
        gates = [
            {"task_id": number, "namespace": namespace, "met": False, **gate.model_dump()}
            for gate in dict.fromkeys(task.gates)
        ]
        self.rows.gates.extend(gates)
        links = (made[task.reads].dataset_id, output.dataset_id, log.dataset_id)
        waiting = sum(not need["met"] for need in needs) + len(gates)
        self.rows.tasks.append(
            self._task_row(number, workflow_id, task, links, waiting) | {"behind": plan.behind}
        )
        return output

    def _needs(self, number: int, task: PlannedTask, made: Mapping[str, Known]) -> list[Row]:
        return [
            {
                "task_id": number,
                "step": need.step,
                "dataset_id": made[need.step].dataset_id,
                "until": need.until,
                "met": is_met(need.until, made[need.step].state),
            }
            for need in task.needs
        ]

    def _task_row(
        self,
        number: int,
        workflow_id: int,
        task: PlannedTask,
        links: tuple[int, int, int],
        waiting: int,
    ) -> Row:
        taken = ("step", "mode", "exec", "args", "rank", "device", "retry", "accept_loss")
        links_named = dict(zip(("datas_in_id", "datas_out_id", "datas_log_id"), links, strict=True))
        own = {
            "task_id": number,
            "workflow_id": workflow_id,
            "status": TaskStatus.DEFINED,
            "waiting": waiting,
            "pause_rate": task.pause_at.rate,
            "pause_after": task.pause_at.after,
            "created_at": self._at,
        }
        return {name: getattr(task, name) for name in taken} | links_named | own
