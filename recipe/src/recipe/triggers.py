"""When a step starts and how a merge is divided: what a hint may say of it, and what is meant."""

from collections.abc import Iterator, Mapping
from typing import Any

from cwltool.process import Process

from recipe.constructs import not_taken, wrong
from recipe.hints import TaskHint
from recipe.links import Wiring
from recipe.model import Group, Mode, Trigger
from recipe.standalone import is_our_hint


def mode_of(wiring: Wiring) -> Mode:
    """Return how a step divides its inputs into jobs."""
    if any(link.take == "each" for link in wiring.links):
        return Mode.MAP
    return Mode.MERGE if wiring.links else Mode.SINGLE


def trigger_of(hint: TaskHint, mode: Mode, wiring: Wiring) -> Trigger:
    """Return when a step may start: as its hint says, else open for a map and closed for others.

    Which files go with which (secondaryFiles) is known once the dataset is closed.
    """
    if any(link.beside for link in wiring.links):
        return Trigger.CLOSED
    return hint.trigger or (Trigger.OPEN if mode is Mode.MAP else Trigger.CLOSED)


def group_of(hint: TaskHint, tool: Process, wiring: Wiring) -> Group | None:
    """Return how a merge is divided; raises ``InvalidTemplate`` where it cannot be."""
    group = hint.group
    if group is None:
        return None
    if mode_of(wiring) is not Mode.MERGE:
        text = "divides a merge into jobs, and this step is none"
        raise _wrong(tool, text, "Leave group out, or take a File[] that is not scattered.")
    if wiring.links[0].beside:
        raise not_taken(_hint(tool, "group"), "group", "secondaryFiles in groups")
    if len(wiring.links) > 1:
        keys = ", ".join(link.key for link in wiring.links)
        text = f"divides one dataset, and this step takes several ({keys})"
        raise _wrong(tool, text, "Gather one dataset in groups, and join them in a later step.")
    if not (group.files or group.size_bytes or group.max_latency_s):
        raise _wrong(tool, "has no limit", "Give files, size_bytes or max_latency_s.")
    if group.max_latency_s and trigger_of(hint, Mode.MERGE, wiring) is Trigger.CLOSED:
        text = "max_latency_s counts while the dataset is open, and this step starts at its close"
        raise _wrong(tool, text, "Give trigger: open too, or leave max_latency_s out.")
    return group


def trigger_warnings(hint: TaskHint, mode: Mode, wiring: Wiring) -> Iterator[str]:
    """Yield what a hint says of the start that changes nothing."""
    if hint.trigger is None:
        return
    if mode is Mode.SINGLE:
        yield "it reads no dataset, so trigger changes nothing: it starts at once"
    elif hint.trigger is Trigger.OPEN and any(link.beside for link in wiring.links):
        yield "trigger open changes nothing: files with secondaryFiles wait for the dataset's close"
    elif mode is Mode.MERGE and hint.trigger is Trigger.OPEN and hint.group is None:
        yield "trigger open changes nothing: a merge takes the closed dataset; group divides it"


def _wrong(tool: Process, text: str, advice: str) -> Exception:
    return wrong(_hint(tool, "group"), "group", f"penstock:Task: group: {text}", advice)


def _hint(tool: Process, field: str) -> Mapping[str, Any]:
    """Return the hint of ours that has a field."""
    return next(one for one in reversed(tool.hints) if is_our_hint(one) and field in one)
