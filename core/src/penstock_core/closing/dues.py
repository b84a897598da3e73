"""The values of closing: what may be decided, and when a rule is due."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from penstock_core.contracts.closing import Evidence

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Close:
    """Close it: by which rule, and why, in a sentence for people."""

    rule: str
    because: str
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Leave it open.

    Attributes
    ----------
    until
        What is waited for, as a clause for people: ``STF 57 comes``.
    at
        When it will close if that does not come; None: only news close it.
    overdue
        The close whose time has come, where the policy leaves it to an operator.
    held_at
        When its time will come, where the policy will leave it to an operator then.
    """

    until: str
    at: datetime | None = None
    overdue: Close | None = None
    held_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One rule applied: the close that it will make at a moment, unless something comes.

    It depends on the evidence alone, never on the time at which one looks.
    """

    close: Close
    unless: str = ""
    at: datetime = BEFORE_ALL


def quiet_for(seconds: float, evidence: Evidence, *news: datetime | None) -> datetime:
    """Return when a dataset has got no file, and nobody other ``news``, for so many seconds.

    Only time in which somebody listened counts.
    """
    last_file_at = evidence.last_file_at or evidence.opened_at
    since = (last_file_at, evidence.listening_since, *news)
    return max(filter(None, since)) + timedelta(seconds=seconds)
