"""SPD's dialect: templates as the SPD Online Filter writes them, told in standard CWL.

The dialect names neither class nor version; its steps chain in their order; the input whose value
is the template's mask (or the word ``dataset_name``) takes the dataset's files, one a job; every
other value of ``in`` is an argument as it stands; standard output is the output dataset, standard
error the log dataset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penstock_core.contracts.base import Json
from penstock_core.errors import InvalidTemplate
from recipe import spd_standard as standard
from recipe.diagnostics import fault
from recipe.references import place
from recipe.spd_standard import LOG, OUTPUT, STREAMS

BOUND = "dataset_name"
_STEP_KEYS = ("run", "in", "out", "label", "hints")
_TOOL_KEYS = ("class", "baseCommand", "inputs", "outputs", "label", "doc", "id")
_CLOSE = "Look for a brace that is not closed just before."


@dataclass(frozen=True)
class Meaning:
    """The standard CWL that a document of the dialect means, and its input for the dataset."""

    standard: Json
    input: str


def is_dialect(document: Mapping[str, Any]) -> bool:
    """Return whether this is SPD's dialect: steps by name, neither class nor version."""
    telling = ("class", "cwlVersion", "$graph")
    return isinstance(document.get("steps"), dict) and not any(k in document for k in telling)


def translate(document: Mapping[str, Any], main: str, masks: Sequence[str]) -> Meaning:
    """Return what the document means; raises ``InvalidTemplate`` at the line that is wrong."""
    return _Translation(main, frozenset(masks) | {BOUND}).meaning(document)


class _Translation:
    def __init__(self, main: str, bound_values: frozenset[str]) -> None:
        self._main = main
        self._bound_values = bound_values

    def meaning(self, document: Mapping[str, Any]) -> Meaning:
        steps = document["steps"]
        if not steps:
            raise self._wrong(document, "steps", "there is no step", "Give at least one.")
        parts = [self._step(str(name), self._mapping(steps, name, "step")) for name in steps]
        first = str(parts[0]["scatter"])
        source = first
        for part in parts:
            standard.feed(part, source)
            source = f"{part['id']}/{OUTPUT}"
        return Meaning(standard.workflow(first, parts), first)

    def _step(self, name: str, step: Any) -> Json:
        for key in step:
            if key not in _STEP_KEYS:
                message = f"step {name!r} has no field {key!r} (it may have: run, in, out)"
                raise self._wrong(step, key, message, _CLOSE)
        tool = self._mapping(step, "run", f"step {name!r}")
        given = self._mapping(step, "in", f"step {name!r}")
        texts = {str(k): self._text(given, k) for k in given}
        self._check_inputs(name, tool, given)
        bound = self._bound(name, step, texts)
        outs = self._outs(name, step, tool)
        return {
            "id": name,
            "scatter": bound,
            "in": [{"id": k} if k == bound else {"id": k, "default": texts[k]} for k in texts],
            "out": outs,
            "run": standard.tool(tool, bound, outs),
            "hints": [standard.task_hint(tool, texts, outs) | standard.own_hint(step)],
        }

    def _check_inputs(self, name: str, tool: Any, given: Any) -> None:
        for key in tool:
            if key not in _TOOL_KEYS:
                raise self._wrong(tool, key, f"the tool of {name!r} has no field {key!r}", _CLOSE)
        if tool.get("class", "CommandLineTool") != "CommandLineTool":
            raise self._wrong(tool, "class", f"the tool of {name!r} must be a CommandLineTool")
        if "baseCommand" not in tool:
            raise self._wrong(tool, "baseCommand", f"the tool of {name!r} has no baseCommand")
        inputs = self._mapping(tool, "inputs", f"the tool of {name!r}")
        for key, node in inputs.items():
            nested = (
                [k for k in node if k not in ("type", "label", "doc")]
                if isinstance(node, dict)
                else []
            )
            if nested:
                message = f"input {nested[0]!r} stands inside input {key!r}"
                raise self._wrong(node, nested[0], message, _CLOSE)
            if key not in given:
                raise self._wrong(inputs, key, f"`in` of {name!r} gives no value for {key!r}")
        for key in given:
            if key not in inputs:
                has = ", ".join(inputs)
                message = f"the tool of {name!r} has no input {key!r} (it has: {has})"
                raise self._wrong(given, key, message)

    def _bound(self, name: str, step: Any, texts: Mapping[str, str]) -> str:
        bound = [key for key, text in texts.items() if text in self._bound_values]
        if len(bound) == 1:
            return bound[0]
        values = " or ".join(repr(v) for v in sorted(self._bound_values))
        which = f"inputs {', '.join(bound)} all take" if bound else "no input takes"
        message = f"step {name!r}: {which} the dataset (value {values})"
        raise self._wrong(step, "in", message, "Give exactly one input the template's mask.")

    def _outs(self, name: str, step: Any, tool: Any) -> list[str]:
        if "out" not in step:
            raise self._wrong(step, "out", f"step {name!r} has no `out`", f"[{OUTPUT}, {LOG}]")
        out = step["out"]
        words = out.strip("[] ").split(",") if isinstance(out, str) else list(out)
        names = [str(word).strip() for word in words]
        declared = self._mapping(tool, "outputs", f"the tool of {name!r}")
        for one in [*names, *declared]:
            if one not in STREAMS:
                message = f"step {name!r} has output {one!r}; the dialect has {OUTPUT} and {LOG}"
                raise self._wrong(step, "out", message, "Write standard CWL for other outputs.")
        if OUTPUT not in names:
            raise self._wrong(step, "out", f"step {name!r} does not give {OUTPUT}")
        return names

    def _mapping(self, holder: Any, key: str, whose: str) -> Any:
        value = holder.get(key)
        if isinstance(value, dict):
            return value
        found = "is missing" if value is None else "must be a mapping"
        raise self._wrong(holder, key, f"{whose}: {key!r} {found}")

    def _text(self, given: Any, key: str) -> str:
        value = given[key]
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str | int | float):
            return str(value)
        raise self._wrong(given, key, f"the value of {key!r} must be plain text", _CLOSE)

    def _wrong(self, holder: Any, key: str, message: str, hint: str = "") -> InvalidTemplate:
        return fault(self._main, *place(holder, key), message, hint)
