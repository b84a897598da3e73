"""The job document: a workflow of one step, plain JSON, that any CWL runner takes by itself.

cwltool has loaded the template, so references are resolved and every document is of one version;
here names become local again, tools move into their steps, and scatter goes, for we own it.
"""

import json
from collections.abc import Mapping
from typing import Any

from cwltool.process import Process, shortname
from cwltool.workflow import Workflow, WorkflowStep

from recipe.bundle import REFERENCE, path_of
from recipe.model import Link, Port, Value
from recipe.shapes import file_type

Json = dict[str, Any]
FILE = "File"
FILES = {"type": "array", "items": "File"}
_NOT_OURS = ("id", "cwlVersion", "$schemas", "$namespaces", "$graph")


def job_document(
    workflow: Workflow,
    step: WorkflowStep,
    links: tuple[Link, ...],
    values: tuple[Value, ...],
    ports: tuple[Port, ...],
    broadcast: frozenset[str],
) -> Json:
    """Return what one job of ``step`` runs; its inputs are the keys of ``links`` and ``values``.

    ``broadcast`` names the links whose list holds one file, which the tool takes as a File.
    """
    whole = standalone(workflow)
    [one] = [s for s in whole["steps"] if s["id"] == shortname(step.id)]
    for name in ("scatter", "scatterMethod"):
        one.pop(name, None)
    sources = [(x.key, x.key in broadcast) for x in links] + [(x.key, False) for x in values]
    _rewire(one, dict(sources), {x.key for x in links if x.take == "each"})
    inputs = {i["id"]: i for i in whole["inputs"]}
    document = {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "inputs": [_link_input(x, x.key in broadcast) for x in links]
        + [inputs[x.input] | {"id": x.key} for x in values],
        "outputs": [_output(one, p) for p in ports],
        "steps": [one],
    }
    kept = ("requirements", "hints")
    namespaces = {"$namespaces": plain(workflow.metadata.get("$namespaces"))}
    return document | {k: whole[k] for k in kept if whole.get(k)} | _present(namespaces)


def standalone(process: Process) -> Json:
    """Return a process as plain JSON with local names, its steps' tools inside ``run``."""
    document: Json = {k: v for k, v in plain(process.tool).items() if _is_kept(k)}
    steps = process.steps if isinstance(process, Workflow) else []
    tools = {shortname(s.id): standalone(s.embedded_tool) for s in steps}
    outputs = _step_outputs(document)
    for port in [*document["inputs"], *document["outputs"]]:
        port["id"] = shortname(port["id"])
        _rename(port, "outputSource", outputs)
    for port in document["inputs"]:
        port.pop("format", None)
    for step in document.get("steps", ()):
        _localise_step(step, tools, outputs)
    _drop_our_hints(document)
    return document


def plain(node: Any) -> Any:
    """Return a loaded node as plain JSON, a bundle's file as ``bundle:<path>``."""
    return _relocated(json.loads(json.dumps(node, default=str)))


def _relocated(node: Any) -> Any:
    if isinstance(node, list):
        return [_relocated(item) for item in node]
    if not isinstance(node, dict):
        return node
    moved = {k: _relocated(v) for k, v in node.items()}
    path = path_of(str(node.get("location"))) if node.get("class") == "File" else None
    return moved | {"location": REFERENCE + path} if path else moved


def is_our_hint(hint: Mapping[str, Any]) -> bool:
    """Return whether a hint is ``penstock:Task``, with its prefix declared or not."""
    name = str(hint.get("class", ""))
    return name == "penstock:Task" or ("penstock" in name and name.endswith(("#Task", "/Task")))


def _is_kept(key: str) -> bool:
    return key not in _NOT_OURS and not key.startswith("http")


def _step_outputs(document: Json) -> dict[str, str]:
    """Return the local name ``step/output`` of each full id that a link may name."""
    return {
        _id(out): f"{shortname(step['id'])}/{shortname(_id(out))}"
        for step in document.get("steps", ())
        for out in step["out"]
    }


def _localise_step(step: Json, tools: Mapping[str, Json], outputs: Mapping[str, str]) -> None:
    step["id"] = shortname(step["id"])
    step["run"] = tools[step["id"]]
    step["out"] = [shortname(_id(out)) for out in step["out"]]
    for one in step["in"]:
        one["id"] = shortname(one["id"])
        _rename(one, "source", outputs)
    if "scatter" in step:
        scatter = step["scatter"]
        names = scatter if isinstance(scatter, list) else [scatter]
        step["scatter"] = [shortname(name) for name in names]
    _drop_our_hints(step)


def _rename(holder: Json, key: str, outputs: Mapping[str, str]) -> None:
    value = holder.get(key)
    if isinstance(value, list):
        holder[key] = [outputs.get(v, shortname(v)) for v in value]
    elif value is not None:
        holder[key] = outputs.get(value, shortname(value))


def _rewire(step: Json, broadcast: Mapping[str, bool], each: set[str]) -> None:
    """Point a step's inputs at the document's own inputs, which bear their names."""
    for one in step["in"]:
        name = one["id"]
        if isinstance(one.get("source"), list) and name not in broadcast:
            one["source"] = [source_key(name, n) for n in range(len(one["source"]))]
        elif name in broadcast:
            one["source"] = name
        if name in each:
            one.pop("default", None)
        if broadcast.get(name):
            one["pickValue"] = "the_only_non_null"


def source_key(name: str, index: int) -> str:
    """Return the document's input for one of several sources of a step's input."""
    return f"{name}_{index + 1}"


def _link_input(link: Link, is_picked: bool) -> Json:
    """Return the input for a link's files; a list that is picked from must not be typed.

    cwltool's checker takes pickValue into account for several sources only.
    """
    if is_picked:
        return {"id": link.key, "type": "Any"}
    return {"id": link.key, "type": FILE if link.take == "each" else FILES}


def _output(step: Json, port: Port) -> Json:
    [tool_port] = [o for o in step["run"]["outputs"] if o["id"] == port.name]
    cwl_type = tool_port["type"]
    if port.optional and not file_type(cwl_type).optional:
        cwl_type = ["null", cwl_type]
    return {"id": port.name, "type": cwl_type, "outputSource": f"{step['id']}/{port.name}"}


def _drop_our_hints(document: Json) -> None:
    hints = [h for h in document.pop("hints", ()) if not is_our_hint(h)]
    if hints:
        document["hints"] = hints


def _present(items: Json) -> Json:
    return {k: v for k, v in items.items() if v}


def _id(out: Any) -> str:
    return str(out["id"] if isinstance(out, dict) else out)
