"""The second rung: a house without bubblewrap. ``python -I -m penstock_core.sandbox``.

Reads the house as JSON from its first argument, gives itself namespaces and the view, and executes
the rest of its arguments as their first process.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from penstock_core.sandbox import kernel
from penstock_core.sandbox.house import House, Mount
from penstock_core.sandbox.processes import die_with_parent

_NEW_ROOT = Path("/tmp")  # noqa: S108 - a place that every system has; ours is mounted over it
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1"}
_LINKS |= {"stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"}
_QUIET = kernel.MS_NOSUID | kernel.MS_NODEV


def command(house: House, argv: Sequence[str]) -> list[str]:
    """Return the command that runs ``argv`` in the house; open descriptors are passed on."""
    told = json.dumps(asdict(house), default=str)
    return [sys.executable, "-I", "-m", __package__, told, *argv]


def main() -> NoReturn:
    """Make the house and run the command in it; ends as the command ends."""
    told = json.loads(sys.argv[1])
    readable, writable = (tuple(map(Path, told[key])) for key in ("readable", "writable"))
    house = House(readable, writable, network=told["network"])
    mounts = list(house.view())  # before anything is hidden
    die_with_parent()
    _isolate(house)
    first = os.fork()
    if first:
        _follow(first)
    die_with_parent()
    _show(mounts)
    os.chdir("/")
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - our own command


def _isolate(house: House) -> None:
    uid, gid = os.geteuid(), os.getegid()
    flags = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    flags |= 0 if house.network else kernel.CLONE_NEWNET
    flags |= kernel.CLONE_NEWUSER if uid else 0
    kernel.unshare(flags)
    if uid:
        kernel.map_own_ids(uid, gid)


def _follow(first: int) -> NoReturn:
    """Wait for the house's first process, and end as it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(first, signal.SIGKILL))
    _, status = os.waitpid(first, 0)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def _show(mounts: Sequence[Mount]) -> None:
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    # Opened before the old folders are covered: what lies below /tmp is among them.
    sources = {mount.target: _open(mount) for mount in mounts}
    kernel.mount("tmpfs", _NEW_ROOT, "tmpfs", _QUIET, "mode=755")
    for mount in mounts:
        _place(mount, sources[mount.target])
    os.chdir(_NEW_ROOT)
    kernel.pivot_root(".", ".")
    kernel.unmount(".")
    kernel.mount("none", "/", flags=kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | _QUIET)


def _open(mount: Mount) -> int:
    is_bound = mount.kind in ("bind", "bind-writable")
    return os.open(mount.source, os.O_PATH | os.O_CLOEXEC) if is_bound else -1


def _place(mount: Mount, source: int) -> None:
    target = _NEW_ROOT / mount.target.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    match mount.kind:
        case "link":
            target.symlink_to(mount.source)
        case "bind" | "bind-writable":
            show(source, target, read_only=mount.kind == "bind")
        case "empty":
            target.mkdir()
            kernel.mount("tmpfs", target, "tmpfs", _QUIET, "mode=1777")
        case "proc":
            target.mkdir()
            kernel.mount("proc", target, "proc", _QUIET | kernel.MS_NOEXEC)
        case "dev":
            _devices(target)


def show(source: int, target: Path, *, read_only: bool = False) -> None:
    """Show what the open descriptor ``source`` is at ``target``, which is made."""
    kept = Path(f"/proc/self/fd/{source}")
    if kept.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.touch()
    kernel.mount(kept, target, flags=kernel.MS_BIND | kernel.MS_REC)
    if read_only:
        kept_flags = _kept_flags(target)
        flags = kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kept_flags
        kernel.mount("none", target, flags=flags)


def _kept_flags(target: Path) -> int:
    """Return the flags of a mount that a user without rights may not take away."""
    found = os.statvfs(target).f_flag
    pairs = [(os.ST_NOSUID, kernel.MS_NOSUID), (os.ST_NODEV, kernel.MS_NODEV)]
    pairs.append((os.ST_NOEXEC, kernel.MS_NOEXEC))
    return sum(ours for theirs, ours in pairs if found & theirs)


def _devices(target: Path) -> None:
    target.mkdir()
    kernel.mount("tmpfs", target, "tmpfs", kernel.MS_NOSUID, "mode=755")
    for name in _DEVICES:
        device = os.open(f"/dev/{name}", os.O_PATH | os.O_CLOEXEC)
        show(device, target / name, read_only=False)
    for name, where in _LINKS.items():
        (target / name).symlink_to(where)
    shared = target / "shm"
    shared.mkdir()
    kernel.mount("tmpfs", shared, "tmpfs", _QUIET, "mode=1777")
