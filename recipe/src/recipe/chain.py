"""From cwltool's workflow to a chain of steps over datasets."""

from collections.abc import Iterator
from typing import Any

from cwltool.process import Process, shortname
from cwltool.workflow import Workflow, WorkflowStep

from recipe.constructs import at, not_taken, wrong
from recipe.hints import TaskHint, resources, task_hint
from recipe.job_document import job_document
from recipe.levels import Level, output_level
from recipe.links import Source, Wiring, wire
from recipe.model import OUTPUT_PATTERN, Port, Step
from recipe.shapes import FileType, Shape, file_type, shown
from recipe.standalone import standalone
from recipe.triggers import group_of, mode_of, trigger_of, trigger_warnings

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
        self._workflow = workflow
        self._whole = standalone(workflow)
        self._raw = {str(node["id"]): node for node in workflow.tool["steps"]}
        self._sources = {
            str(node["id"]): _input_source(node, bound) for node in workflow.tool["inputs"]
        }

    def steps(self) -> tuple[Step, ...]:
        """Return the compiled steps; raises ``InvalidTemplate`` at the first that is not taken."""
        steps = tuple(self._step(step) for step in self._ordered())
        if not steps:
            raise wrong(self._workflow.tool, "steps", "the workflow has no steps", "Add one.")
        if not any(link.step == "" for step in steps for link in step.links):
            self.warnings.append("no step reads the dataset")
        return steps

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
        need, warnings = resources(step.embedded_tool)
        mode = mode_of(wiring)
        warnings += trigger_warnings(hint, mode)
        self.warnings += [f"step {name}: {text}" for text in warnings]
        return Step(
            name=name,
            mode=mode,
            trigger=trigger_of(hint, mode),
            links=wiring.links,
            values=wiring.values,
            ports=_without_log(raw, ports, hint),
            job_document=job_document(self._whole, name, wiring, ports),
            label=hint.exec or _label(step),
            resources=need,
            log_port=hint.log,
            args=hint.args,
            rank=hint.rank,
            retry=hint.retry,
            output_pattern=hint.output or OUTPUT_PATTERN,
            pause_at=hint.pause_at,
            accept_loss=hint.accept_loss,
            group=group,
            gates=hint.wait_for,
        )

    def _ports(
        self, step: WorkflowStep, raw: Any, wiring: Wiring, *, grouped: bool
    ) -> tuple[Port, ...]:
        name = shortname(step.id)
        types = {shortname(o["id"]): o for o in step.embedded_tool.tool["outputs"]}
        ports = []
        for index, out in enumerate(raw["out"]):
            full = str(out["id"] if isinstance(out, dict) else out)
            declared = types[shortname(full)]
            kind = file_type(declared["type"])
            level = output_level(kind, wiring.scattered, wiring.lifted, grouped)
            self._sources[full] = Source(level, shortname(full), name)
            if port := self._port(declared, kind, (raw, index), name):
                ports.append(port.model_copy(update=_when(raw)))
        return tuple(ports)

    def _port(
        self, declared: Any, kind: FileType, place: tuple[Any, int], step: str
    ) -> Port | None:
        name, cwl_type = shortname(declared["id"]), shown(declared["type"])
        if "Directory" in cwl_type:
            raise not_taken(place[0]["out"], place[1], "Directory output", f"{step}/{name}")
        if kind.shape is Shape.OTHER:
            text = f"step {step}: output {name!r} is {cwl_type}; only files are kept."
            self.warnings.append(text)
            return None
        if declared.get("secondaryFiles"):
            raise not_taken(declared, "secondaryFiles", "secondaryFiles of a dataset", name)
        return Port(name=name, many=kind.shape is Shape.FILES, optional=kind.optional)


def _input_source(node: Any, bound: str) -> Source:
    name = shortname(node["id"])
    if name != bound:
        return Source(Level.VALUE, name)
    if node.get("secondaryFiles"):
        raise not_taken(node, "secondaryFiles", "secondaryFiles of a dataset", name)
    is_list = file_type(node["type"]).shape is Shape.FILES
    return Source(Level.LIST if is_list else Level.EACH, name)


def _refuse_tool(raw: Any, tool: Process) -> None:
    if tool.tool["class"] == "Operation":
        raise not_taken(raw, "run", "Operation")
    if _updates(tool):
        raise not_taken(raw, "run", "InplaceUpdateRequirement")


def _updates(tool: Process) -> bool:
    found, _ = tool.get_requirement("InplaceUpdateRequirement")
    return bool(found and found.get("inplaceUpdate"))


def _when(raw: Any) -> dict[str, bool]:
    return {"optional": True} if "when" in raw else {}


def _without_log(raw: Any, ports: tuple[Port, ...], hint: TaskHint) -> tuple[Port, ...]:
    names = [port.name for port in ports]
    if hint.log and hint.log not in names:
        message = f"penstock:Task: log: the step has no output {hint.log!r} (it has {names})"
        raise wrong(raw, "hints", message, "Name an output of type File.")
    return tuple(port for port in ports if port.name != hint.log)


def _label(step: WorkflowStep) -> str:
    tool = step.embedded_tool.tool
    if label := step.tool.get("label") or tool.get("label"):
        return str(label)
    command = tool.get("baseCommand") or []
    words = command if isinstance(command, list) else [command]
    return " ".join(str(word) for word in words) or shortname(step.id)
