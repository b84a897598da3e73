"""What comes in from outside: messages posted for the bus, the intake, and the journal of both."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from dsm.manager import journal, queries, tables
from dsm.manager.intake import take_in
from dsm.manager.posting import as_messages, check_right
from dsm.manager.routes.common import MOST_ITEMS, V1, After, Limit, TheBus, TheStore
from dsm.manager.work import begin_work
from penstock_core.contracts.base import EventPage, Page
from penstock_core.contracts.dsm import IntakeMessage, IntakeOutcome, PostedMessage, Run
from penstock_core.states import RunState
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


@router.get("/journal")
async def list_journal(
    store: TheStore,
    _caller: Reader,
    exchange: str = "",
    routing_key: str = "",
    namespace: str = "",
    run: str = "",
    outcome: Literal["", "OK", "LATE", "ERROR"] = "",
    message_id: str = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[journal.Entry]:
    """Return what came in, oldest first; ``message_id`` finds what became of a posted message."""
    wanted = journal.Wanted(exchange, routing_key, namespace, run, outcome, message_id)
    async with store.read() as connection:
        return await journal.page(connection, wanted, after, limit)


@router.get("/run")
async def list_runs(
    store: TheStore,
    _caller: Reader,
    namespace: str = "",
    run: str = "",
    state: RunState | None = None,
    after: After = 0,
    limit: Limit = 100,
) -> Page[Run]:
    """Return a page of runs."""
    equal = {"namespace": namespace, "run": run, "state": state or ""}
    async with store.read() as connection:
        return await queries.page_runs(connection, after=after, limit=limit, **equal)


@router.get("/event")
async def list_events(
    store: TheStore, _caller: Reader, topics: str = "", after: After = 0, limit: Limit = 500
) -> EventPage:
    """Return the event log after a cursor; ``topics`` are names with commas between."""
    wanted = [topic for topic in topics.split(",") if topic]
    async with store.read() as connection:
        await tables.event_log.check_cursor(connection, after)
        return await tables.event_log.page(connection, after, limit, wanted)
