"""From cwltool's workflow to a chain of steps over datasets."""

from collections.abc import Iterator
from typing import Any

from cwltool.process import Process, shortname
from cwltool.workflow import Workflow, WorkflowStep

from recipe.beside import beside_of
from recipe.constructs import at, not_divided, not_taken, wrong
from recipe.hints import TaskHint, task_hint
from recipe.job_document import job_document
from recipe.levels import Level, output_level
from recipe.links import Source, Wiring, wire
from recipe.model import Origin, Output, Port, Step
from recipe.outputs import linked_outputs
from recipe.shapes import FileType, Shape, file_type
from recipe.standalone import standalone
from recipe.steps import label_of, make_step, needs
from recipe.triggers import group_of

LONGEST_NAME = 256
"""Of a step: what the stores keep."""


class Chain:
    """Reads a workflow's steps in an order in which each comes after what it reads.

    Attributes
    ----------
    warnings
        What was noticed on the way and did not stop it.
    """

    def __init__(self, workflow: Workflow, bound: str) -> None:
        self.warnings: list[str] = []
        self._origins: dict[str, Origin] = {}
        self._workflow, self._bound = workflow, bound
        self._whole = standalone(workflow)
        self._raw = {str(node["id"]): node for node in workflow.tool["steps"]}
        self._sources = {
            str(node["id"]): _input_source(node, bound) for node in workflow.tool["inputs"]
        }

    def steps(self) -> tuple[Step, ...]:
        """Return the compiled steps; raises ``InvalidTemplate`` at the first that is not taken.

        That is ``NotDivided`` where the workflow may yet run whole.
        """
        steps = tuple(self._step(step) for step in self._ordered())
        if not steps:
            if not self._workflow.tool["outputs"]:
                text = "the workflow has no steps"
                raise wrong(self._workflow.tool, "steps", text, "Add one.")
            raise not_divided(self._workflow.tool, "steps", "a workflow without steps")
        if not any(link.step == "" for step in steps for link in step.links):
            self.warnings.append("no step reads the dataset")
        return steps

    def outputs(self) -> tuple[Output, ...]:
        """Return what the workflow gives as its own, once its steps are known."""
        return linked_outputs(self._workflow, self._origins)

    def _ordered(self) -> Iterator[WorkflowStep]:
        waiting = sorted(self._workflow.steps, key=lambda s: at(self._raw[s.id], "id"))
        while waiting:
            ready = next(s for s in waiting if self._is_ready(s))
            waiting.remove(ready)
            yield ready

    def _is_ready(self, step: WorkflowStep) -> bool:
        linked = (one.get("source") or [] for one in self._raw[step.id]["in"])
        names = (n for s in linked for n in (s if isinstance(s, list) else [s]))
        return all(name in self._sources for name in names)

    def _step(self, step: WorkflowStep) -> Step:
        raw = self._raw[step.id]
        name = shortname(step.id)
        if len(name) > LONGEST_NAME:
            text = f"the step's name has {len(name)} characters: {name[:40]}…"
            raise wrong(raw, "id", text, f"Give it one of at most {LONGEST_NAME}.")
        _refuse_tool(raw, step.embedded_tool)
        wiring = wire(step, raw, self._sources)
        hint = task_hint(step.embedded_tool)
        group = group_of(hint, step.embedded_tool, wiring)
        grouped = wiring.grouped or group is not None
        ports = self._ports(step, raw, wiring, grouped=grouped)
        need, warnings = needs(step.embedded_tool, hint, wiring)
        self.warnings += [f"step {name}: {text}" for text in warnings]
        label = label_of(step.embedded_tool, step.tool.get("label") or "") or name
        document = job_document(self._whole, name, wiring, ports, self._bound)
        own_ports = without_log(raw, ports, hint)
        return make_step(name, label, wiring, own_ports, document, hint, group, need)

    def _ports(
        self, step: WorkflowStep, raw: Any, wiring: Wiring, *, grouped: bool
    ) -> tuple[Port, ...]:
        name = shortname(step.id)
        types = {shortname(o["id"]): o for o in step.embedded_tool.tool["outputs"]}
        ports = []
        for out in raw["out"]:
            full = str(out["id"] if isinstance(out, dict) else out)
            port, kind = port_of(types[shortname(full)])
            level = output_level(kind, wiring.scattered, wiring.lifted, grouped)
            self._sources[full] = Source(level, shortname(full), name)
            self._origins[full] = Origin(step=name, port=port.name, scattered=wiring.scattered)
            ports.append(port.model_copy(update=_when(raw)))
        return tuple(ports)


def _input_source(node: Any, bound: str) -> Source:
    name = shortname(node["id"])
    if name != bound:
        return Source(Level.VALUE, name)
    is_list = file_type(node["type"]).shape is Shape.FILES
    return Source(Level.LIST if is_list else Level.EACH, name, beside=beside_of(node))


def port_of(declared: Any) -> tuple[Port, FileType]:
    """Return the port of an output, and what other steps can read of it."""
    name, kind = shortname(declared["id"]), file_type(declared["type"])
    if declared.get("secondaryFiles") or kind.shape is Shape.OTHER:
        return Port(name=name, kind="object", optional=True), FileType(Shape.OTHER)
    said = str(declared.get("format") or "")
    file_format = "" if "$(" in said or "${" in said else said
    is_many = kind.shape is Shape.FILES
    return Port(name=name, many=is_many, optional=kind.optional, format=file_format), kind


def _refuse_tool(raw: Any, tool: Process) -> None:
    if tool.tool["class"] == "Operation":
        raise not_taken(raw, "run", "Operation")
    if _updates(tool):
        raise not_divided(raw, "run", "InplaceUpdateRequirement")


def _updates(tool: Process) -> bool:
    found, _ = tool.get_requirement("InplaceUpdateRequirement")
    return bool(found and found.get("inplaceUpdate"))


def _when(raw: Any) -> dict[str, bool]:
    return {"optional": True} if "when" in raw else {}


def without_log(raw: Any, ports: tuple[Port, ...], hint: TaskHint) -> tuple[Port, ...]:
    """Return the ports whose files go to the output dataset; ``raw`` has the hint."""
    names = [port.name for port in ports]
    if hint.log and hint.log not in names:
        message = f"penstock:Task: log: the step has no output {hint.log!r} (it has {names})"
        raise wrong(raw, "hints", message, "Name an output of type File.")
    return tuple(port for port in ports if port.name != hint.log)
