"""The base of every model that crosses a border, and the page of a list."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

Json = dict[str, Any]
Item = TypeVar("Item")


class Frozen(BaseModel):
    """Immutable; an unknown key is an error, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(Frozen, Generic[Item]):
    """One page of a list; ``next`` is the ``after`` of the following page, null on the last."""

    items: tuple[Item, ...]
    next: int | None = None


class Event(Frozen):
    """One row of a store's event log. ``seq`` grows in the order of commits, with holes.

    ``key`` is the natural key of what it is about; ``body`` is complete enough to act upon.
    """

    seq: int
    topic: str
    key: str
    namespace: str
    at: str
    body: Json


class EventPage(Frozen):
    """Events after a cursor, oldest first; ``cursor`` is the last one read (or the one asked).

    ``newest`` is the newest of the log, of any topic: how far behind the reader is.
    """

    events: tuple[Event, ...]
    cursor: int
    newest: int = 0

    @property
    def left(self) -> int:
        """Return how many events lie after this page, at most: some may be of other topics."""
        return max(self.newest - self.cursor, 0)
