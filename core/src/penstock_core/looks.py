"""How states, times and sizes look to people: the same word and colour in every door."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from penstock_core.contracts.dsm import Dataset
from penstock_core.states import DatasetState


class Tone(StrEnum):
    """What a colour means; the value is the class that the web face's style sheet knows."""

    WAITING = "waiting"
    ACTIVE = "active"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    PAST = "past"
    TRIAL = "trial"


COLOURS = {
    Tone.WAITING: "white",
    Tone.ACTIVE: "cyan",
    Tone.GOOD: "green",
    Tone.WARNING: "yellow",
    Tone.BAD: "bold red",
    Tone.PAST: "bright_black",
    Tone.TRIAL: "magenta",
}


@dataclass(frozen=True, slots=True)
class Look:
    """A state's word, its colour at a terminal (rich's name) and its class in the style sheet."""

    word: str
    colour: str
    css: str


# Machines share names (a dataset, a task and a job may be DEFINED), so one row serves them all.
_TONES: dict[str, Tone] = {
    "DRAFT": Tone.WAITING,
    "ACTUAL": Tone.GOOD,
    "SHADOW": Tone.TRIAL,
    "ARCHIVED": Tone.PAST,
    "DEFINED": Tone.WAITING,
    "OPEN": Tone.ACTIVE,
    "CLOSED": Tone.GOOD,
    "DELETED": Tone.PAST,
    "ANNOUNCED": Tone.WAITING,
    "REGISTERED": Tone.ACTIVE,
    "VERIFIED": Tone.GOOD,
    "QUARANTINED": Tone.WARNING,
    "LOST": Tone.BAD,
    "SUBMITTED": Tone.ACTIVE,
    "IN_PROGRESS": Tone.ACTIVE,
    "FINISHED": Tone.GOOD,
    "PARTIAL": Tone.WARNING,
    "FAILED": Tone.BAD,
    "CANCELLED": Tone.PAST,
    "SKIPPED": Tone.PAST,
    "RUNNING": Tone.ACTIVE,
    "STAGED": Tone.ACTIVE,
    "IMMINENT": Tone.WAITING,
    "PAUSED": Tone.WARNING,
    "ENDED": Tone.PAST,
    "NEW": Tone.ACTIVE,
    "THERE": Tone.PAST,
    "CONFLICT": Tone.WARNING,
    "NO_MATCH": Tone.PAST,
    "PENDING": Tone.WAITING,
    "MADE": Tone.GOOD,
    "STARTING": Tone.WAITING,
    "READY": Tone.GOOD,
    "WAITING": Tone.WARNING,
    "STOPPING": Tone.PAST,
    "STOPPED": Tone.PAST,
}


def look(state: str) -> Look:
    """Return how ``state`` looks; one that no table knows looks as if it waited."""
    tone = _TONES.get(state, Tone.WAITING)
    return Look(str(state), COLOURS[tone], tone.value)


def is_known(state: str) -> bool:
    """Return whether ``state`` has a look of its own."""
    return state in _TONES


_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago ``moment`` was, in its largest unit: ``3 min ago``, ``in 2 h``."""
    seconds = (now - moment).total_seconds()
    text = duration(timedelta(seconds=abs(seconds)))
    if text == "0 s":
        return "now"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def duration(span: timedelta) -> str:
    """Return ``span`` in its largest whole unit: ``45 s``, ``3 min``, ``2 h``, ``5 d``."""
    seconds = int(span.total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"


def utc(moment: datetime) -> str:
    """Return ``moment`` in UTC, to the second: ``2026-11-23 04:21:02``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def size(size_bytes: int) -> str:
    """Return a size in decimal units, to three figures: ``12.3 MB``."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.4g} PB"


def why(dataset: Dataset) -> str:
    """Return in one sentence why ``dataset`` is closed, or what it waits for."""
    if dataset.state is not DatasetState.OPEN:
        return dataset.closed_because or f"it is {dataset.state}"
    producer = dataset.producer or "its producer"
    if dataset.announced is None:
        return f"{producer} has not announced its end; {files(dataset.files)} so far"
    counted = f"{dataset.files} of {dataset.announced} announced files are registered"
    if dataset.files < dataset.announced:
        return f"{counted}; it waits for the others"
    return f"{counted}; it closes when the scheduler looks next"


def files(count: int) -> str:
    """Return a number of files in words."""
    return "1 file" if count == 1 else f"{count} files"
