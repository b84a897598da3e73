"""A loaded process as plain JSON that stands by itself.

cwltool has loaded the template, so references are resolved and every document is of one version;
here names become local again, and tools move into the steps that run them.
"""

import json
from collections.abc import Mapping
from typing import Any

from cwltool.process import Process, shortname
from cwltool.workflow import Workflow

from penstock_core.contracts.base import Json
from recipe.bundle import path_of
from recipe.model import REFERENCE

_NOT_OURS = ("id", "cwlVersion", "$schemas", "$graph")


def standalone(process: Process, *, keep_formats: bool = False) -> Json:
    """Return a process as plain JSON with local names, its steps' tools inside ``run``.

    Formats of inputs are left out, for files of a dataset have none, unless they are to be kept.
    """
    document: Json = {k: v for k, v in plain(process.tool).items() if _is_kept(k)}
    steps = process.steps if isinstance(process, Workflow) else []
    tools = {shortname(s.id): standalone(s.embedded_tool, keep_formats=keep_formats) for s in steps}
    outputs = _step_outputs(document)
    for port in [*document["inputs"], *document["outputs"]]:
        port["id"] = shortname(port["id"])
        _rename(port, "outputSource", outputs)
    for port in document["inputs"] if not keep_formats else ():
        port.pop("format", None)
    for step in document.get("steps", ()):
        _localise_step(step, tools, outputs)
    _drop_our_hints(document)
    return document


def plain(node: Any) -> Any:
    """Return a loaded node as plain JSON, a bundle's file as ``bundle:<path>``."""
    return _relocated(json.loads(json.dumps(node, default=str)))


def is_our_hint(hint: Mapping[str, Any]) -> bool:
    """Return whether a hint is ``penstock:Task``, with its prefix declared or not."""
    name = str(hint.get("class", ""))
    return name == "penstock:Task" or ("penstock" in name and name.endswith(("#Task", "/Task")))


def _relocated(node: Any) -> Any:
    if isinstance(node, list):
        return [_relocated(item) for item in node]
    if not isinstance(node, dict):
        return node
    moved = {k: _relocated(v) for k, v in node.items()}
    path = (
        path_of(str(node.get("location"))) if node.get("class") in ("File", "Directory") else None
    )
    return moved | {"location": REFERENCE + path} if path else moved


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


def _drop_our_hints(document: Json) -> None:
    hints = [h for h in document.pop("hints", ()) if not is_our_hint(h)]
    if hints:
        document["hints"] = hints


def _id(out: Any) -> str:
    return str(out["id"] if isinstance(out, dict) else out)
