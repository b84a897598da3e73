"""The first rung: a house by ``bwrap``, https://github.com/containers/bubblewrap."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from penstock_core.sandbox.house import House, Mount

PROGRAM = "bwrap"
_OF_ROOT = (
    *("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID"),
    *("CAP_DAC_READ_SEARCH", "CAP_SETPCAP", "CAP_SYS_ADMIN"),
)
"""What a house of root's needs: to make cells and give each to a user without rights."""


def command(house: House, argv: Sequence[str]) -> list[str]:
    """Return the command that runs ``argv`` in the house; open descriptors are passed on."""
    program = shutil.which(PROGRAM) or PROGRAM
    return [program, *_namespaces(house), *_mounts(house), "--chdir", "/", "--", *argv]


def _namespaces(house: House) -> Iterator[str]:
    yield from ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
    yield from ("--die-with-parent", "--hostname", "penstock")
    if not house.network:
        yield "--unshare-net"
    if os.geteuid() != 0:
        yield "--unshare-user"
        return
    yield from ("--cap-drop", "ALL")
    for capability in _OF_ROOT:
        yield from ("--cap-add", capability)


def _mounts(house: House) -> Iterator[str]:
    made = set[Path]()
    for mount in house.view():
        # Left to itself, bubblewrap makes them for root alone.
        for parent in reversed(mount.target.parents[:-1]):
            if parent not in made:
                yield from ("--perms", "0755", "--dir", str(parent))
        made |= {mount.target, *mount.target.parents}
        yield from _mount(mount)
    yield from ("--remount-ro", "/")


def _mount(mount: Mount) -> tuple[str, ...]:
    target, source = str(mount.target), str(mount.source)
    match mount.kind:
        case "bind":
            return ("--ro-bind", source, target)
        case "bind-writable":
            return ("--bind", source, target)
        case "link":
            return ("--symlink", source, target)
        case "empty":
            return ("--perms", "1777", "--tmpfs", target)
        case "proc":
            return ("--proc", target)
        case "dev":
            return ("--dev", target)
