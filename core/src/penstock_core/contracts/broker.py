"""What waits on the bus, whichever bus it is: how queues stand, and what lies on them."""

from datetime import datetime

from penstock_core.contracts.base import Frozen


class QueueState(Frozen):
    """How a queue stands.

    ``ready`` messages wait, ``unacknowledged`` ones were handed out. Rates are messages a second,
    as last measured; nothing where this bus does not measure them. ``oldest_at`` is when the oldest
    ready message was sent; nothing where none waits, or the bus cannot tell.
    """

    name: str
    ready: int
    unacknowledged: int
    consumers: int
    in_per_s: float | None = None
    out_per_s: float | None = None
    oldest_at: datetime | None = None
    is_dead_letter: bool = False
    is_wake: bool = False
