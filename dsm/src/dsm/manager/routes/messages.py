"""What comes in from outside: messages posted for the bus, the intake, and the journal of both."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from dsm.manager import tables
from dsm.manager.closing.listening import note_pulse
from dsm.manager.messages import journal
from dsm.manager.messages.intake import take_in
from dsm.manager.messages.posting import as_messages, check_right
from dsm.manager.routes.common import MOST_ITEMS, V1, After, Limit, TheBus, TheStore
from dsm.manager.work import begin_work
from penstock_core.contracts.base import EventPage, Page
from penstock_core.contracts.intake import IntakeMessage, IntakeOutcome, PostedMessage, Pulse
from penstock_core.contracts.runs import JournalEntry
from penstock_core.web import Announcer, Reader, ServiceCaller

router = APIRouter(prefix=V1, tags=["messages"])


@router.post("/messages/{exchange}/{routing_key}", status_code=202)
async def post_messages(
    store: TheStore,
    bus: TheBus,
    caller: Announcer,
    exchange: Literal["daq", "dsm.register"],
    routing_key: str,
    posted: Annotated[list[PostedMessage], Field(max_length=MOST_ITEMS)],
) -> dict[str, list[str]]:
    """Put messages on the bus; they are durable when this returns their ids."""
    async with store.read() as connection:
        await check_right(connection, caller, exchange, routing_key, posted)
    messages = as_messages(exchange, routing_key, posted, caller.subject)
    await bus.publish(messages)
    return {"message_ids": [message.message_id for message in messages]}


@router.post("/intake")
async def intake(
    store: TheStore,
    _caller: ServiceCaller,
    messages: Annotated[list[IntakeMessage], Field(max_length=MOST_ITEMS)],
) -> tuple[IntakeOutcome, ...]:
    """Store messages from outside and apply them, in one transaction."""
    async with begin_work(store) as work:
        return await take_in(work, messages)


@router.post("/intake/pulse", status_code=204)
async def take_pulse(store: TheStore, _caller: ServiceCaller, pulse: Pulse) -> None:
    """Store that the register lives, and whether it keeps up with what is sent."""
    async with begin_work(store) as work:
        await note_pulse(work, keeps_up=pulse.keeps_up)


@router.get("/journal")
async def list_journal(
    store: TheStore,
    _caller: Reader,
    source: str = "",
    message_type: str = "",
    sender_agent: str = "",
    namespace: str = "",
    workflow: str = "",
    run: str = "",
    outcome: Literal["", "OK", "LATE", "ERROR"] = "",
    is_successful: bool | None = None,
    message_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    newest: bool = False,
    after: After = 0,
    limit: Limit = 100,
) -> Page[JournalEntry]:
    """Return what came in, oldest or ``newest`` first; ``message_id`` finds a posted message."""
    wanted = journal.Wanted(
        source=source,
        message_type=message_type,
        sender_agent=sender_agent,
        namespace=namespace,
        workflow=workflow,
        run=run,
        outcome=outcome,
        is_successful=is_successful,
        message_id=message_id,
        since=since,
        until=until,
    )
    async with store.read() as connection:
        return await journal.page(connection, wanted, after, limit, newest=newest)


@router.get("/event")
async def list_events(
    store: TheStore, _caller: Reader, topics: str = "", after: After = 0, limit: Limit = 500
) -> EventPage:
    """Return the event log after a cursor; ``topics`` are names with commas between."""
    wanted = [topic for topic in topics.split(",") if topic]
    async with store.read() as connection:
        return await tables.event_log.page(connection, after, limit, wanted)
