"""A server process under its guard, on a free port."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_GUARD = Path(__file__).with_name("guard.py")
_READY_WITHIN_S = 60


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listened on a moment ago, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class GuardedProcess:
    """A command that ends when :meth:`stop` is called or this process dies, kill -9 included."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        user: str | None = None,
        stop_signal: str = "SIGKILL",
    ) -> None:
        self._log = folder / f"{Path(command[0]).name}.log"
        with self._log.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, str(_GUARD), user or "-", stop_signal, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=dict(env),
                start_new_session=True,
            )

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Return once ``is_ready()``; raises ``RuntimeError`` with the log if it never is."""
        deadline = time.monotonic() + _READY_WITHIN_S
        while not is_ready():
            if self._guard.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"The server did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server and all its children."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()


def answers(port: int, greeting: bytes = b"") -> bool:
    """Return whether 127.0.0.1:port accepts, and says something after ``greeting`` if given."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            if not greeting:
                return True
            connection.sendall(greeting)
            return bool(connection.recv(1))
    except OSError:
        return False
