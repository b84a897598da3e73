"""A workflow's inputs: the one that takes the dataset, and those that take values."""

from collections.abc import Container, Mapping
from typing import Any

from cwltool.process import Process, shortname

from recipe.bundle import path_of
from recipe.constructs import wrong
from recipe.diagnostics import fault
from recipe.model import InputSpec
from recipe.shapes import Shape, file_type, shown
from recipe.standalone import plain


def bound_input(
    process: Process, main: str, asked: str, given: Container[str], *, draft: bool = False
) -> str:
    """Return the input that takes the dataset: the one asked for, or the only candidate.

    A candidate is of type File or File[], has no default, and gets no value (``given``); one that
    may be left out is one only where there is no other. Without one that is "": the dataset starts
    the chain, and is not read. Of a ``draft`` several are none too many: it is the first.
    """
    nodes = {shortname(node["id"]): node for node in process.tool["inputs"]}
    if asked:
        _check_asked(nodes, main, asked)
        return asked
    files = [name for name, node in nodes.items() if _takes_files(node)]
    free = [name for name in files if "default" not in nodes[name] and name not in given]
    needed = [name for name in free if not file_type(nodes[name]["type"]).optional]
    free = needed or free
    if draft:
        free = [name for name in free if not nodes[name].get("secondaryFiles")] or free
        return free[0] if free else ""
    if len(free) <= 1:
        return free[0] if free else ""
    candidates = f"candidates: {', '.join(sorted(free))}"
    message = f"which input takes the dataset? It is not named, and not clear ({candidates})"
    raise fault(main, 0, 0, message, "Set `input` to a workflow input of type File or File[].")


def _takes_files(node: Mapping[str, Any]) -> bool:
    return file_type(node["type"]).shape is not Shape.OTHER


def _check_asked(nodes: Mapping[str, Any], main: str, asked: str) -> None:
    if asked not in nodes:
        message = f"the workflow has no input {asked!r} (it has: {', '.join(sorted(nodes))})"
        raise fault(main, 0, 0, message, "Name the input that takes the dataset.")
    if not _takes_files(nodes[asked]):
        kind = shown(nodes[asked]["type"])
        message = f"input {asked!r} is {kind}; what takes the dataset is File or File[]"
        raise wrong(nodes[asked], "type", message, "Name another input, or change its type.")


def input_specs(process: Process) -> tuple[InputSpec, ...]:
    """Return what each input takes, as forms and checks need it: types written out in full."""
    defined = {
        definition["name"]: definition
        for requirement in plain(process.requirements)
        if requirement["class"] == "SchemaDefRequirement"
        for definition in requirement["types"]
    }
    return tuple(_spec(node, defined) for node in process.tool["inputs"])


def _spec(node: Mapping[str, Any], defined: Mapping[str, Any]) -> InputSpec:
    cwl_type = _written_out(plain(node["type"]), defined)
    optional = isinstance(cwl_type, list) and "null" in cwl_type
    return InputSpec(
        name=shortname(node["id"]),
        type=cwl_type,
        required=not optional and "default" not in node,
        default=plain(node.get("default")),
        label=str(node.get("label") or ""),
        doc=_text(node.get("doc")),
    )


def _written_out(node: Any, defined: Mapping[str, Any]) -> Any:
    """Return a type with named types in place, short names for symbols and fields, unbound."""
    if isinstance(node, list):
        return [_written_out(item, defined) for item in node]
    if isinstance(node, dict):
        return {k: _written_out(v, defined) for k, v in node.items() if k != "inputBinding"}
    if node in defined:
        # A type may contain itself; its name alone stands there the second time.
        others = {name: one for name, one in defined.items() if name != node}
        return _written_out(defined[node], others)
    return shortname(node) if path_of(str(node)) else node


def _text(doc: Any) -> str:
    return "\n".join(str(line) for line in doc) if isinstance(doc, list) else str(doc or "")
