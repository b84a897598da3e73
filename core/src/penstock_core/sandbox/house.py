"""What a house sees: the system read-only, and a few folders. Told once, made by two rungs."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    *("alternatives", "fonts", "group", "host.conf", "java*", "ld.so.cache", "ld.so.conf"),
    *("ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "passwd", "perl", "protocols"),
    *("python3*", "services", "timezone"),
)
_ETC_OF_NETWORK = ("ca-certificates", "gai.conf", "hosts", "pki", "resolv.conf", "ssl")


@dataclass(frozen=True, slots=True)
class Mount:
    """One part of a view, in the order in which it is made.

    ``bind`` shows ``source`` read-only and ``bind-writable`` as it is; ``link`` makes a link to
    ``source``; ``empty`` is a new folder in memory; ``proc`` and ``dev`` are the kernel's.
    """

    kind: Literal["bind", "bind-writable", "link", "empty", "proc", "dev"]
    target: Path
    source: Path = Path()


@dataclass(frozen=True, slots=True)
class House:
    """What a program of ours is to see that handles what strangers wrote.

    Attributes
    ----------
    readable, writable
        Folders besides the system and this interpreter; absolute.
    network
        Whether it has the machine's network.
    """

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    network: bool = False

    @property
    def system(self) -> tuple[Path, ...]:
        """Return what of the system every cell may read."""
        return _system(self.network)

    def view(self) -> Iterator[Mount]:
        """Yield all of what it sees, outer folders before inner ones."""
        yield Mount("proc", Path("/proc"))
        yield Mount("dev", Path("/dev"))
        for empty in ("/tmp", "/var/tmp", "/run"):  # noqa: S108 - places of the view, not of ours
            yield Mount("empty", Path(empty))
        shown = [_shown(path) for path in self.system]
        shown += [Mount("bind", path, path) for path in self.readable]
        shown += [Mount("bind-writable", path, path) for path in self.writable]
        yield from sorted(shown, key=lambda mount: len(mount.target.parts))


@cache
def _system(network: bool) -> tuple[Path, ...]:
    etc = _ETC + (_ETC_OF_NETWORK if network else ())
    found = [path for name in etc for path in sorted(Path("/etc").glob(name))]
    return (*_there(_SYSTEM), *found, *interpreter())


def _shown(path: Path) -> Mount:
    if path.is_symlink() and path.parent == Path("/"):
        return Mount("link", path, path.readlink())
    return Mount("bind", path, path)


def _there(paths: Iterable[str]) -> Iterator[Path]:
    return (path for path in map(Path, paths) if path.exists())


@cache
def interpreter() -> tuple[Path, ...]:
    """Return where this Python and all that it imports lie, outside of ``/usr``. Blocking.

    It is asked anew and isolated: what this process was started with (its current folder, perhaps)
    is no part of that.
    """
    told = subprocess.run(
        [sys.executable, "-I", "-c", "import sys; print(*sys.path, sep='\\0')"],
        capture_output=True,
        text=True,
        check=True,
    )
    entries = filter(None, told.stdout.strip("\n").split("\0"))
    places = {Path(sys.prefix), Path(sys.base_prefix), *map(Path, entries)}
    places |= {place.resolve() for place in places}
    kept = [Path("/usr")]
    for place in sorted(filter(Path.is_dir, places), key=lambda place: len(place.parts)):
        if not any(place.is_relative_to(other) for other in kept):
            kept.append(place)
    return tuple(kept[1:])
