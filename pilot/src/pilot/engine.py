"""The container engine of this machine: which there is, and how one container is asked of it."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from pilot.container_request import ContainerRequest, Mount

NAMES = ("podman", "docker", "apptainer", "singularity")
"""The engines that are looked for, in this order."""
LABEL = "org.penstock.pilot"
_TRY_S = 60
_END_S = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may take, and whether it gets the network."""

    memory_bytes: int
    processes: int
    open_files: int
    network: bool


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine.

    Attributes
    ----------
    path
        Its program.
    version
        What it says of itself.
    options
        Given to each run, as the operator wants.
    owner
        The pilot whose containers these are: a label, by which those are found that it left.
    """

    path: str
    version: str
    options: tuple[str, ...] = ()
    owner: str = ""

    @property
    def name(self) -> str:
        """Return which engine it is."""
        return PurePath(self.path).name

    @property
    def _is_apptainer(self) -> bool:
        return self.name in ("apptainer", "singularity")

    def command(
        self, request: ContainerRequest, name: str, folder: Path, limits: Limits
    ) -> list[str]:
        """Return the command line that runs a container called ``name`` for the job in ``folder``.

        The tool in it is the user that owns the folder, has no rights beyond, writes where it is
        given a folder to write, and reaches no network unless ``limits`` say so. The image's
        entry point comes before the tool's command, as CWL has it.
        """
        if self._is_apptainer:
            return self._of_apptainer(request, limits)
        owner = folder.stat()
        limited = {
            "memory": str(limits.memory_bytes),
            "pids-limit": str(limits.processes),
            "ulimit": f"nofile={limits.open_files}:{limits.open_files}",
            "user": f"{owner.st_uid}:{owner.st_gid}",
        }
        if self.name == "podman" and os.geteuid() != 0:
            limited["userns"] = "keep-id"
        if not limits.network:
            limited["network"] = "none"
        return [
            *(self.path, "run", "--rm", "--interactive", "--read-only", "--cap-drop=all"),
            *(
                "--security-opt=no-new-privileges",
                f"--name={name}",
                f"--label={LABEL}={self.owner}",
            ),
            *(f"--{option}={value}" for option, value in limited.items()),
            *self.options,
            *(_mounted(mount) for mount in request.mounts),
            *(f"--env={key}={value}" for key, value in request.env.items()),
            *(f"--workdir={request.workdir}", request.image, *request.command),
        ]

    def _of_apptainer(self, request: ContainerRequest, limits: Limits) -> list[str]:
        isolated = ("--containall", "--cleanenv", "--no-home", "--no-privs", "--no-eval")
        alone = () if limits.network else ("--net", "--network=none")
        return [
            *(self.path, "--silent", "run", *isolated, *alone, *self.options),
            *(
                f"--bind={m.source}:{m.target}:{'rw' if m.writable else 'ro'}"
                for m in request.mounts
            ),
            *(f"--env={key}={value}" for key, value in request.env.items()),
            *(f"--pwd={request.workdir}", f"docker://{request.image}", *request.command),
        ]

    def end(self, name: str) -> None:
        """End a container, if it is still there. Blocking."""
        if not self._is_apptainer:  # there it is a child process, which is killed
            self._end(name)

    def end_all(self) -> None:
        """End the containers that a pilot which was killed has left. Blocking."""
        if not self._is_apptainer:
            left = self._quietly("ps", "--all", "--quiet", f"--filter=label={LABEL}={self.owner}")
            if names := left.split():
                self._end(*names)

    def _end(self, *names: str) -> None:
        self._quietly("kill", *names)  # podman's rm gives a container ten seconds to end
        self._quietly("rm", "--force", *names)

    def _quietly(self, *words: str) -> str:
        command = [self.path, *words]
        done = subprocess.run(  # noqa: S603 - the engine that this machine has
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_END_S
        )
        return done.stdout


def find(wanted: str, options: Sequence[str] = (), owner: str = "") -> Engine | None:
    """Return the engine called ``wanted``, or the first that there is; None without one. Blocking.

    One that is there and does not answer is as good as none.
    """
    for name in (wanted,) if wanted else NAMES:
        if path := shutil.which(name):
            try:
                told = subprocess.run(  # noqa: S603
                    [path, "--version"], capture_output=True, text=True, check=True, timeout=_TRY_S
                )
            except (OSError, subprocess.SubprocessError):
                continue
            return Engine(path, told.stdout.strip(), tuple(options), owner)
    return None


def _mounted(mount: Mount) -> str:
    ending = "" if mount.writable else ",readonly"
    return f"--mount=type=bind,source={mount.source},target={mount.target}{ending}"
