"""One writer thread for a SQLite file: what arrives during a commit goes together in the next."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from penstock_core.bus.local_store import open_store
from penstock_core.errors import BusUnavailable

Job = Callable[[sqlite3.Connection], Any]


class GroupCommit:
    """The only door to the file at ``path``; jobs of one group are committed or lost together."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(1, "local-bus")
        self._connection: sqlite3.Connection | None = None
        self._waiting: list[tuple[Job, asyncio.Future[Any]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take the file for this process. Raises ``BusUnavailable`` when another one has it."""
        try:
            self._connection = await self._in_thread(open_store, self._path)
        except sqlite3.Error as error:
            self._executor.shutdown()
            raise BusUnavailable(
                f"The bus's file {self._path} cannot be opened: {error}.",
                hint="It belongs to one process: end the other one, or choose another file.",
                facts={"path": self._path},
            ) from error

    async def run(self, job: Job) -> Any:
        """Return what ``job`` returns, after the commit. Cancelling does not take the job back.

        Raises
        ------
        BusUnavailable
            the commit failed, or the file is closed; nothing of the job is stored.
        """
        if self._connection is None:
            raise BusUnavailable(
                f"The bus on {self._path} is not open.", hint="Start it, or make a new one."
            )
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(self._connection))
        return await done

    async def close(self) -> None:
        """Wait for what is under way, then give the file free."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._writer is not None:
            await self._writer
        await self._in_thread(connection.close)
        self._executor.shutdown()

    async def _write(self, connection: sqlite3.Connection) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            work = self._in_thread(_commit, connection, [job for job, _ in group])
            outcomes = await asyncio.gather(work, return_exceptions=True)
            _tell([done for _, done in group], outcomes[0])

    def _in_thread(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._executor, function, *args)


def _commit(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Any]:
    try:
        # The connection commits on success and rolls back on any error.
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            return [job(connection) for job in jobs]
    except sqlite3.Error as error:
        raise BusUnavailable(
            f"The bus's file did not take a write: {error}.",
            hint="Look at the free space and the permissions of its folder.",
        ) from error


def _tell(waiters: Sequence[asyncio.Future[Any]], outcome: list[Any] | BaseException) -> None:
    for n, done in enumerate(waiters):
        if done.cancelled():
            continue
        if isinstance(outcome, BaseException):
            done.set_exception(outcome)
        else:
            done.set_result(outcome[n])
