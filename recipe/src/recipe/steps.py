"""From what was found of a step to the step: its settings, and what follows from them."""

from cwltool.process import Process

from penstock_core.contracts.base import Json
from recipe.fast import fast_lane
from recipe.hints import TaskHint, resources
from recipe.links import Wiring
from recipe.model import OUTPUT_PATTERN, Group, Port, Resources, Step
from recipe.triggers import mode_of, trigger_of, trigger_warnings


def make_step(
    name: str,
    label: str,
    wiring: Wiring,
    ports: tuple[Port, ...],
    document: Json,
    hint: TaskHint,
    group: Group | None,
    need: Resources,
) -> Step:
    """Return the step; ``ports`` are without the one that is its log."""
    mode = mode_of(wiring)
    return Step(
        name=name,
        mode=mode,
        trigger=trigger_of(hint, mode, wiring),
        links=wiring.links,
        values=wiring.values,
        ports=ports,
        job_document=document,
        label=hint.exec or label,
        resources=need,
        log_port=hint.log,
        args=hint.args,
        rank=hint.rank,
        retry=hint.retry,
        output_pattern=hint.output or OUTPUT_PATTERN,
        pause_at=hint.pause_at,
        accept_loss=hint.accept_loss,
        group=group,
        gates=hint.wait_for,
        fast=fast_lane(document),
    )


def label_of(tool: Process, own: str = "") -> str:
    """Return what people call a step: its label, its tool's, or its command; "" for none."""
    if label := own or tool.tool.get("label"):
        return str(label)
    command = tool.tool.get("baseCommand") or []
    words = command if isinstance(command, list) else [command]
    return " ".join(str(word) for word in words)


def needs(tool: Process, hint: TaskHint, wiring: Wiring) -> tuple[Resources, list[str]]:
    """Return what a job of a step needs, and what is to be told of its settings."""
    found, warnings = resources(tool)
    return found, [*warnings, *trigger_warnings(hint, mode_of(wiring), wiring)]
