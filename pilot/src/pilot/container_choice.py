"""Whether the tools of a job run in containers: what its document asks for, and what there is."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from pilot.engine import Engine
from pilot.model import JobError

_REQUIREMENT = "DockerRequirement"


class ContainerPolicy(StrEnum):
    """When tools run in containers: where they cannot do without, where they can too, or never."""

    REQUIRED = "required"
    HINTED = "hinted"
    NEVER = "never"


def contained(document: Any, policy: ContainerPolicy, engine: Engine | None) -> bool:
    """Return whether a job's tools run in containers.

    Raises ``JobError``, final: they must and cannot, or some of them would and others not. What
    runs beside a container could put a link in place of what the container is then given.
    """
    asked = list(_asked(document, False, False))
    if policy is ContainerPolicy.NEVER or engine is None:
        if any(required for required, _ in asked):
            raise JobError(_why_not(policy), final=True)
        return False
    hints_count = policy is ContainerPolicy.HINTED
    wanted = [required or (hinted and hints_count) for required, hinted in asked]
    if any(wanted) and not all(wanted):
        raise JobError(
            "It runs whole, and only some of its tools run in containers. Give each of its tools a "
            "DockerRequirement under requirements, or none.",
            final=True,
        )
    return any(wanted)


def _why_not(policy: ContainerPolicy) -> str:
    reason = "this pilot runs none (PENSTOCK_PILOT_CONTAINERS is never)"
    if policy is not ContainerPolicy.NEVER:
        reason = "there is no podman, docker or apptainer on this machine"
    return (
        f"The tool requires a container (DockerRequirement under requirements), and {reason}. Put "
        "DockerRequirement under hints if the tool runs without it too, or have the operator "
        "install an engine."
    )


def _asked(node: Any, required: bool, hinted: bool) -> Iterator[tuple[bool, bool]]:
    """Give for each tool in a document whether it requires a container, and whether a hint does.

    What a workflow says holds for all its steps.
    """
    if isinstance(node, list):
        for item in node:
            yield from _asked(item, required, hinted)
        return
    if not isinstance(node, dict):
        return
    required = required or _names_it(node.get("requirements"))
    hinted = hinted or _names_it(node.get("hints"))
    if node.get("class") == "CommandLineTool":
        yield required, hinted
        return
    for value in node.values():
        yield from _asked(value, required, hinted)


def _names_it(needs: Any) -> bool:
    if isinstance(needs, Mapping):
        return _REQUIREMENT in needs
    return any(isinstance(n, Mapping) and n.get("class") == _REQUIREMENT for n in needs or ())
