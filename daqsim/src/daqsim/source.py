"""What a run's STFs contain: real collision events, or noise."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from penstock_core.stf import TFS_PER_STF, Stf, TimeFrame


class Source(Protocol):
    """Where the contents of STFs come from: a pure function of run and number.

    ``stfs`` is how many STFs a run may have; ``None`` sets no limit.
    """

    @property
    def stfs(self) -> int | None: ...

    def stf(self, run: int, number: int, sequence: int) -> Stf:
        """Return STF ``number`` (from 1) of ``run``, which is ``sequence`` in its stream."""
        ...


@dataclass(frozen=True, slots=True)
class Noise:
    """STFs of ten TFs with random bytes and no events, for those who need only files."""

    seed: int
    stfs: int | None = None
    tf_bytes: int = 1024

    def stf(self, run: int, number: int, sequence: int) -> Stf:
        """Return an STF whose bytes follow from seed, run and number alone."""
        dice = random.Random(f"{self.seed}/{run}/{number}")  # noqa: S311 - not a secret
        first = (sequence - 1) * TFS_PER_STF + 1
        frames = (TimeFrame(first + i, 0, dice.randbytes(self.tf_bytes)) for i in range(10))
        return Stf(run, sequence, first, tuple(frames))


def open_source(events: str, stfs: int | None, seed: int) -> Source:
    """Return the source called ``events``: ``hzz``, ``noise``, or the path of a ROOT file."""
    if events == "noise":
        return Noise(seed, stfs)
    from daqsim.events import CollisionEvents, hzz_file, read_events

    path = hzz_file() if events == "hzz" else Path(events)
    return CollisionEvents(read_events(path), 8 if stfs is None else stfs)
