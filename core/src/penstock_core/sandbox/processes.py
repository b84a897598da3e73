"""Killing a process with everything that descends from it, however it detached itself.

A *subreaper* inherits the orphans among its descendants, so a grandchild that forked twice and
opened a session of its own still has the subreaper as its ancestor, and is found in ``/proc``.
"""

import ctypes
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_AGAIN_S = 0.002
_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Make this process the one that its orphaned descendants are handed to."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl({option}, {value}): {os.strerror(code)}")


def descendants(root: int) -> list[int]:
    """Return the ids of all processes below ``root``, zombies too, nearest first."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError):
                children[_parent(entry)].append(int(entry.name))
    found: list[int] = []
    todo = [root]
    while todo:
        below = children.pop(todo.pop(0), [])
        found += below
        todo += below
    return found


def _parent(entry: Path) -> int:
    # The command's name stands in brackets and may hold anything, brackets and blanks too.
    return int((entry / "stat").read_text().rpartition(")")[2].split()[1])


def kill_descendants() -> None:
    """Kill and reap everything below this process; returns when nothing is left.

    All are stopped before any is killed: what forks without end would be ahead of us for ever.
    """
    while has_children():
        stopped = set[int]()
        while new := set(descendants(os.getpid())) - stopped:
            _signal(new, signal.SIGSTOP)
            stopped |= new
        _signal(stopped, signal.SIGKILL)
        time.sleep(_LOOK_AGAIN_S)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_tree(root: int) -> None:
    """Kill ``root``, a child of this process, and all below it, and reap it."""
    for pid in [*descendants(root), root]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(root, 0)


def has_children() -> bool:
    """Return whether this process has children, after reaping those that ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    return False
