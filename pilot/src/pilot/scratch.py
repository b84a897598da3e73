"""A job's own folder: named after the job alone, so that a second try sees the same paths."""

import shutil
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
        shutil.rmtree(gone, ignore_errors=True)
        if self._folder.exists():
            self._folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        self._folder.mkdir(parents=True)

    def make(self, claim: Claim) -> Path:
        """Return a new, empty folder for a job. Blocking."""
        folder = self._folder / f"{claim.task_id}.{claim.index}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def remove(self, folder: Path) -> None:
        """Remove a job's folder with all that is in it. Blocking."""
        shutil.rmtree(folder, ignore_errors=True)
