"""What waits on the bus, what died there, and what people do about it."""

from typing import Annotated

from fastapi import APIRouter, Query

from dsm.manager.messages import dead
from dsm.manager.routes.common import V1, TheBus, TheStore
from penstock_core.contracts.broker import (
    DeadLetters,
    DeadLettersMoved,
    DeadLetterWish,
    PeekedMessage,
    QueueState,
)
from penstock_core.web import Operator, Reader

router = APIRouter(prefix=V1, tags=["queues"])


@router.get("/queue")
async def list_queues(bus: TheBus, _caller: Reader) -> tuple[QueueState, ...]:
    """Return how all queues stand, with their dead-letter queues."""
    return await bus.queues()


@router.get("/queue/{queue}/message")
async def peek(
    bus: TheBus, _caller: Reader, queue: str, limit: Annotated[int, Query(ge=1, le=1000)] = 20
) -> tuple[PeekedMessage, ...]:
    """Return the oldest messages of a queue of replies or dead letters; they stay there."""
    return await dead.peek(bus, queue, limit)


@router.get("/dead-letter")
async def list_dead_letters(
    bus: TheBus,
    _caller: Reader,
    queue: str = "",
    reason: str = "",
    message_type: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> DeadLetters:
    """Return the oldest dead letters, each with its reason and where its body is not as asked for.

    ``reason`` is a part of the reason. They stay where they are.
    """
    return await dead.dead_letters(bus, queue, reason, message_type, limit)


@router.post("/dead-letter/redrive")
async def redrive(
    store: TheStore, bus: TheBus, caller: Operator, wish: DeadLetterWish
) -> DeadLettersMoved:
    """Send dead letters to their queue again, up to 5000 in a call."""
    return await dead.redrive(store, bus, wish, caller.subject)


@router.post("/dead-letter/discard")
async def discard(
    store: TheStore, bus: TheBus, caller: Operator, wish: DeadLetterWish
) -> DeadLettersMoved:
    """Give dead letters up, up to 5000 in a call; the event log keeps them."""
    return await dead.discard(store, bus, wish, caller.subject)
