"""The fast lane: tools simple enough to run without cwltool, compiled to a command line.

Conservative: what is not certain to come out as cwltool would have it is not fast. Bindings, their
order and how values become words are those of CWL v1.2, as cwltool's ``Builder`` has them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from recipe.fast_model import FastBinding, FastInput, FastLane, FastOutput, Kind
from recipe.shapes import Shape, file_type

_TOOL_KEYS = {
    *("class", "id", "baseCommand", "arguments", "inputs", "outputs", "stdin", "stdout", "stderr"),
    *("successCodes", "temporaryFailCodes", "permanentFailCodes", "label", "doc", "cwlVersion"),
    *("hints", "requirements", "intent", "$namespaces", "$schemas"),
}
_STEP_KEYS = {"id", "in", "out", "run", "label", "doc", "hints", "requirements"}
_HARMLESS = {
    *("ResourceRequirement", "NetworkAccess", "ScatterFeatureRequirement", "WorkReuse"),
    *("MultipleInputFeatureRequirement", "SubworkflowFeatureRequirement", "SoftwareRequirement"),
    *("StepInputExpressionRequirement", "InlineJavascriptRequirement"),
}
_HARMLESS_HINTS = _HARMLESS | {"DockerRequirement"}
_SCALARS: tuple[Kind, ...] = get_args(Kind)
_INPUT_KEYS = {"id", "type", "default", "label", "doc", "inputBinding", "streamable"}
_OUTPUT_KEYS = {"id", "type", "label", "doc", "outputBinding", "streamable"}
_BINDING_KEYS = {"position", "prefix", "separate", "itemSeparator"}
Json = Mapping[str, Any]


class _NotSimple(Exception):
    """Something that cwltool is to see to."""


def fast_lane(document: Json) -> FastLane | None:
    """Return how to run a job document without cwltool; None where cwltool is needed."""
    try:
        return _of_workflow(document) if document["class"] == "Workflow" else _of_tool(document)
    except _NotSimple:
        return None


def _of_workflow(document: Json) -> FastLane:
    steps = document["steps"]
    _check(len(steps) == 1)
    [step] = steps
    _check(step.keys() <= _STEP_KEYS)
    _check_needs(document)
    _check_needs(step)
    _check(all(one.keys() <= {"id", "type", "label", "doc"} for one in document["inputs"]))
    links = {one["id"]: one.get("source") for one in step["in"]}
    _check(all(one.keys() <= {"id", "source"} for one in step["in"]))
    _check(all(isinstance(source, str) for source in links.values()))
    for output in document["outputs"]:
        _check(output["outputSource"] == f"{step['id']}/{output['id']}")
    lane = _of_tool(step["run"])
    wanted = {output["id"] for output in document["outputs"]}
    return replace(
        lane,
        # A name without a link has its default, or nothing.
        inputs=tuple(replace(one, key=links.get(one.name) or "") for one in lane.inputs),
        outputs=tuple(one for one in lane.outputs if one.name in wanted),
        is_step=True,
    )


def _of_tool(tool: Json) -> FastLane:
    _check(tool.get("class") == "CommandLineTool" and tool.keys() <= _TOOL_KEYS)
    _check_needs(tool)
    bindings = sorted(_bindings(tool), key=lambda one: one[0])
    base = tool.get("baseCommand") or []
    words = [base] if isinstance(base, str) else base
    _check(bool(words))
    return FastLane(
        base=tuple(map(_plain, words)),
        bindings=tuple(binding for _, binding in bindings),
        inputs=tuple(map(_input, tool["inputs"])),
        outputs=tuple(map(_output, tool["outputs"])),
        stdin=_stdin(tool),
        stdout=_plain(tool.get("stdout") or ""),
        stderr=_plain(tool.get("stderr") or ""),
        success=tuple(tool.get("successCodes") or ()),
        temporary=tuple(tool.get("temporaryFailCodes") or ()),
        permanent=tuple(tool.get("permanentFailCodes") or ()),
    )


def _check(holds: bool) -> None:
    if not holds:
        raise _NotSimple


def _check_needs(node: Json) -> None:
    for key, harmless in (("requirements", _HARMLESS), ("hints", _HARMLESS_HINTS)):
        for need in node.get(key) or ():
            kind = str(need.get("class", ""))
            _check(kind in harmless or (key == "hints" and ":" in kind))


def _plain(text: Any) -> str:
    """Return a text without expressions; backslashes are theirs too."""
    _check(isinstance(text, str) and "$" not in text and "\\" not in text)
    return str(text)


def _stdin(tool: Json) -> str:
    """Return the name of the input that is read as standard input; "" for none."""
    text = str(tool.get("stdin") or "")
    if not text:
        return ""
    name = text.removeprefix("$(inputs.").removesuffix(".path)")
    _check(text == f"$(inputs.{name}.path)")
    _check(any(one["id"] == name and one["type"] == "File" for one in tool["inputs"]))
    return name


def _bindings(tool: Json) -> Iterator[tuple[tuple[Any, ...], FastBinding]]:
    """Yield what makes words, each with its place: arguments before inputs of one position."""
    for number, argument in enumerate(tool.get("arguments") or ()):
        if isinstance(argument, str):
            yield (0, 0, number, ""), FastBinding(text=_plain(argument))
            continue
        _check(argument.keys() <= _BINDING_KEYS | {"valueFrom"})
        binding = replace(_binding(argument), text=_plain(argument["valueFrom"]))
        yield (_position(argument), 0, number, ""), binding
    for one in tool["inputs"]:
        if (binding := one.get("inputBinding")) is not None:
            _check(binding.keys() <= _BINDING_KEYS)
            made = replace(_binding(binding), input=one["id"])
            yield (_position(binding), 1, 0, one["id"]), made


def _position(binding: Json) -> int:
    position = binding.get("position", 0)
    _check(isinstance(position, int))
    return int(position)


def _binding(binding: Json) -> FastBinding:
    prefix, separate = binding.get("prefix"), binding.get("separate", True)
    _check(prefix is not None or separate)
    return FastBinding(
        prefix=None if prefix is None else _plain(prefix),
        separate=separate,
        item_separator=_plain(binding.get("itemSeparator") or ""),
    )


def _input(one: Json) -> FastInput:
    _check(one.keys() <= _INPUT_KEYS)
    default = one.get("default")
    # Files that the tool itself brings along are staged in an order of their own.
    _check(default is None or isinstance(default, str | int))
    kind, many, optional = _kind(one["type"])
    return FastInput(
        name=one["id"], key=one["id"], kind=kind, many=many, optional=optional, default=default
    )


def _kind(cwl_type: Any) -> tuple[Kind, bool, bool]:
    """Return a type's scalar, whether it is an array of it, and whether it may be null."""
    optional = False
    if isinstance(cwl_type, list):
        rest = [one for one in cwl_type if one != "null"]
        _check(len(rest) == 1 and len(cwl_type) == 2)
        cwl_type, optional = rest[0], True
    many = isinstance(cwl_type, Mapping)
    if many:
        _check(cwl_type.keys() == {"type", "items"} and cwl_type["type"] == "array")
        cwl_type = cwl_type["items"]
        _check(cwl_type != "boolean")
    for kind in _SCALARS:
        if cwl_type == kind:
            return kind, many, optional
    raise _NotSimple


def _output(one: Json) -> FastOutput:
    _check(one.keys() <= _OUTPUT_KEYS)
    found = file_type(one["type"])
    _check(found.shape in (Shape.FILE, Shape.FILES))
    binding = one.get("outputBinding") or {}
    _check(binding.keys() == {"glob"})
    globs: Sequence[Any] = (
        [binding["glob"]] if isinstance(binding["glob"], str) else binding["glob"]
    )
    _check(isinstance(globs, list) and bool(globs))
    patterns = tuple(map(_plain, globs))
    inside = (not one.startswith("/") and ".." not in one.split("/") for one in patterns)
    _check(all(inside))
    return FastOutput(
        name=one["id"], globs=patterns, many=found.shape is Shape.FILES, optional=found.optional
    )
