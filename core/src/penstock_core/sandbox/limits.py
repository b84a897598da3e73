"""What the kernel allows each process of a cell; a whole tree's use is watched by who starts it."""

import resource
from dataclasses import dataclass

_MORE_CPU_S = 1
"""Of processor time, past the limit at which a process is told: then it is killed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one process; 0 = none.

    Attributes
    ----------
    cpu_s
        Processor time, in seconds.
    memory_bytes
        What it may write to: not the address space that a program only sets aside.
    file_bytes
        The largest file that it may write.
    open_files
        Files that it may hold open.
    processes
        Processes and threads of the cell, where its user is not root.
    """

    cpu_s: int = 0
    memory_bytes: int = 0
    file_bytes: int = 0
    open_files: int = 0
    processes: int = 0

    def apply(self) -> None:
        """Lower this process's limits, for good; none is raised above what it has."""
        _lower(resource.RLIMIT_CORE, 0)
        for kind, value in (
            (resource.RLIMIT_DATA, self.memory_bytes),
            (resource.RLIMIT_FSIZE, self.file_bytes),
            (resource.RLIMIT_NOFILE, self.open_files),
            (resource.RLIMIT_NPROC, self.processes),
        ):
            if value:
                _lower(kind, value)
        if self.cpu_s:
            _lower(resource.RLIMIT_CPU, self.cpu_s, self.cpu_s + _MORE_CPU_S)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    _, most = resource.getrlimit(kind)
    wanted = soft if hard is None else hard
    ceiling = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(kind, (min(soft, ceiling), ceiling))
