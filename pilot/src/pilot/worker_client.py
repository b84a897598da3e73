"""The warm worker as the pilot sees it: started before the first job, again when it died."""

import asyncio
import logging
import os
import socket
import sys
from dataclasses import asdict, dataclass

from penstock_core.sandbox import Cell, House, Rung
from pilot.worker.ending import Ending
from pilot.worker.usage import Most
from pilot.worker.wire import Frame, Unpacker, pack

log = logging.getLogger(__name__)
_READ_BYTES = 1 << 16


class WorkerLost(Exception):
    """The worker died, and its jobs with it."""


@dataclass(frozen=True, slots=True)
class Order:
    """One job for the worker: its key, its cell, and what it may take as a whole."""

    job: str
    cell: Cell
    wall_s: float
    most: Most

    def frame(self) -> Frame:
        """Return it for the wire."""
        cell = asdict(self.cell)
        cell["folder"] = str(self.cell.folder)
        cell |= {key: [str(path) for path in cell[key]] for key in ("covered", "readable")}
        order = {"job": self.job, "cell": cell, "wall_s": self.wall_s, "most": asdict(self.most)}
        return {"run": order}


class WarmWorker:
    """One worker process and the jobs that wait for it.

    Parameters
    ----------
    rung, house
        What holds the worker in, with all its jobs.
    """

    def __init__(self, rung: Rung, house: House) -> None:
        self._rung = rung
        self._house = house
        self._starting = asyncio.Lock()
        self._line: _Line | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id of the worker; None while there is none."""
        return self._line.pid if self._line and self._line.alive else None

    async def run(self, order: Order) -> Ending:
        """Run a job to its end; raises ``WorkerLost``. Cancelling this kills the job."""
        line = await self.warm()
        return await line.run(order)

    async def warm(self) -> "_Line":
        """Have a worker, started where there is none; it gets warm while jobs are on their way."""
        async with self._starting:
            if self._line is None or not self._line.alive:
                await self.close()
                self._line = await _Line.open(self._rung, self._house)
            return self._line

    async def cancel(self, job: str) -> None:
        """Have a job killed, if it runs."""
        if self._line is not None:
            await self._line.cancel(job)

    async def close(self) -> None:
        """End the worker and all its jobs; returns when they are gone."""
        if self._line is not None:
            await self._line.close()


class _Line:
    """The socket to one worker process."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.pid = process.pid
        self.alive = True
        self._process = process
        self._reader = reader
        self._writer = writer
        self._waiting: dict[str, asyncio.Future[Ending]] = {}
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, rung: Rung, house: House) -> "_Line":
        """Start a worker; jobs may be sent at once, they wait in the socket till it is warm."""
        ours, theirs = socket.socketpair()
        with theirs:
            argv = [sys.executable, "-I", "-m", "pilot.worker", str(theirs.fileno())]
            process = await asyncio.create_subprocess_exec(
                *await asyncio.to_thread(rung.command, house, argv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                # Secrets in the pilot's environment are none of a job's business.
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        log.info("Started worker %d.", process.pid)
        return cls(process, reader, writer)

    async def run(self, order: Order) -> Ending:
        """Send a job and wait for its end; raises ``WorkerLost``."""
        future: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._waiting[order.job] = future
        try:
            await self._send(order.frame())
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await self.cancel(order.job)
            await asyncio.wait([future])
            raise
        finally:
            self._waiting.pop(order.job, None)

    async def cancel(self, job: str) -> None:
        """Have a job killed; one that the worker does not have is none of its business."""
        await self._send({"cancel": job})

    async def _send(self, frame: Frame) -> None:
        try:
            self._writer.write(pack(frame))
            await self._writer.drain()
        except ConnectionError:
            return  # the listener sees the end, and tells all who wait

    async def _listen(self) -> None:
        """Read endings until the worker is gone; then tell all who wait."""
        frames = Unpacker()
        try:
            while data := await self._reader.read(_READ_BYTES):
                for frame in frames.feed(data):
                    self._hear(frame)
        except ConnectionError:
            pass
        finally:
            self.alive = False
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(WorkerLost(f"Worker {self.pid} died."))

    def _hear(self, frame: Frame) -> None:
        future = self._waiting.get(frame.get("ended", ""))
        if future is not None and not future.done():
            future.set_result(Ending[frame["ending"]])

    async def close(self) -> None:
        """Close the socket, at which the worker kills its jobs and ends, and wait for that."""
        self._writer.close()
        await self._process.wait()
        await self._listener
