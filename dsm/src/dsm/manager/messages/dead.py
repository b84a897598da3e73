"""Dead letters: what each of them lacks, and what people do with them.

Each is held against what its message asks for, by the very models that refused it. Who sends one
again or gives it up is written to the event log before it leaves its queue.
"""

from collections.abc import Awaitable, Callable, Sequence

from pydantic import ValidationError

from dsm.intake import as_intake, queue_of, redriven, restored, sent_again
from dsm.manager.messages.handlers import HANDLERS
from dsm.manager.messages.intake import read_letter
from dsm.manager.work import begin_work
from penstock_core.bus import Bus, Delivery, Message
from penstock_core.bus.dead_letters import look, move
from penstock_core.contracts.broker import (
    DeadLetter,
    DeadLetters,
    DeadLettersMoved,
    DeadLetterWish,
    Difference,
    PeekedMessage,
)
from penstock_core.errors import Conflict, NotFound, PenstockError
from penstock_core.eventlog import NewEvent
from penstock_core.store import Store
from penstock_core.topology import PENSTOCK

REDRIVEN = "message.redriven"
DISCARDED = "message.discarded"
_SHOWN = 4000
_ROOM = 200
"""Characters of a body, and of a value in it, that are shown."""
_KEPT = 100_000
"""Characters of a body that the event log keeps."""
Do = Callable[[Sequence[Message]], Awaitable[None]]
WhyNot = Callable[[Message], str]
QUEUES = tuple(queue.name for queue in PENSTOCK.queues if not queue.wake)


async def dead_letters(
    bus: Bus, queue: str, reason: str, message_type: str, limit: int
) -> DeadLetters:
    """Return the oldest dead letters of a queue, or of all, that match."""
    found: list[DeadLetter] = []
    more = False
    for name in [known(queue)] if queue else QUEUES:
        deliveries, there_is_more = await look(bus, f"{name}.dead", limit)
        letters = [letter_of(delivery.message) for delivery in deliveries]
        found += [m for m in letters if reason in m.reason and message_type in ("", m.type)]
        more |= there_is_more
    return DeadLetters(items=tuple(found[:limit]), more=more or len(found) > limit)


async def peek(bus: Bus, queue: str, limit: int) -> tuple[PeekedMessage, ...]:
    """Return the oldest messages of a queue that nobody of the house takes from.

    Raises
    ------
    Conflict
        the queue is worked on: to look at a message there is to take it from whoever works.
    """
    if not queue.endswith((".dead", ".reply")):
        raise Conflict(
            f"Queue {queue[:100]!r} is being worked on: looking would hold its messages up.",
            hint="penstock messages journal shows what came in; peek at .reply and .dead queues.",
            field="queue",
        )
    deliveries, _ = await look(bus, queue, limit)
    return tuple(
        PeekedMessage(
            message_id=m.message_id,
            type=m.type,
            sent_at=m.timestamp,
            correlation_id=m.correlation_id,
            headers=dict(m.headers),
            body=as_intake(m).body[:_SHOWN],
        )
        for m in (delivery.message for delivery in deliveries)
    )


async def redrive(store: Store, bus: Bus, wish: DeadLetterWish, actor: str) -> DeadLettersMoved:
    """Send dead letters to their queue again; what would be refused again stays, with the reason.

    They are published, and confirmed, before they leave: killed between, one comes twice, under
    the same id, which is applied once.
    """

    async def send(messages: Sequence[Message]) -> None:
        await _record(store, REDRIVEN, messages, wish, actor)
        await bus.publish([sent_again(message, actor) for message in messages])

    return await _move(bus, wish, send, _nothing if wish.force else refusal)


async def discard(store: Store, bus: Bus, wish: DeadLetterWish, actor: str) -> DeadLettersMoved:
    """Give dead letters up; the event log keeps them, with who did so and why."""

    async def record(messages: Sequence[Message]) -> None:
        await _record(store, DISCARDED, messages, wish, actor)

    return await _move(bus, wish, record, _nothing)


def letter_of(message: Message) -> DeadLetter:
    """Return a dead letter for people: where it comes from, why it died, what is wrong with it."""
    first = restored(message)
    return DeadLetter(
        message_id=message.message_id,
        queue=queue_of(message),
        type=first.type or first.routing_key,
        namespace=message.headers.get("namespace", ""),
        sender=message.headers.get("sender", ""),
        sent_at=message.timestamp,
        reason=message.headers.get("reason", ""),
        redriven=redriven(message),
        refused_again=refusal(message),
        differences=differences(first),
        body=as_intake(message).body[:_SHOWN],
    )


def refusal(message: Message) -> str:
    """Return why a dead letter would be refused for its form if it were sent again; "" if not."""
    read = read_letter("", as_intake(restored(message)))
    return str(read) if isinstance(read, PenstockError) else ""


def differences(message: Message) -> tuple[Difference, ...]:
    """Return field by field where a body is not what its message asks for."""
    handler = HANDLERS.get((message.exchange, message.routing_key))
    if handler is None:
        return ()
    try:
        handler.body.model_validate_json(message.body)
    except ValidationError as error:
        return tuple(
            Difference(
                field=".".join(str(part) for part in one["loc"]) or "the body",
                wanted=one["msg"],
                found="nothing" if one["type"] == "missing" else repr(one["input"])[:_ROOM],
            )
            for one in error.errors(include_url=False)
        )
    return ()


def known(queue: str) -> str:
    """Return the name of a queue that has dead letters; raises ``NotFound``."""
    name = queue.removesuffix(".dead")
    if name not in QUEUES:
        raise NotFound(
            f"There is no queue {queue[:100]!r} that has dead letters.",
            hint=f"There are: {', '.join(QUEUES)}.",
            field="queue",
        )
    return name


async def _move(bus: Bus, wish: DeadLetterWish, do: Do, why_not: WhyNot) -> DeadLettersMoved:
    taken: list[str] = []
    left: dict[str, str] = {}

    async def each(deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        meant = [d for d in deliveries if _is_meant(d.message, wish)]
        reasons = {d.tag: why_not(d.message) for d in meant}
        left.update({d.message.message_id: reasons[d.tag] for d in meant if reasons[d.tag]})
        chosen = [d for d in meant if not reasons[d.tag]]
        taken.extend(d.message.message_id for d in chosen)
        if wish.dry_run or not chosen:
            return ()
        await do([d.message for d in chosen])
        return chosen

    more = await move(bus, f"{known(wish.queue)}.dead", each)
    return DeadLettersMoved(message_ids=tuple(taken), left=left, more=more)


def _is_meant(message: Message, wish: DeadLetterWish) -> bool:
    by_id = not wish.message_ids or message.message_id in wish.message_ids
    return by_id and wish.reason in message.headers.get("reason", "")


def _nothing(_message: Message) -> str:
    return ""


async def _record(
    store: Store, topic: str, messages: Sequence[Message], wish: DeadLetterWish, actor: str
) -> None:
    async with begin_work(store) as work:
        for message in messages:
            body = {
                "message_id": message.message_id,
                "queue": queue_of(message),
                "reason": message.headers.get("reason", ""),
                "by": actor,
                "because": wish.because,
                "body": as_intake(message).body[:_KEPT],
            }
            namespace = message.headers.get("namespace", "") or "default"
            work.tell_event(NewEvent(topic, message.message_id[:512], namespace, body))
