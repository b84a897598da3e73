"""What is simulated: everything from which the happenings follow."""

import math
from dataclasses import dataclass

from daqsim.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule, followed ``times`` times in each namespace, every ``every_s`` seconds anew.

    Where ``every_s`` is less than the schedule takes, runs overlap. Runs are numbered from
    ``first_run`` on, in each namespace. ``stfs`` limits those of each run. With several
    ``senders`` each numbers its STFs; ``streams_end`` says that each sends an end_run of its own.
    ``stf_every_s`` is the least and the longest time that an STF takes; ``samples`` are cut out
    of each for monitoring. Each run has ``calibrations`` datasets that come within
    ``calibration_s`` of its announcement.
    """

    schedule: Schedule
    seed: int
    first_run: int
    stfs: float = math.inf
    namespaces: tuple[str, ...] = ("default",)
    times: int = 1
    every_s: float = 0.0
    sender: str = "daq-simulator"
    senders: int = 1
    streams_end: bool = False
    stf_every_s: tuple[float, float] = (1.0, 2.0)
    samples: int = 0
    burst: float = 0.0
    calibrations: int = 0
    calibration_s: float = 60.0

    @property
    def sender_names(self) -> tuple[str, ...]:
        """Return who sends STFs: the one sender, or as many with numbers."""
        if self.senders == 1:
            return (self.sender,)
        return tuple(f"{self.sender}-{n}" for n in range(1, self.senders + 1))
