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
        _remove(gone)
        if self._folder.exists():
            self._folder.rename(gone)
            _remove(gone)
        self._folder.mkdir(parents=True)

    def make(self, claim: Claim) -> Path:
        """Return a new, empty folder for a job. Blocking."""
        folder = self._folder / f"{claim.task_id}.{claim.index}"
        _remove(folder)
        folder.mkdir()
        return folder

    def remove(self, folder: Path) -> None:
        """Remove a job's folder with all that is in it. Blocking."""
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder, whatever a job made of it: locked folders, or thousands in each other."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", folder], check=False, capture_output=True)  # noqa: S603
