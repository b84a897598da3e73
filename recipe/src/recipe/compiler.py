"""The compiler as others start it: warm processes in a house, so that no document does harm.

Light: neither cwltool nor ruamel is imported here.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import Any, Self

from penstock_core.contracts.base import Frozen, Json
from penstock_core.contracts.workflow import ValueRanges
from penstock_core.errors import InvalidTemplate, ServiceUnavailable, from_json
from penstock_core.sandbox import House, Rung, choose
from recipe.model import Recipe

AT_ONCE = 2
_LONGEST_ANSWER_BYTES = 64 << 20


class CompileRequest(Frozen):
    """What to compile: as the arguments of :func:`recipe.compile.compile`."""

    documents: dict[str, str]
    main: str
    input: str = ""
    masks: tuple[str, ...] = ()
    values: Json = {}
    value_ranges: ValueRanges = {}
    draft: bool = False


class Limits(Frozen):
    """What one compilation may take: seconds of processor, MiB of memory."""

    cpu_s: int = 30
    memory_mib: int = 2048


class WarmCompiler:
    """Up to ``AT_ONCE`` compilers that stay, each for one request at a time.

    One that does not answer is killed; the next request starts another.

    Parameters
    ----------
    sandbox
        The rung that is wanted, as :func:`penstock_core.sandbox.choose` takes it.
    timeout_s
        How long a request may take, counted from when its turn has come.
    """

    def __init__(
        self, sandbox: str = "auto", limits: Limits | None = None, timeout_s: float = 60
    ) -> None:
        self._sandbox = sandbox
        self._limits = limits or Limits()
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._idle: list[Process] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._idle:
            await _end(self._idle.pop())

    async def __call__(self, request: CompileRequest) -> Recipe:
        """Return the recipe of a bundle; raises ``InvalidTemplate``, or ``ServiceUnavailable``."""
        async with self._slots:
            answer = await self._ask(request.model_dump_json().encode())
        content: dict[str, Any] = json.loads(answer)
        if "error" in content:
            raise from_json(InvalidTemplate.status, content["error"])
        return Recipe.model_validate(content["recipe"])

    async def warm(self) -> None:
        """Have a compiler started before a request needs it."""
        async with self._slots:
            if not self._idle:
                self._idle.append(await self._start())

    async def _ask(self, line: bytes) -> bytes:
        process = self._idle.pop() if self._idle else await self._start()
        answer = b""
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await _exchange(process, line)
        except TimeoutError as error:
            raise ServiceUnavailable(
                f"The compiler did not answer within {self._timeout_s:g} s.",
                hint="Try again; if that does not help, make the documents smaller.",
            ) from error
        finally:
            if answer:
                self._idle.append(process)
            else:
                await _end(process)
        if not answer:
            raise ServiceUnavailable("The compiler was killed.", hint="Try again.")
        return answer

    async def _start(self) -> Process:
        rung: Rung = await asyncio.to_thread(choose, self._sandbox)
        limits = (str(self._limits.cpu_s), str(self._limits.memory_mib))
        argv = [sys.executable, "-I", "-m", "recipe.compile_process", rung.value, *limits]
        return await asyncio.create_subprocess_exec(
            *await asyncio.to_thread(rung.command, House(), argv),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"},
            start_new_session=True,
            limit=_LONGEST_ANSWER_BYTES,
        )


async def compile_in_child(
    request: CompileRequest, timeout_s: float = 60, limits: Limits | None = None
) -> Recipe:
    """Return the recipe of one bundle, by a compiler for it alone; raises as that does."""
    async with WarmCompiler(limits=limits, timeout_s=timeout_s) as compiler:
        return await compiler(request)


async def _exchange(process: Process, line: bytes) -> bytes:
    """Send a request and return its answer; b"" when the process is gone."""
    if process.stdin and process.stdout:
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(line + b"\n")
            await process.stdin.drain()
            return await process.stdout.readline()
    return b""


async def _end(process: Process) -> None:
    """Kill a process's whole session, and wait until it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(ValueError, BrokenPipeError, ConnectionResetError):
        await process.communicate()
