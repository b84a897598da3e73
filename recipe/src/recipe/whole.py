"""A whole document as one job: a tool, or a workflow that no steps over datasets can be made of.

What plain cwltool runs, runs here: for each file of the dataset, or once over all of them.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Any, Literal

from cwltool.process import Process, shortname
from cwltool.workflow import Workflow

from recipe.beside import beside_of
from recipe.chain import port_of, without_log
from recipe.constructs import not_taken
from recipe.hints import resources, task_hint
from recipe.links import Wiring
from recipe.model import Link, Origin, Output, Resources, Step, Value
from recipe.shapes import Shape, file_type
from recipe.standalone import standalone
from recipe.steps import label_of, make_step
from recipe.triggers import group_of, trigger_warnings
from recipe.values import REQUIREMENTS


def whole_step(
    process: Process, name: str, bound: str, given: Container[str] = ()
) -> tuple[Step, list[str]]:
    """Return the step ``name`` that runs all of ``process``, and what is to be told of it."""
    for tool in _tools(process):
        if tool.tool["class"] == "Operation":
            raise not_taken(tool.tool, "class", "Operation")
    wiring = _wiring(process, bound, given)
    hint = task_hint(process)
    ports = tuple(port_of(output)[0] for output in _outputs(process))
    own_ports = without_log(process.tool, ports, hint)
    # Formats are compared by name; where a document has an ontology, that would be wrong.
    keep_formats = not bound and "$schemas" not in process.tool
    document = {**standalone(process, keep_formats=keep_formats), "cwlVersion": "v1.2"}
    group = group_of(hint, process, wiring)
    label = label_of(process) or name
    need, warnings = _needs(process)
    step = make_step(name, label, wiring, own_ports, document, hint, group, need)
    return step, [*warnings, *trigger_warnings(hint, step.mode, wiring)]


def whole_outputs(step: Step) -> tuple[Output, ...]:
    """Return what the document gives: the ports of the step that runs it."""
    ports = [Origin(step=step.name, port=port.name) for port in step.ports]
    return tuple(Output(name=origin.port, origins=(origin,)) for origin in ports)


def _wiring(process: Process, bound: str, given: Container[str]) -> Wiring:
    nodes = {shortname(node["id"]): node for node in process.tool["inputs"]}
    names = [name for name in nodes if name != bound]
    names += [REQUIREMENTS] if REQUIREMENTS in given else []
    values = tuple(Value(key=name, input=name) for name in names)
    if not bound:
        return Wiring((), values, frozenset(), scattered=False, lifted=False)
    is_one = file_type(nodes[bound]["type"]).shape is Shape.FILE
    take: Literal["each", "all"] = "each" if is_one else "all"
    link = Link(key=bound, take=take, beside=beside_of(nodes[bound]))
    return Wiring((link,), values, frozenset(), scattered=False, lifted=is_one)


def _tools(process: Process) -> Iterator[Process]:
    """Yield all that a workflow runs, however deep it lies."""
    if not isinstance(process, Workflow):
        yield process
        return
    for step in process.steps:
        yield from _tools(step.embedded_tool)


def _outputs(process: Process) -> Iterator[Mapping[str, Any]]:
    """Yield the outputs, with the secondaryFiles that those of a workflow inherit from steps."""
    steps = process.steps if isinstance(process, Workflow) else []
    inner = {str(out["id"]): out for step in steps for out in step.tool["outputs"]}
    for output in process.tool["outputs"]:
        sources = output.get("outputSource") or []
        names = sources if isinstance(sources, list) else [sources]
        beside = [one for name in names if (one := inner.get(name, {}).get("secondaryFiles"))]
        yield {"secondaryFiles": beside} | output if beside else output


def _needs(process: Process) -> tuple[Resources, list[str]]:
    """Return what its most demanding tools need, and their times together where all have one."""
    if not isinstance(process, Workflow):
        return resources(process)
    found = [resources(tool) for tool in _tools(process)]
    each = [need for need, _ in found]
    limits = [need.time_limit_s for need in each]
    together = Resources(
        cores=max((need.cores for need in each), default=1),
        memory_mib=max((need.memory_mib for need in each), default=256),
        time_limit_s=sum(limits) if all(limits) else 0,
        network=any(need.network for need in each),
        device="GPU" if any(need.device == "GPU" for need in each) else "CPU",
    )
    return together, [text for _, warnings in found for text in warnings]
