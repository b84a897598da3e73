"""A follower of somebody's event log whose cursor data-access keeps, together with the effect."""

from penstock_core.activity import worked
from penstock_core.clients.data_access import DataAccessClient
from penstock_core.contracts.base import EventPage
from penstock_core.metrics import BEHIND


class Follower:
    """One follower's place in one log, read from data-access and remembered between batches.

    Whatever goes wrong between :meth:`start` and :meth:`reached`, the next start asks data-access:
    no stretch is passed over that was not stored.
    """

    def __init__(self, data_access: DataAccessClient, name: str) -> None:
        self.name = name
        self._data_access = data_access
        self._cursor: int | None = None
        self._newest = 0
        self._known = 0
        self._behind = BEHIND.labels(name)

    async def start(self) -> int:
        """Return where to read on; forgotten until :meth:`reached` says that it was stored."""
        cursor, self._cursor = self._cursor, None
        return await self._data_access.cursor(self.name) if cursor is None else cursor

    def saw(self, start: int, page: EventPage) -> None:
        """Note how far the log reaches: it is behind by that until it has ``reached`` it."""
        self._newest = page.newest
        self._behind.set(max(page.newest - start, 0))

    def reached(self, cursor: int) -> None:
        """Remember what data-access has stored."""
        self._cursor = cursor
        if cursor != self._known:
            worked(self.name)
        self._known = cursor
        self._behind.set(max(self._newest - cursor, 0))
