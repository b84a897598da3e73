"""From a store's event log to the bus: the relay, one cursor a destination."""

import logging

from penstock_core.activity import worked
from penstock_core.bus import Bus, Message
from penstock_core.contracts.base import Event
from penstock_core.errors import NotFound
from penstock_core.eventlog import EventLog
from penstock_core.metrics import BEHIND, PUBLISH_S, PUBLISHED, timed
from penstock_core.store import Store

BATCH = 500
_log = logging.getLogger(__name__)


class Outbox:
    """Publishes a store's events to ``exchange``, in order, each at least once.

    The cursor moves after the bus confirmed; killed between the two, a stretch is published
    again, with the same message ids. An event that no queue takes wakes nobody, and holds none of
    its neighbours up: the log has it. ``service`` names whose lag it is.
    """

    def __init__(
        self, store: Store, log: EventLog, bus: Bus, exchange: str, service: str = ""
    ) -> None:
        self._store = store
        self._log = log
        self._bus = bus
        self._exchange = exchange
        self._follower = f"bus:{exchange}"
        self._name = f"{service or exchange}:outbox"
        self._behind = BEHIND.labels(self._name)

    async def relay(self) -> bool:
        """Publish the next stretch; return whether there may be more. A reconciler's work."""
        async with self._store.read() as connection:
            start = await self._log.cursor(connection, self._follower)
            page = await self._log.page(connection, start, BATCH)
        self._behind.set(page.newest - start)
        if page.cursor == start:
            return False
        try:
            with timed(PUBLISH_S):
                await self._bus.publish([self._message(event) for event in page.events])
        except NotFound as error:
            _log.info("Nobody is woken: %s", error)
        PUBLISHED.labels(self._exchange).inc(len(page.events))
        async with self._store.write() as connection:
            await self._log.move(connection, self._follower, start, page.cursor)
        self._behind.set(page.left)
        worked(self._name)
        return len(page.events) == BATCH

    def _message(self, event: Event) -> Message:
        return Message.of_json(
            self._exchange,
            event.topic,
            event.body,
            message_id=f"{self._exchange}:{event.seq}",
            headers={"namespace": event.namespace, "schema_version": "1"},
        )
