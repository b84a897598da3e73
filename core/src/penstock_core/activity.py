"""What the services of this process did last, and what troubles them: for their heartbeats.

The parts that work note it under their names (``task-manager:dsm``, the queue ``dsm.daq``); what
comes before the first mark is the service's name.
"""

import re
from datetime import datetime

from penstock_core.clock import now
from penstock_core.metrics import BEHIND

_worked_at: dict[str, datetime] = {}
_troubles: dict[str, str] = {}


def service_of(part: str) -> str:
    """Return which service a loop, a follower or a queue belongs to."""
    return re.split("[:.]", part, maxsplit=1)[0]


def worked(part: str) -> None:
    """Note that ``part`` has just done something."""
    _worked_at[service_of(part)] = now()


def trouble(part: str, reason: str) -> None:
    """Note why ``part`` cannot go on; an empty reason: it goes on."""
    if reason:
        _troubles[part] = reason
    else:
        _troubles.pop(part, None)


def worked_at(service: str) -> datetime | None:
    """Return when a service last did something; None: not yet."""
    return _worked_at.get(service)


def troubles(service: str) -> dict[str, str]:
    """Return why parts of a service cannot go on, by their names."""
    return {part: why for part, why in _troubles.items() if service_of(part) == service}


def behind(service: str) -> int:
    """Return how many events the slowest follower of a service has yet to read."""
    samples = [sample for family in BEHIND.collect() for sample in family.samples]
    mine = [s.value for s in samples if service_of(s.labels["follower"]) == service]
    return int(max(mine, default=0))
