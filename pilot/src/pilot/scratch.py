"""A job's own folder: named after the job alone, so that a second try sees the same paths."""

import shutil
import subprocess
from pathlib import Path

from pilot.model import Claim


class Scratch:
    """The folder that holds all jobs' folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def empty(self) -> None:
        """Remove what an earlier pilot left. Blocking.

        The old folder is moved away first: a process that still writes there finds it gone.
        """
        gone = self._folder.with_name(f"{self._folder.name}.gone")
        remove(gone)
        if self._folder.exists():
            self._folder.rename(gone)
            remove(gone)
        self._folder.mkdir(parents=True)

    def place(self, claim: Claim) -> Path:
        """Return where a job's folder is to be."""
        return self._folder / f"{claim.task_id}.{claim.index}"


def make(folder: Path) -> None:
    """Make a job's folder, new and empty. Blocking."""
    remove(folder)
    folder.mkdir()


def remove(folder: Path) -> None:
    """Remove a folder, whatever a job made of it: locked folders, or thousands in each other."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", folder], check=False, capture_output=True)  # noqa: S603
