"""Tells ePIC's agents, once for each run, that all its data are here: ``data_ready``."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import rows_where
from dsm.manager.work import CLOSED
from penstock_core.bus import Bus, Message
from penstock_core.contracts.base import Event, Json
from penstock_core.store import Store

FOLLOWER = "daq:data_ready"
SENDER = "penstock"
BATCH = 500
_IDS = UUID("5d3a2a0e-7c6b-5f43-9a53-1f0d64a6c0de")
_R = tables.run.c


class DataReady:
    """Follows the log and publishes ``data_ready`` when the dataset of a run has closed.

    The cursor moves after the bus confirmed. Killed between the two, the same messages go out
    again, under the same ids.
    """

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus

    async def emit(self) -> bool:
        """Publish for the next stretch of the log; return whether there may be more."""
        log = tables.event_log
        async with self._store.read() as connection:
            start = await log.cursor(connection, FOLLOWER)
            page = await log.page(connection, start, BATCH, [CLOSED])
            messages = await _messages(connection, page.events)
        await self._bus.publish(messages)
        if page.events or page.cursor - start >= BATCH:  # not a write for each other event
            async with self._store.write() as connection:
                await log.move(connection, FOLLOWER, start, page.cursor)
        return len(page.events) == BATCH


async def _messages(connection: AsyncConnection, closed: Sequence[Event]) -> list[Message]:
    datasets = {event.key: event.body for event in closed}
    uid = tables.dataset.c.uid
    query = select(uid, _R.run, _R.namespace).join(tables.run, _R.dataset_id == tables.dataset.c.id)
    rows = rows_where(connection, query.order_by(_R.id), uid, datasets)
    return [_message(row.namespace, row.run, datasets[row.uid]) async for row in rows]


def _message(namespace: str, run: str, dataset: Json) -> Message:
    """Return the message of one run: the same one however often it is made."""
    body = {
        "msg_type": "data_ready",
        "namespace": namespace,
        "run_id": run,
        "timestamp": dataset["closed_at"],
        "sender": SENDER,
        "dataset": dataset["name"],
        "files": dataset["files"],
        "size_bytes": dataset["size_bytes"],
        "incomplete": dataset["incomplete"],
    }
    return Message.of_json(
        "daq",
        "data_ready",
        body,
        message_id=str(uuid5(_IDS, f"{dataset['uid']}\0{run}")),
        headers={"namespace": namespace, "schema_version": "1"},
    )
