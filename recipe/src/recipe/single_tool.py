"""A tool by itself, as the workflow of one step that it stands for."""

from collections.abc import Mapping
from typing import Any

from cwltool.process import Process

from recipe.constructs import not_taken
from recipe.shapes import Shape, file_type
from recipe.standalone import standalone

_COPIED = ("type", "default", "label", "doc", "secondaryFiles", "loadContents", "loadListing")


def workflow_around(tool: Process, main: str) -> dict[str, Any]:
    """Return a workflow that runs ``main``, to lie beside it; its inputs are the tool's."""
    if tool.tool["class"] == "Operation":
        raise not_taken(tool.tool, "class", "Operation")
    inner = standalone(tool)
    name = main.rsplit("/", 1)[-1]
    step = {
        "id": name.rsplit(".", 1)[0],
        "run": name,
        "in": [{"id": i["id"], "source": i["id"]} for i in inner["inputs"]],
        "out": [o["id"] for o in inner["outputs"]],
    }
    return {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "requirements": [r for r in inner.get("requirements", ()) if _defines_types(r)],
        "inputs": [_copied(i) for i in inner["inputs"]],
        "outputs": [_given(o, f"{step['id']}/{o['id']}") for o in inner["outputs"]],
        "steps": [step],
    }


def _defines_types(requirement: Mapping[str, Any]) -> bool:
    return str(requirement["class"]) == "SchemaDefRequirement"


def _copied(node: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: node[k] for k in _COPIED if k in node}
    return {"id": node["id"], **kept, "type": _unbound(node["type"])}


def _given(output: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return an output of the workflow; what is neither file nor list of files is of any type."""
    kind = file_type(output["type"])
    types: dict[Shape, Any] = {Shape.FILE: "File", Shape.FILES: {"type": "array", "items": "File"}}
    cwl_type = ["null", types.get(kind.shape, "Any")]
    return {"id": output["id"], "type": cwl_type, "outputSource": source}


def _unbound(node: Any) -> Any:
    """Return a type without its bindings to a command line, which a workflow has none of."""
    if isinstance(node, list):
        return [_unbound(item) for item in node]
    if isinstance(node, dict):
        return {k: _unbound(v) for k, v in node.items() if k != "inputBinding"}
    return node
