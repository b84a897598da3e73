"""Runs one server and takes it down with whoever started it, however that one ends.

``guard.py USER SIGNAL COMMAND...`` holds the read end of a pipe as its standard input. When the
pipe closes, because the test session stopped the server or was killed, the guard sends SIGNAL to
the server, gives it five seconds, then kills its own process group: nothing is left behind.
USER is ``-`` for the present one.
"""

import os
import pwd
import signal
import subprocess
import sys
import threading

_GRACE_S = 5


def main(user: str, stop_signal: str, *command: str) -> None:
    """Run until the command or the pipe ends; never return."""
    account = None if user == "-" else user
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        user=account,
        group=pwd.getpwnam(user).pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    threading.Thread(target=_stop_at_end_of_pipe, args=(server, stop_signal), daemon=True).start()
    server.wait()
    os.killpg(0, signal.SIGKILL)


def _stop_at_end_of_pipe(server: "subprocess.Popen[bytes]", stop_signal: str) -> None:
    sys.stdin.buffer.read()
    server.send_signal(signal.Signals[stop_signal])
    try:
        server.wait(_GRACE_S)
    finally:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
