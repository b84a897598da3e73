"""What a template does about data that came while nobody decided, as a function of values.

What counts is how long the first news of a dataset lay unread, not how old the dataset is: a run
that takes a day, and fulfils a condition only at its end, is no backlog.
"""

from datetime import datetime

from penstock_core.contracts.workflow import CatalogueEntry, CatchUp, DatasetRef

_FAR = 253_402_300_800
"""The end of the year 9999, in seconds since 1970: what is nearer to it goes first."""


def place(dataset: DatasetRef) -> int:
    """Return a dataset's place among tasks of one rank: after live data (0), the newest first."""
    return _FAR - int(dataset.registered_at.timestamp())


def place_of(
    entry: CatalogueEntry, dataset: DatasetRef, told_at: datetime, moment: datetime
) -> int:
    """Return the place of a chain that is decided on at ``moment``."""
    backlog = _waited_s(told_at, moment) > entry.catch_up_after_s
    return place(dataset) if backlog and entry.catch_up == CatchUp.NEWEST_FIRST else 0


def why_skipped(entry: CatalogueEntry, told_at: datetime, moment: datetime) -> str:
    """Return why a template leaves a dataset to a backfill, or "" where it does not."""
    waited = _waited_s(told_at, moment)
    if entry.catch_up != CatchUp.SKIP or waited <= entry.catch_up_after_s:
        return ""
    return (
        f"it waited {waited:.0f} s for its decision, and what waits more than "
        f"{entry.catch_up_after_s:.0f} s is skipped; a backfill takes it"
    )


def _waited_s(told_at: datetime, moment: datetime) -> float:
    return (moment - told_at).total_seconds()
