"""Services as they tell of themselves: heartbeats, and what is known of each process."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from penstock_core.contracts.base import Frozen

BEAT_EVERY_S = 5.0
SILENT_AFTER_S = 4 * BEAT_EVERY_S
"""A service of which nothing was heard for so long is LOST, or STOPPED if it said that it stops."""


class ServiceState(StrEnum):
    """How a service stands; it tells the first four itself."""

    STARTING = "STARTING"
    READY = "READY"
    WAITING = "WAITING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    LOST = "LOST"


class Heartbeat(Frozen):
    """One service of one process, as it is now.

    Attributes
    ----------
    instance
        One start of one service: another replica, or the next start, has another.
    waits_for
        Why it is not ready, by name.
    last_activity_at
        When it last did something; none: nothing since its start.
    lag_events
        How many events its followers, or its outbox, have yet to read: the worst of them.
    lag_s
        For how long it has been behind without a break, in seconds.
    """

    instance: str = Field(min_length=1, max_length=128)
    name: str = Field(min_length=1, max_length=64)
    version: str = Field(max_length=64)
    host: str = Field(max_length=255)
    pid: int
    state: ServiceState
    waits_for: dict[str, str] = {}
    started_at: datetime
    last_activity_at: datetime | None = None
    lag_events: int = Field(default=0, ge=0)
    lag_s: float = Field(default=0, ge=0)


class ServiceRow(Heartbeat):
    """A service with when it was last heard of."""

    service_id: int
    seen_at: datetime
