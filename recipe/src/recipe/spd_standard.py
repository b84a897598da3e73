"""The standard CWL that a checked document of SPD's dialect means, part by part."""

from collections.abc import Mapping, Sequence
from typing import Any

from penstock_core.contracts.base import Json

OUTPUT, LOG = "output_dataset", "log_dataset"
NAMESPACES = {"penstock": "https://penstock.dev/cwl#"}
STREAMS = {OUTPUT: "stdout", LOG: "stderr"}


def tool(tool: Mapping[str, Any], bound: str, outs: Sequence[str]) -> Json:
    """Return the tool whose inputs are arguments in their order, its streams being its outputs."""
    command = tool["baseCommand"]
    streams = {STREAMS[name]: name for name in outs}
    return {
        "class": "CommandLineTool",
        "baseCommand": list(command) if isinstance(command, list) else [str(command)],
        "inputs": [
            {
                "id": name,
                "type": "File" if name == bound else "string",
                "inputBinding": {"position": position},
            }
            for position, name in enumerate(tool["inputs"], start=1)
        ],
        "outputs": [{"id": name, "type": STREAMS[name]} for name in outs],
        **streams,
    }


def task_hint(tool: Mapping[str, Any], texts: Mapping[str, str], outs: Sequence[str]) -> Json:
    """Return the settings that the dialect implies: SPD's columns and their defaults."""
    command = tool["baseCommand"]
    words = " ".join(map(str, command)) if isinstance(command, list) else str(command)
    return {
        "class": "penstock:Task",
        "rank": 1,
        "retry": 5,
        "exec": texts.get("processing_program", words),
        "args": texts.get("cable_map", ""),
        **({"log": LOG} if LOG in outs else {}),
    }


def own_hint(step: Mapping[str, Any]) -> Json:
    """Return the fields of the step's own ``penstock:Task``, which go before the dialect's."""
    hints = step.get("hints")
    for hint in hints if isinstance(hints, list) else []:
        if isinstance(hint, dict) and hint.get("class") == "penstock:Task":
            return {str(key): value for key, value in hint.items()}
    return {}


def feed(step: Json, source: str) -> None:
    """Give the step's scattered input its source."""
    for one in step["in"]:
        if one["id"] == step["scatter"]:
            one["source"] = source


def workflow(bound: str, steps: list[Json]) -> Json:
    """Return the chain of these steps over the files that ``bound`` takes."""
    last = steps[-1]["id"]
    return {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "$namespaces": NAMESPACES,
        "requirements": [{"class": "ScatterFeatureRequirement"}],
        "inputs": [{"id": bound, "type": "File[]"}],
        "outputs": [{"id": OUTPUT, "type": "File[]", "outputSource": f"{last}/{OUTPUT}"}],
        "steps": steps,
    }
