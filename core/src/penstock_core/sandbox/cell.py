"""A cell: one process of strangers' work, and all that it starts, held to one folder.

Made in two steps, each by a process that was forked for it alone: the *supervisor* parts from other
processes (:meth:`Cell.part`), then the process that does the work, its child, covers what is not
its own, gives up its rights and binds itself (:meth:`Cell.enter`).
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from penstock_core.sandbox import kernel, landlock, seccomp
from penstock_core.sandbox.enter import show
from penstock_core.sandbox.limits import Limits
from penstock_core.sandbox.rungs import Rung

NOBODY = 65534
_FIRST_USER = 2_000_000_000
"""From here on, users that no system has: one a cell."""
_SHARED_MEMORY = "size=256m,mode=1777"
_DEVICES = tuple(Path("/dev") / name for name in ("null", "zero", "full", "random", "urandom"))
_OWN = (Path("/tmp"), Path("/dev/shm"))  # noqa: S108 - places that every program knows


@dataclass(frozen=True, slots=True)
class Cell:
    """What one piece of work may reach.

    Attributes
    ----------
    folder
        Its own; absolute. Everything that it writes lies there.
    covered
        Folders that hold what belongs to all cells: it sees nothing of them but its own.
    readable
        What it may read: the system's folders, the interpreter, documents.
    limits
        Of each of its processes.
    rung
        What its house stands on.
    network
        Whether it may open sockets to the network that its house has.
    """

    folder: Path
    covered: tuple[Path, ...]
    readable: tuple[Path, ...]
    limits: Limits
    rung: Rung
    network: bool = False

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Cell":
        """Return the cell that :func:`dataclasses.asdict` told, paths as text."""
        return cls(
            folder=Path(told["folder"]),
            covered=tuple(map(Path, told["covered"])),
            readable=tuple(map(Path, told["readable"])),
            limits=Limits(**told["limits"]),
            rung=Rung(told["rung"]),
            network=told["network"],
        )

    def part(self) -> None:
        """Part from the processes of others. Raises ``OSError``.

        For the process that will fork the one that does the work, which is then the first of its
        process namespace: when it dies, the kernel kills all others.
        """
        if not self.rung.has_namespaces:
            return
        if os.geteuid() == 0:
            kernel.unshare(kernel.CLONE_NEWPID)
        else:
            _become_own(kernel.CLONE_NEWPID)

    def enter(self) -> None:
        """Bind this process, for good, and whatever it starts. Raises ``OSError``."""
        own = self.rung.has_namespaces
        if own:
            kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC)
            _cover(self.covered, self.folder, self.readable)
        os.chdir(self.folder)
        user = _user_of(self.rung)
        os.chown(self.folder, user, -1)
        readable = (*self.readable, Path("/proc")) if own else self.readable
        writable = (self.folder, *_DEVICES, *(_OWN if own else ()))
        bind(self.rung, self.limits, readable, writable, network=self.network)


def bind(
    rung: Rung,
    limits: Limits,
    readable: Sequence[Path],
    writable: Sequence[Path] = (),
    *,
    network: bool = False,
) -> None:
    """Take all rights but these from this process and whatever it starts, for good.

    The second half of a cell, and all of one for work that needs no folder. Raises ``OSError``.
    """
    own = rung.has_namespaces
    if os.geteuid() == 0 and rung is not Rung.NONE:
        kernel.become(_user_of(rung))
        kernel.be_seen_in_proc()
        if own:
            _become_own()
    if not own and limits.processes:
        # Where nothing parts the cells, the kernel counts all processes of a user.
        limits = replace(limits, processes=limits.processes + _processes_of(os.geteuid()))
    limits.apply()
    if rung is Rung.NONE:
        return
    if own:
        kernel.drop_capabilities()
    kernel.forbid_new_rights()
    if landlock.version():
        landlock.restrict(readable, writable, network=network)
    if not seccomp.reason_against():
        # Without a view of its own it would reach services by the files of their sockets.
        seccomp.restrict(network=network, sockets=own)


def _user_of(rung: Rung) -> int:
    """Return whom a cell's process becomes: of root, one for all where namespaces part them."""
    if os.geteuid() != 0 or rung is Rung.NONE:
        return os.geteuid()
    return NOBODY if rung.has_namespaces else _FIRST_USER + os.getpid()


def _processes_of(user: int) -> int:
    """Return how many processes and threads a user has."""
    count = 0
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and process.stat().st_uid == user:
                count += len(os.listdir(process / "task"))
    return count


def _become_own(more: int = 0) -> None:
    """Get a user namespace, which counts this cell's processes apart from those of others."""
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | more)
    kernel.map_own_ids(uid, gid)


def _cover(covered: Sequence[Path], folder: Path, readable: Sequence[Path]) -> None:
    """Put empty folders over what all cells share, and a cell's own folder back into its place."""
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    shared = (*_OWN, *covered)
    places = [place for place in shared if not _below(place, shared)]
    kept = [path for path in (*readable, folder) if _below(path, places)]
    opened = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in kept}
    for place in places:
        quiet = kernel.MS_NOSUID | kernel.MS_NODEV
        kernel.mount("tmpfs", place, "tmpfs", quiet, _SHARED_MEMORY)
    for path, descriptor in opened.items():
        show(descriptor, path)
        os.close(descriptor)


def _below(path: Path, places: Sequence[Path]) -> bool:
    return any(path != place and path.is_relative_to(place) for place in places)
