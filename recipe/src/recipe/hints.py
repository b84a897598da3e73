"""Per-step settings: our own hint, and the standard requirements that say what a job needs."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from cwltool.process import Process
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from penstock_core.contracts.base import Frozen
from penstock_core.contracts.workflow import Gate, PauseAt
from penstock_core.errors import InvalidMask
from recipe.constructs import CONSTRUCTS, not_taken, wrong
from recipe.gates import check_gates, listed
from recipe.model import Group, Resources, Trigger
from recipe.standalone import is_our_hint

_IMAGE_SOURCES = ("dockerLoad", "dockerImport", "dockerFile")
Gates = Annotated[tuple[Gate, ...], BeforeValidator(listed), AfterValidator(check_gates)]


class TaskHint(Frozen):
    """``hints: [{class: penstock:Task, …}]``: what a step's task is to be; other runners ignore it.

    Attributes
    ----------
    rank
        Higher runs first.
    retry
        Further attempts after the first.
    trigger
        ``open``: jobs as files appear; ``closed``: once the input dataset is complete.
    exec, args
        What SPD's columns of these names show.
    log
        The output that is the job's log.
    output
        Pattern of the output dataset's name.
    pauseAt
        ``{rate, after}``: the task pauses once ``after`` jobs have ended and ``rate`` of them
        failed.
    acceptLoss
        The fraction of jobs that may fail without anybody being asked.
    group
        ``{files, size_bytes, max_latency_s}``: how a merge is divided into jobs.
    waitFor
        Other datasets that must be there first, by mask.
    """

    rank: int = Field(default=1, ge=1, le=1_000_000)
    retry: int = Field(default=2, ge=0, le=100)
    trigger: Trigger | None = None
    exec: str = ""
    args: str = ""
    log: str = ""
    output: str = ""
    pause_at: PauseAt = Field(default=PauseAt(), alias="pauseAt")
    accept_loss: float = Field(default=0, ge=0, le=1, alias="acceptLoss")
    group: Group | None = None
    wait_for: Gates = Field(default=(), alias="waitFor")


FIELDS = tuple(field.alias or name for name, field in TaskHint.model_fields.items())


def task_hint(tool: Process) -> TaskHint:
    """Return the settings of a step's tool: the workflow's, then the step's, then its own."""
    fields: dict[str, Any] = {}
    for hint in filter(is_our_hint, tool.hints):
        fields |= _checked(hint)
    return TaskHint(**fields)


def _checked(hint: Mapping[str, Any]) -> dict[str, Any]:
    fields = {str(k): v for k, v in hint.items() if k != "class"}
    for name in fields:
        if name not in FIELDS and name in CONSTRUCTS:
            raise not_taken(hint, name, name, "in penstock:Task")
    try:
        TaskHint(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        reason = first["msg"] if name in FIELDS else "there is no such field"
        known = f"It may have: {', '.join(FIELDS)}."
        where = ".".join(str(part) for part in first["loc"])
        raise wrong(hint, name, f"penstock:Task: {where}: {reason}", known) from error
    except InvalidMask as error:
        text = f"penstock:Task: waitFor: {error.message}"
        raise wrong(hint, "waitFor", text, error.hint) from error
    return fields


def resources(tool: Process) -> tuple[Resources, list[str]]:
    """Return what a job needs, and a warning for each figure that is an expression."""
    need = _requirement(tool, "ResourceRequirement")
    docker = _requirement(tool, "DockerRequirement")
    is_required = docker in tool.requirements
    for source in _IMAGE_SOURCES:
        if source in docker and is_required:  # as a hint it is what other runners may take
            raise not_taken(docker, source, source)
    limit = _requirement(tool, "ToolTimeLimit").get("timelimit")
    warnings = list(_expressions({**need, "timelimit": limit}))
    device: Literal["CPU", "GPU"] = "GPU" if _requirement(tool, "CUDARequirement") else "CPU"
    found = Resources(
        cores=_number(need, ("coresMin", "coresMax"), 1),
        memory_mib=int(_number(need, ("ramMin", "ramMax"), 256)),
        time_limit_s=int(limit) if isinstance(limit, int | float) else 0,
        device=device,
        container=str(docker.get("dockerPull", "")),
        network=bool(_requirement(tool, "NetworkAccess").get("networkAccess")),
    )
    return found, warnings


def _requirement(tool: Process, name: str) -> Mapping[str, Any]:
    """Return the most specific requirement of this class, else hint, else an empty mapping."""
    for group in (tool.requirements, tool.hints):
        for one in reversed(group):
            if str(one.get("class", "")).replace("#", ":").rsplit(":", 1)[-1] == name:
                return one
    return {}


def _number(need: Mapping[str, Any], names: tuple[str, ...], default: float) -> float:
    for name in names:
        value = need.get(name)
        if isinstance(value, int | float):
            return float(value)
    return default


def _expressions(need: Mapping[str, Any]) -> Iterator[str]:
    for name, value in need.items():
        if name != "class" and isinstance(value, str):
            yield f"{name} is an expression: tasks are placed by the default, jobs by its value."
