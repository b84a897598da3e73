"""Serving the front door on a port until a signal comes."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import uvicorn

from penstock_core.errors import Conflict
from penstock_core.service import Asgi

HOST = "127.0.0.1"
BACKLOG = 2048


class _QuietServer(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def listening(*ports: int, host: str = HOST) -> Iterator[socket.socket]:
    """Give a socket that listens on the first of ``ports`` that is free; 0 is any.

    Raises
    ------
    Conflict
        none of them can be had.
    """
    listener = _listen(ports, host)
    with contextlib.closing(listener):
        yield listener


@asynccontextmanager
async def serving(app: Asgi, *ports: int) -> AsyncIterator[str]:
    """Serve ``app`` on the first free one of ``ports`` and give its URL; raises ``Conflict``."""
    with listening(*ports) as listener:
        async with serving_on(listener, app) as url:
            yield url


@asynccontextmanager
async def serving_on(listener: socket.socket, app: Asgi) -> AsyncIterator[str]:
    """Serve ``app`` on a socket that listens already, and give its URL."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5
    )
    server = _QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def _listen(ports: Sequence[int], host: str) -> socket.socket:
    reason = ""
    for port in ports:
        # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            # Bound alone it would not be ours yet: another process could bind it, too.
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            reason = reason or os.strerror(error.errno or 0)
        else:
            return listener
    raise Conflict(
        f"Port {ports[0]} cannot be had: {reason}.",
        hint="Give another one with --port, or --port 0 for any.",
        facts={"port": ports[0]},
    )


def signalled() -> "asyncio.Event":
    """Return an event that SIGINT and SIGTERM set from now on, instead of ending the process."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
    return event
