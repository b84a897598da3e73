"""One measured figure, and the machine that it was measured on."""

import os
import platform
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A measured value and its target; ``at_least`` says on which side of it is good."""

    figure: str
    value: float
    unit: str
    target: float
    at_least: bool = True

    @property
    def holds(self) -> bool:
        """Return whether the value is on the good side of the target."""
        return self.value >= self.target if self.at_least else self.value <= self.target

    def as_json(self) -> dict[str, Any]:
        """Return the figure with ``holds``."""
        return {**asdict(self), "holds": self.holds}


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, Python, SQLite, and its fsync."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "sqlite": sqlite3.sqlite_version,
        "fsync": "on (WAL, synchronous=FULL)",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
