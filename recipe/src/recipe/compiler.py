"""The compiler as others start it: a child process with limits, so that no document can harm them.

Light: neither cwltool nor ruamel is imported here.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from penstock_core.contracts.base import Frozen, Json
from penstock_core.contracts.workflow import ValueRanges
from penstock_core.errors import InvalidTemplate, PenstockError, ServiceUnavailable, from_json
from recipe.model import Recipe

AT_ONCE = 2
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class CompileRequest(Frozen):
    """What to compile: as the arguments of :func:`recipe.compile.compile`."""

    documents: dict[str, str]
    main: str
    input: str = ""
    masks: tuple[str, ...] = ()
    values: Json = {}
    value_ranges: ValueRanges = {}


class Limits(Frozen):
    """What the child may take: seconds of processor, MiB of address space."""

    cpu_s: int = 30
    memory_mib: int = 2048


LIMITS = Limits()


async def compile_in_child(
    request: CompileRequest, timeout_s: float = 60, limits: Limits = LIMITS
) -> Recipe:
    """Return the recipe of a bundle; raises ``InvalidTemplate``, or ``ServiceUnavailable``.

    At most ``AT_ONCE`` run together; ``timeout_s`` counts from when this one's turn has come.
    """
    async with _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
        code, answer, stray = await _ask(request, timeout_s, limits)
    try:
        content: dict[str, Any] = json.loads(answer)
    except ValueError as error:
        raise _died(code, stray, limits) from error
    if "error" in content:
        raise from_json(InvalidTemplate.status, content["error"])
    return Recipe.model_validate(content["recipe"])


async def _ask(
    request: CompileRequest, timeout_s: float, limits: Limits
) -> tuple[int, bytes, bytes]:
    child = await _start(limits)
    try:
        async with asyncio.timeout(timeout_s):
            answer, stray = await child.communicate(request.model_dump_json().encode())
    except TimeoutError as error:
        raise ServiceUnavailable(
            f"The compiler did not answer within {timeout_s:g} s.",
            hint="Try again; if that does not help, make the documents smaller.",
        ) from error
    finally:
        await _end(child)
    return child.returncode or 0, answer, stray


async def _start(limits: Limits) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "recipe.compile_process",
        str(limits.cpu_s),
        str(limits.memory_mib),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        cwd="/",
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"},
        start_new_session=True,
    )


async def _end(child: Process) -> None:
    """Kill the child's whole session, and wait until it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(ValueError, BrokenPipeError, ConnectionResetError):
        await child.communicate()


def _died(code: int, stray: bytes, limits: Limits) -> PenstockError:
    hint = "Make the documents smaller, or use fewer nested workflows."
    if -code == signal.SIGXCPU:
        message = f"Compiling takes more than {limits.cpu_s} s of processor time."
        return InvalidTemplate(message, hint=hint, facts={"diagnostics": []})
    # Out of memory, C code aborts where Python would have raised.
    perhaps = f"; perhaps it takes more than {limits.memory_mib} MiB of memory" if code < 0 else ""
    lines = stray.decode(errors="replace").strip().splitlines()
    last = f" ({lines[-1]})" if lines and code >= 0 else ""
    message = f"The compiler ended with code {code} and gave no answer{perhaps}{last}."
    return InvalidTemplate(message, hint=hint, facts={"diagnostics": []})
