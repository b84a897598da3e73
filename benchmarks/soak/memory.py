"""Resident memory of the house through a soak: samples, a fit over all its lives, a picture."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench_memory import rss_mib, tree

EVERY_S = 1.0
WARM_UP_S = 300.0
LEAST_S = 300.0
FLAT_MIB_PER_H = 30.0
_SURE = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory at ``at`` seconds of the soak: of the house's process, and of all below it.

    ``life`` numbers the starts of the house; ``age_s`` is how long this one has stood.
    """

    at: float
    life: int
    age_s: float
    house_mib: float
    children_mib: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Straight lines through the house's memory, one a life, all of one slope.

    ``slope`` and its standard ``error`` are in MiB an hour; NaN where no life was long enough.
    """

    samples: int
    lives: int
    median_mib: float
    most_mib: float
    slope: float
    error: float

    @property
    def told(self) -> str:
        """Return the slope for people."""
        if math.isnan(self.slope):
            return "no life was long enough to tell"
        return f"{self.slope:+.1f} ± {self.error:.1f} MiB an hour"

    @property
    def is_flat(self) -> bool:
        """Return whether nothing says for sure that it grows by more than is allowed."""
        return math.isnan(self.slope) or self.slope - _SURE * self.error <= FLAT_MIB_PER_H


class Sampler:
    """Takes samples in a thread of its own, as long as the block lasts."""

    def __init__(self, pid: Callable[[], int | None], life: Callable[[], int]) -> None:
        self.samples: list[Sample] = []
        self._pid, self._life = pid, life
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        began, life, born = time.monotonic(), 0, 0.0
        while not self._over.wait(EVERY_S):
            at = time.monotonic() - began
            if self._life() != life:
                life, born = self._life(), at
            pid = self._pid()
            if pid is not None and (sizes := _sizes(pid)):
                self.samples.append(Sample(at, life, at - born, sizes[0], sum(sizes[1:])))


def _sizes(pid: int) -> list[float]:
    """Return the memory of a process and of each below it; empty if it is gone by now."""
    try:
        return [rss_mib(one) for one in tree(pid)]
    except (OSError, ProcessLookupError):
        return []


def fit(samples: Sequence[Sample], warm_up_s: float = WARM_UP_S) -> Fit:
    """Return the fit over what was sampled once each life was ``warm_up_s`` old.

    A life that then lasted for less than ``LEAST_S`` says nothing of a slope.
    """
    by_life: dict[int, list[Sample]] = {}
    for sample in samples:
        if sample.age_s >= warm_up_s:
            by_life.setdefault(sample.life, []).append(sample)
    lives = [life for life in by_life.values() if life[-1].at - life[0].at >= LEAST_S]
    sizes = sorted(s.house_mib for s in samples) or [0.0]
    slope, error = _common_slope(lives)
    return Fit(sum(map(len, lives)), len(lives), sizes[len(sizes) // 2], sizes[-1], slope, error)


def _common_slope(lives: Sequence[Sequence[Sample]]) -> tuple[float, float]:
    """Return the least squares slope, in MiB an hour, of lines that differ in height alone."""
    pairs = []
    for life in lives:
        mean_t = sum(s.at for s in life) / len(life)
        mean_m = sum(s.house_mib for s in life) / len(life)
        pairs += [((s.at - mean_t) / 3600, s.house_mib - mean_m) for s in life]
    spread = sum(t * t for t, _ in pairs)
    free = len(pairs) - len(lives) - 1
    if spread == 0 or free < 1:
        return math.nan, math.nan
    slope = sum(t * m for t, m in pairs) / spread
    rest = sum((m - slope * t) ** 2 for t, m in pairs)
    return slope, math.sqrt(rest / free / spread)


def draw(samples: Sequence[Sample], found: Fit, path: Path) -> None:
    """Draw all samples, and the slope, into a PNG file."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 4.5))
    minutes = [s.at / 60 for s in samples]
    axes.plot(minutes, [s.house_mib for s in samples], ".", ms=2, label="the house")
    axes.plot(minutes, [s.children_mib for s in samples], ".", ms=1, label="workers and jobs")
    for first in {s.life: s for s in reversed(samples)}.values():
        axes.axvline(first.at / 60, color="grey", lw=0.5)
    axes.set(xlabel="minutes", ylabel="resident memory, MiB", ylim=(0, None))
    axes.set_title(f"{found.told}, over {found.lives} lives of the house")
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)
