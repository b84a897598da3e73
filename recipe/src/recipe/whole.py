"""The whole workflow as one job: for what cannot be divided into steps over datasets.

What plain cwltool runs, runs here: for each file of the dataset, or once over all of them.
"""

from collections.abc import Iterator

from cwltool.process import Process, shortname
from cwltool.workflow import Workflow

from recipe.chain import port_of
from recipe.constructs import not_taken, wrong
from recipe.hints import resources, task_hint
from recipe.links import Wiring
from recipe.model import Link, Resources, Step, Value
from recipe.shapes import Shape, file_type
from recipe.standalone import standalone
from recipe.steps import label_of, make_step
from recipe.triggers import group_of

NAME = "workflow"
"""The name of the one step."""


def whole_step(workflow: Workflow, bound: str) -> Step:
    """Return the step that runs all of ``workflow``; raises for what nobody can run."""
    for tool in _tools(workflow):
        if tool.tool["class"] == "Operation":
            raise not_taken(tool.tool, "class", "Operation")
    wiring = _wiring(workflow, bound)
    hint = task_hint(workflow)
    if hint.log:
        text = "penstock:Task: log: a workflow that runs whole has the log of its job"
        raise wrong(workflow.tool, "hints", text, "Leave log out.")
    ports = tuple(port_of(output)[0] for output in workflow.tool["outputs"])
    document = {**standalone(workflow), "cwlVersion": "v1.2"}
    group = group_of(hint, workflow, wiring)
    label = label_of(workflow) or NAME
    return make_step(NAME, label, wiring, ports, document, hint, group, _needs(workflow))


def _wiring(workflow: Workflow, bound: str) -> Wiring:
    nodes = {shortname(node["id"]): node for node in workflow.tool["inputs"]}
    values = tuple(Value(key=name, input=name) for name in nodes if name != bound)
    if not bound:
        return Wiring((), values, frozenset(), scattered=False, lifted=False)
    is_one = file_type(nodes[bound]["type"]).shape is Shape.FILE
    link = Link(key=bound, take="each" if is_one else "all")
    return Wiring((link,), values, frozenset(), scattered=False, lifted=is_one)


def _tools(process: Process) -> Iterator[Process]:
    """Yield all that a workflow runs, however deep it lies."""
    if not isinstance(process, Workflow):
        yield process
        return
    for step in process.steps:
        yield from _tools(step.embedded_tool)


def _needs(workflow: Workflow) -> Resources:
    """Return what its most demanding tools need, and their times together where all have one."""
    each = [resources(tool)[0] for tool in _tools(workflow)]
    limits = [one.time_limit_s for one in each]
    return Resources(
        cores=max((one.cores for one in each), default=1),
        memory_mib=max((one.memory_mib for one in each), default=256),
        time_limit_s=sum(limits) if all(limits) else 0,
        device="GPU" if any(one.device == "GPU" for one in each) else "CPU",
    )
