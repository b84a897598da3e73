"""Serving a face until a signal comes: on a port of its own, or on one that replicas share."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from penstock_core.errors import Conflict
from penstock_core.service import Asgi

HOST = "127.0.0.1"
BACKLOG = 2048
DRAIN_S = 6.0
"""Longer than HTTPX keeps an idle connection (5 s), so that it never writes to a closed one."""
_KEEP_S = 30
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Door:
    """Where one process answers.

    Attributes
    ----------
    shared
        Standard input is a socket that listens, and that other replicas have, too; no ``port``.
    own
        A socket's file where this process alone answers, beside the port.
    """

    port: int = 0
    host: str = HOST
    shared: bool = False
    own: Path | None = None

    @contextlib.contextmanager
    def listeners(self) -> Iterator[list[socket.socket]]:
        """Give the sockets, the port's first; raises ``Conflict``."""
        with contextlib.ExitStack() as stack:
            first = _inherited() if self.shared else _listen([self.port], self.host)
            found = [stack.enter_context(contextlib.closing(first))]
            if self.own:
                found.append(stack.enter_context(contextlib.closing(_listen_at(self.own))))
            yield found


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone, and lets its clients go before it ends."""

    drain_s = 0.0

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and tell with each answer that its connection ends by it."""
        for server in self.servers:
            server.close()
        state, loop = self.server_state, asyncio.get_running_loop()
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        deadline = loop.time() + self.drain_s
        await asyncio.sleep(0)  # what is being accepted just now is a connection after this
        while state.connections and loop.time() < deadline:
            await asyncio.sleep(_LOOK_EVERY_S)
        await super().shutdown(sockets)


@contextlib.contextmanager
def listening(*ports: int) -> Iterator[socket.socket]:
    """Give a socket that listens on the first of ``ports`` that is free; 0 is any.

    Raises
    ------
    Conflict
        none of them can be had.
    """
    listener = _listen(ports, HOST)
    with contextlib.closing(listener):
        yield listener


@asynccontextmanager
async def serving(app: Asgi, *ports: int) -> AsyncIterator[str]:
    """Serve ``app`` on the first free one of ``ports`` and give its URL; raises ``Conflict``."""
    with listening(*ports) as listener:
        async with serving_on(listener, app) as url:
            yield url


@asynccontextmanager
async def serving_on(
    listener: socket.socket, app: Asgi, *others: socket.socket, drain_s: float = 0
) -> AsyncIterator[str]:
    """Serve ``app`` on a socket that listens already, and on ``others``; give the first's URL.

    At the end it answers on, for at most ``drain_s``, those that have a connection.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
        timeout_keep_alive=_KEEP_S,
    )
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    server = _Server(config)
    server.drain_s = drain_s
    task = asyncio.create_task(server.serve(sockets=[listener, *others]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        yield url
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


def _inherited() -> socket.socket:
    """Return the socket that is standard input, where supervisord puts a group's.

    Standard input is empty from then on: what this process starts gets no hold of the port.
    """
    try:
        found = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=os.dup(0)
        )
    except OSError as error:
        raise Conflict(
            f"Standard input is no socket: {error}.", hint="Give a port by --port instead."
        ) from error
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return found


def _listen_at(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(BACKLOG)
    return listener


def signalled() -> "asyncio.Event":
    """Return an event that SIGINT and SIGTERM set from now on, instead of ending the process."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
    return event
