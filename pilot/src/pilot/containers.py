"""Running a job's tool in a container: asked for from inside its cell, done outside of it.

A cell may start no engine: it has neither the rights nor the files. So the job's process writes
what it wants into its folder and waits for the answer there; here it is read, checked, and done by
the engine. What the tool prints is written beside, and copied by the process to where it belongs.
"""

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pilot import container_request, plain
from pilot.container_request import ContainerRequest
from pilot.engine import Engine, Limits
from pilot.model import JobError
from pilot.worker.files import ANSWER_NAME, ASK_NAME, STDERR_NAME, STDIN_NAME, STDOUT_NAME

_LOOK_EVERY_S = 0.02
CANNOT_RUN = 125
"""The exit code of the engines themselves for a container that could not be started."""


@dataclass(frozen=True, slots=True)
class Containers:
    """Runs containers for jobs."""

    engine: Engine

    @asynccontextmanager
    async def serving(
        self, folder: Path, roots: Sequence[Path], limits: Limits
    ) -> AsyncIterator[None]:
        """Do, as long as the block lasts, what the job in ``folder`` asks for.

        At its end a container that still runs is ended.
        """
        serving = asyncio.create_task(self._serve(folder, roots, limits))
        try:
            yield
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    async def _serve(self, folder: Path, roots: Sequence[Path], limits: Limits) -> None:
        number = 1
        while True:
            try:
                text = await asyncio.to_thread(plain.text, folder / f"{ASK_NAME}{number}")
                if text is None:
                    await asyncio.sleep(_LOOK_EVERY_S)
                    continue
                request = container_request.read(text).checked(roots)
                code = await self._run(request, folder, limits)
                answer = {"exit_code": code, "error": ""}
            except (JobError, OSError) as error:
                answer = {"exit_code": CANNOT_RUN, "error": str(error)}
            await asyncio.to_thread(_write, folder / f"{ANSWER_NAME}{number}", answer)
            number += 1

    async def _run(self, request: ContainerRequest, folder: Path, limits: Limits) -> int:
        name = f"penstock-{uuid.uuid4().hex}"
        command = self.engine.command(request, name, folder, limits)
        number = request.number
        with (
            plain.opened(folder / f"{STDIN_NAME}{number}") as given,
            (folder / f"{STDOUT_NAME}{number}").open("xb") as out,
            (folder / f"{STDERR_NAME}{number}").open("xb") as err,
        ):
            for stream in (out, err):
                os.fchmod(stream.fileno(), 0o644)
            process = await asyncio.create_subprocess_exec(
                *command, stdin=given, stdout=out, stderr=err, start_new_session=True
            )
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await asyncio.shield(asyncio.to_thread(self.engine.end, name))
                await process.wait()


def _write(path: Path, answer: dict[str, object]) -> None:
    partial = path.with_name(f".{path.name}")
    with partial.open("x") as stream:
        json.dump(answer, stream)
        os.fchmod(stream.fileno(), 0o644)
    partial.replace(path)
