"""What waits on the bus, whichever bus it is: how queues stand, and what lies on them."""

from datetime import datetime

from pydantic import Field

from penstock_core.contracts.base import Frozen


class QueueState(Frozen):
    """How a queue stands.

    ``ready`` messages wait, ``unacknowledged`` ones were handed out. Rates are messages a second,
    as last measured; nothing where this bus does not measure them. ``oldest_at`` is when the oldest
    ready message was sent; nothing where none waits, or the bus cannot tell.
    """

    name: str
    ready: int = 0
    unacknowledged: int = 0
    consumers: int = 0
    in_per_s: float | None = None
    out_per_s: float | None = None
    oldest_at: datetime | None = None
    is_dead_letter: bool = False
    is_wake: bool = False


class PeekedMessage(Frozen):
    """A message as it lies on a queue; its body as far as it is shown."""

    message_id: str
    type: str
    sent_at: datetime
    correlation_id: str
    headers: dict[str, str]
    body: str


class Difference(Frozen):
    """Where a body is not what its message asks for: the field, what is wanted, what is there."""

    field: str
    wanted: str
    found: str


class DeadLetter(Frozen):
    """A message that was put aside.

    ``queue`` is the one that it was for; ``redriven`` how often it was sent there again.
    ``refused_again`` is what would be answered if it were sent once more as it is, "" where it is
    well formed; ``differences`` tell where its body is not.
    """

    message_id: str
    queue: str
    type: str
    namespace: str
    sender: str
    sent_at: datetime
    reason: str
    redriven: int
    refused_again: str
    differences: tuple[Difference, ...]
    body: str


class DeadLetters(Frozen):
    """The oldest dead letters of some queues; ``more`` says that not all were looked at."""

    items: tuple[DeadLetter, ...]
    more: bool


class DeadLetterWish(Frozen):
    """Which dead letters of a queue are meant, and why; without ids or text all of them are.

    ``force`` takes what would be refused again, too; ``dry_run`` only tells.
    """

    queue: str
    message_ids: tuple[str, ...] = Field(default=(), max_length=1000)
    reason: str = ""
    because: str = Field(default="", max_length=2000)
    force: bool = False
    dry_run: bool = False


class DeadLettersMoved(Frozen):
    """What became of dead letters: those taken, and why each other that was meant was not.

    ``more`` says that not all were looked at: ask again.
    """

    message_ids: tuple[str, ...]
    left: dict[str, str]
    more: bool
