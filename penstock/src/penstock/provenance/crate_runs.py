"""The retrospective half of a crate: what was run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from penstock.provenance.crate_files import Files
from penstock.provenance.crate_plans import Plan, add, as_value, person
from penstock.provenance.lineage import Index, key_of
from penstock.provenance.words import in_words
from penstock_core.contracts.workflow import (
    Chain,
    Environment,
    FileRole,
    FileUse,
    JobReport,
    Task,
)
from penstock_core.states import JobState

DONE = "http://schema.org/CompletedActionStatus"
FAILED = "http://schema.org/FailedActionStatus"
_IMAGE = "https://w3id.org/ro/terms/workflow-run#DockerImage"


@dataclass(frozen=True)
class Runs:
    """Adds an action for each workflow, task and job of a lineage; the root mentions them.

    A workflow's and a job's are a ``CreateAction``, a task's is the ``ControlAction`` of its
    step, and the workload system's the ``OrganizeAction`` over these.
    """

    crate: ROCrate
    index: Index
    files: Files

    def add(self) -> None:
        """Add them all."""
        for chain in self.index.lineage.chains:
            self._add_chain(chain, self.files.plans[chain.workflow_id])

    def _add_chain(self, chain: Chain, plan: Plan) -> None:
        tasks = [t for t in self.index.lineage.tasks if t.wflow_id == chain.workflow_id]
        jobs = [job for task in tasks for job in self._jobs.get(task.task_id, ())]
        uses = [use for job in jobs for use in self.index.uses.get(key_of(job), ())]
        values = self._add_values(chain, plan)
        steps = [self._add_task(task, plan, values) for task in tasks]
        taken = [use.name for use in uses if self.files.is_masked(use)]
        run = self._action(
            f"#workflow/{chain.workflow_id}",
            name=f"Run of {chain.template or 'a task'} on dataset {chain.dataset}",
            description=_about(chain),
            instrument={"@id": plan.documents.main},
            startTime=chain.created_at.isoformat(),
            endTime=_latest(task.ended_at for task in tasks),
            object=[*self.files.refs(taken), *values.values()],
            result=self.files.refs(self._results(uses)),
            **self._agent(chain),
        )
        self._add_engines(chain, run, steps, jobs)

    def _results(self, uses: Sequence[FileUse]) -> list[str]:
        """Return what a run of a workflow gave: its outputs, else what no further job read."""
        named = [use.name for use in uses if any(self.files.result_names(use))]
        made = (use.name for use in uses if use.role is FileRole.OUT)
        return named or [name for name in made if name not in self.index.readers]

    @cached_property
    def _jobs(self) -> dict[int, list[JobReport]]:
        found: dict[int, list[JobReport]] = {}
        for job in self.index.lineage.jobs:
            found.setdefault(job.task_id, []).append(job)
        return found

    def _agent(self, chain: Chain) -> dict[str, Entity]:
        """Return who started a workflow: whoever asked for it, else who made its template."""
        name = chain.started_by or chain.created_by
        return {"agent": person(self.crate, name)} if name else {}

    def _add_values(self, chain: Chain, plan: Plan) -> dict[str, Entity]:
        """Add the values that the workflow was given; return them by the name of its input."""
        return {
            name: add(
                self.crate,
                f"#value/{chain.workflow_id}/{name}",
                "PropertyValue",
                name=name,
                value=as_value(value),
                exampleOfWork=[{"@id": each} for each in plan.parameters_of(name)],
            )
            for name, value in chain.values.items()
        }

    def _add_task(self, task: Task, plan: Plan, values: Mapping[str, Entity]) -> Entity:
        jobs = [self._add_job(job, plan, values) for job in self._jobs.get(task.task_id, ())]
        return add(
            self.crate,
            f"#task/{task.task_id}",
            "ControlAction",
            name=f"Task {task.task_id}: {task.step}",
            instrument={"@id": plan.step_id(task.step)},
            object=jobs,
        )

    def _add_job(self, job: JobReport, plan: Plan, values: Mapping[str, Entity]) -> Entity:
        key, step = key_of(job), self.index.step_of(job.task_id)
        read, made = (self.index.named(key, role) for role in (FileRole.IN, FileRole.OUT))
        given = [values[each.input] for each in step.values if each.input in values]
        action = self._action(
            f"#job/{job.task_id}/{job.index}",
            name=f"Job {job.index} of task {job.task_id}: {step.name}",
            description="\n".join(filter(None, [job.command, in_words(job.environment)])),
            instrument={"@id": plan.tool_id(step.name)},
            object=[*self.files.refs(read), *given],
            result=self.files.refs(made),
            startTime=_latest([job.started_at]),
            endTime=_latest([job.ended_at]),
            location=job.host and add(self.crate, f"#host/{job.host}", "Place", name=job.host),
            **self._status(job),
            **self._image(job),
            **self._agent(plan.chain),
        )
        for log in self.index.named(key, FileRole.LOG):
            self.crate.get(self.files.id_of(log))["about"] = action
        return action

    def _status(self, job: JobReport) -> dict[str, Any]:
        if job.state is JobState.FINISHED:
            return {"actionStatus": {"@id": DONE}}
        return {"actionStatus": {"@id": FAILED}, "error": job.reason}

    def _image(self, job: JobReport) -> dict[str, Entity]:
        container = job.environment.container if job.environment else ""
        if not container:
            return {}
        registry, _, name = container.rpartition("/")
        image = add(
            self.crate,
            f"#image/{container}",
            "ContainerImage",
            additionalType={"@id": _IMAGE},
            registry=registry or "docker.io",
            name=name,
        )
        return {"containerImage": image}

    def _action(self, identifier: str, **facts: Any) -> Entity:
        action = add(self.crate, identifier, "CreateAction", **facts)
        self.crate.root_dataset.append_to("mentions", action)
        return action

    @cached_property
    def _systems(self) -> list[Environment]:
        """Return all that jobs ran in, each once."""
        there = (job.environment or Environment() for job in self.index.lineage.jobs)
        return list(dict.fromkeys(there))

    def _add_engines(
        self, chain: Chain, run: Entity, steps: list[Entity], jobs: list[JobReport]
    ) -> None:
        """Add what ran the workflow's jobs: the workload system, with what it runs tools by."""
        for there in dict.fromkeys(job.environment or Environment() for job in jobs):
            number = self._systems.index(there) + 1
            name = there.system or "An unknown workload system"
            engine = add(
                self.crate,
                f"#system/{number}",
                "SoftwareApplication",
                name=name,
                softwareVersion=name.rpartition(" ")[2] if there.system else "",
                description=in_words(there),
                operatingSystem=there.platform,
            )
            add(
                self.crate,
                f"#engine/{chain.workflow_id}/{number}",
                "OrganizeAction",
                name=f"{name} runs workflow {chain.workflow_id}",
                instrument=engine,
                object=steps,
                result=run,
            )


def _about(chain: Chain) -> str:
    why = f" Asked for because: {chain.because}" if chain.because else ""
    return (
        f"Workflow {chain.workflow_id}, rerun {chain.rerun}: the jobs and files that belong to "
        f"this provenance; it may have had others.{why}"
    )


def _latest(moments: Iterable[datetime | None]) -> str:
    known = [moment for moment in moments if moment is not None]
    return max(known).isoformat() if known else ""
