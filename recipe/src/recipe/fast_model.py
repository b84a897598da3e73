"""A command line that was compiled once: what a job of a simple tool needs to run without cwltool.

Plain dataclasses: the worker that runs them holds no more in memory than it must.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["string", "int", "long", "boolean", "File"]


@dataclass(frozen=True)
class FastBinding:
    """What becomes words of the command line: a ``text``, or the value of an ``input``."""

    text: str = ""
    input: str = ""
    prefix: str | None = None
    separate: bool = True
    item_separator: str = ""


@dataclass(frozen=True)
class FastInput:
    """An input of the tool; ``key`` is where its value stands in the job's order ("" = nowhere)."""

    name: str
    key: str
    kind: Kind
    many: bool = False
    optional: bool = False
    default: str | int | None = None


@dataclass(frozen=True)
class FastOutput:
    """An output of the tool: the files that fit one of the patterns."""

    name: str
    globs: tuple[str, ...]
    many: bool = False
    optional: bool = False


@dataclass(frozen=True)
class FastLane:
    """How to run a tool without cwltool, as cwltool would.

    Attributes
    ----------
    base, bindings
        The command line, in its order.
    inputs
        All inputs in the order in which their files are staged.
    stdin
        The input whose file is standard input.
    stdout, stderr
        Names of files in the working folder; "" for the job's log.
    success, temporary, permanent
        Exit codes that mean it; without any, 0 is success.
    is_step
        Whether cwltool would have run it inside a workflow of one step.
    """

    base: tuple[str, ...]
    bindings: tuple[FastBinding, ...]
    inputs: tuple[FastInput, ...]
    outputs: tuple[FastOutput, ...]
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    success: tuple[int, ...] = ()
    temporary: tuple[int, ...] = ()
    permanent: tuple[int, ...] = ()
    is_step: bool = False

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "FastLane":
        """Return what :func:`dataclasses.asdict` told, after a journey as JSON."""
        made = {
            "bindings": tuple(FastBinding(**one) for one in told["bindings"]),
            "inputs": tuple(FastInput(**one) for one in told["inputs"]),
            "outputs": tuple(
                FastOutput(**one | {"globs": tuple(one["globs"])}) for one in told["outputs"]
            ),
        }
        words = {key: tuple(told[key]) for key in ("base", "success", "temporary", "permanent")}
        return cls(**dict(told) | made | words)
