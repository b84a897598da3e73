"""When a disk is full if it goes on filling as it did: a function of its samples."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from penstock_core.contracts.inspection import StorageSample

WINDOW = timedelta(hours=6)
"""How far back the samples go that a forecast looks at."""
_FARTHEST = timedelta(days=3650)


def full_at(samples: Sequence[StorageSample]) -> datetime | None:
    """Return when the disk is full, by the line of least squares through its samples.

    None where it does not fill, or not within ten years.
    """
    known = [
        (sample.at, sample.total_bytes - sample.free_bytes, sample.free_bytes)
        for sample in samples
        if sample.total_bytes is not None and sample.free_bytes is not None
    ]
    if not known:
        return None
    newest, _, free = known[-1]
    if free == 0:
        return newest
    slope = _slope([((at - newest).total_seconds(), used) for at, used, _ in known])
    if slope <= 0 or free / slope > _FARTHEST.total_seconds():
        return None
    return newest + timedelta(seconds=free / slope)


def _slope(points: Sequence[tuple[float, int]]) -> float:
    """Return by how much the second grows with the first; 0 for a single moment."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return 0.0
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
