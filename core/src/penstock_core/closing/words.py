"""How closing names what is missing, and how long it waits."""

from collections.abc import Sequence

from penstock_core.contracts.closing import Evidence

NAMED = 10
"""How many things a sentence names."""

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def span(seconds: float) -> str:
    """Return a time in the largest unit that holds it exactly: ``5 min``, ``90 s``."""
    for length, unit in _UNITS:
        if seconds and seconds % length == 0:
            return f"{seconds // length:g} {unit}"
    return f"{seconds:g} s"


def missing_named(evidence: Evidence) -> str:
    """Return the names of what is missing, the first few: ``STF 57, STF 58 and 3 more``."""
    shown = evidence.missing[:NAMED]
    more = len(evidence.missing) - len(shown) + evidence.unnamed
    return ", ".join(shown) + (f" and {more} more" if shown and more else "")


def listed(names: Sequence[str], nothing: str) -> str:
    """Return names with commas between, the first few."""
    return (", ".join(names[:NAMED]) or nothing) + (" …" if len(names) > NAMED else "")
