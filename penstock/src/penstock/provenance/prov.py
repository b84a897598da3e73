"""A lineage in the W3C's provenance model: entities, activities, agents."""

import json
from typing import Any
from urllib.parse import quote

from prov.model import ProvDocument

from penstock.provenance.lineage import Index, Lineage, LineageFile
from penstock_core.contracts.inspection import Holder
from penstock_core.contracts.workflow import Chain, FileRole, FileUse, JobReport, Task
from penstock_core.states import DatasetKind

TERMS = "https://penstock.dev/ns#"
IDS = "https://penstock.dev/id"
_KINDS = ("file", "dataset", "job", "task", "workflow", "template", "tool", "agent")


def to_prov(lineage: Lineage) -> ProvDocument:
    """Return the lineage as a PROV document.

    Files, datasets (collections), template versions and tools (plans) are entities; jobs, tasks
    and workflows activities, each started by the next; who made a template and what ran a job
    are agents.
    """
    return _Writer(Index(lineage)).document()


class _Writer:
    def __init__(self, index: Index) -> None:
        self._index = index
        self._lineage = index.lineage
        self._doc = ProvDocument()
        self._known: set[str] = set()
        self._doc.add_namespace("penstock", TERMS)
        where = f"{quote(self._lineage.namespace)}/{quote(self._lineage.scope)}"
        for kind in _KINDS:
            self._doc.add_namespace(kind, f"{IDS}/{where}/{kind}/")

    def document(self) -> ProvDocument:
        for chain in self._lineage.chains:
            self._workflow(chain)
        for task in self._lineage.tasks:
            self._task(task)
        for job in self._lineage.jobs:
            self._job(job)
        for found in self._lineage.files:
            self._file(found)
        for use in self._lineage.uses:
            self._use(use)
        return self._doc

    def _facts(self, *types: str, label: str = "", **facts: Any) -> list[tuple[str, Any]]:
        """Return attributes with these types, the rest in our terms; what is empty is left out."""
        said = [("prov:type", self._doc.valid_qualified_name(name)) for name in types]
        said += [("prov:label", label)] if label else []
        known = {name: value for name, value in facts.items() if value not in (None, "")}
        return [*said, *((f"penstock:{name}", _literal(value)) for name, value in known.items())]

    def _once(self, identifier: str) -> bool:
        """Return whether this is the first time that ``identifier`` is named."""
        is_new = identifier not in self._known
        self._known.add(identifier)
        return is_new

    def _workflow(self, chain: Chain) -> None:
        run = _id("workflow", chain.workflow_id)
        values = json.dumps(chain.values, sort_keys=True)
        facts = self._facts(
            "penstock:Workflow", rerun=chain.rerun, values=values, because=chain.because
        )
        self._doc.activity(run, chain.created_at, None, facts)
        dataset = self._dataset(chain.dataset)
        self._doc.start(run, trigger=dataset, time=chain.created_at)
        plan = self._template(chain) if chain.template else None
        starter = chain.started_by or chain.created_by
        if starter:
            self._doc.association(run, self._person(starter), plan)

    def _template(self, chain: Chain) -> str:
        name = f"{chain.template}.v{chain.version}"
        plan = _id("template", name)
        if self._once(plan):
            facts = self._facts(
                "penstock:Template",
                "prov:Plan",
                label=name,
                version=chain.version,
                recipe=chain.recipe_digest,
            )
            self._doc.entity(plan, facts)
            self._doc.attribution(plan, self._person(chain.created_by))
        return plan

    def _person(self, name: str) -> str:
        agent = _id("agent", name)
        if self._once(agent):
            self._doc.agent(agent, self._facts("prov:Person", label=name))
        return agent

    def _task(self, task: Task) -> None:
        mine, run = _id("task", task.task_id), _id("workflow", task.wflow_id)
        facts = self._facts(
            "penstock:Task",
            step=task.step,
            mode=task.mode,
            exec=task.exec,
            args=task.args,
            status=task.status,
            inputIncomplete=task.input_incomplete or None,
            lossAcceptedBy=task.loss_accepted_by,
        )
        self._doc.activity(mine, task.submitted_at, task.ended_at, facts)
        self._doc.start(mine, starter=run, time=task.submitted_at)

    def _job(self, job: JobReport) -> None:
        mine, task = _job_id(job.task_id, job.index), _id("task", job.task_id)
        facts = self._facts(
            "penstock:Job",
            index=job.index,
            state=job.state,
            attempts=job.attempts,
            exitCode=job.exit_code,
            reason=job.reason,
            host=job.host,
            command=job.command,
            **(job.environment.model_dump() if job.environment else {}),
        )
        self._doc.activity(mine, job.started_at, job.ended_at, facts)
        self._doc.start(mine, starter=task, time=job.started_at)
        self._doc.association(mine, self._runner(job), self._tool(job.task_id))

    def _runner(self, job: JobReport) -> str:
        system = job.environment.system if job.environment else ""
        name = f"{system or 'workload system'} on {job.host or 'an unknown host'}"
        agent = _id("agent", name)
        if self._once(agent):
            self._doc.agent(agent, self._facts("prov:SoftwareAgent", label=name, host=job.host))
        return agent

    def _tool(self, task_id: int) -> str:
        tool = self._index.tool_of(task_id)
        plan = _id("tool", f"{tool.recipe_digest}/{tool.step}")
        if self._once(plan):
            packages = ", ".join(f"{n} {' '.join(v)}".strip() for n, v in tool.packages.items())
            facts = {"label": tool.label, "container": tool.container, "packages": packages}
            self._doc.entity(plan, self._facts("penstock:Tool", "prov:Plan", **facts))
        return plan

    def _file(self, found: LineageFile) -> None:
        file, mine = found.file, _id("file", found.file.name)
        facts = self._facts(
            "penstock:File",
            label=file.name,
            uid=file.uid,
            state=file.state,
            sizeBytes=file.size_bytes,
            checksum=file.checksum,
        )
        self._doc.entity(mine, [*facts, ("prov:location", found.url)])
        for holder in found.datasets:
            self._doc.membership(self._dataset(holder.name, holder), mine)

    def _dataset(self, name: str, holder: Holder | None = None) -> str:
        collection = _id("dataset", name)
        if self._once(collection):
            kind = holder.kind if holder else DatasetKind.INPUT
            facts = self._facts("penstock:Dataset", label=name, kind=kind)
            self._doc.collection(collection, facts)
        return collection

    def _use(self, use: FileUse) -> None:
        job, file = _job_id(use.task_id, use.index), _id("file", use.name)
        if use.name not in self._index.files and self._once(file):
            self._doc.entity(file, self._facts("penstock:File", label=use.name))
        ended = self._index.jobs[use.job].ended_at
        role = {"prov:role": ", ".join(self._index.ports(use)) or use.role.value}
        if use.role is FileRole.IN:
            self._doc.usage(job, file, other_attributes=role)
        else:
            self._doc.generation(file, job, ended, other_attributes=role)


def _id(kind: str, name: object) -> str:
    return f"{kind}:{quote(str(name), safe='')}"


def _job_id(task_id: int, index: int) -> str:
    return _id("job", f"{task_id}.{index}")


def _literal(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)
