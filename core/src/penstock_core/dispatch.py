"""The dispatcher: from a queue to a handler, with retries, acknowledgement and dead letters.

A handler gets a batch, makes its one bulk effect, and says what became of each message; the
dispatcher acknowledges after that. What goes wrong is one of three things:

- *for now* (``RetriableError``): hold. Nothing more is consumed, and the same batch is tried
  again after pauses that grow, for as long as it takes.
- *for good* (``InvalidInput``): the message is dead, with the reason. Where it is thrown for a
  batch, the messages are handled alone to find the culprit.
- *nobody knows* (any other error): handled alone, up to three times, then dead.

What was handed out before may have killed its consumer, so it is handled alone from the start.
"""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from penstock_core.activity import worked
from penstock_core.bus.patience import Pauses, growing_pauses, subscribed
from penstock_core.bus.port import Bus, Delivery, Subscription
from penstock_core.errors import InvalidInput, RetriableError
from penstock_core.metrics import BATCHES, HANDLING_S, HELD, MESSAGES, timed
from penstock_core.tracing import HEADER, common, tracing

_ATTEMPTS_ALONE = 3
_WAIT_S = 60.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: ``refused`` is why it is dead, or empty when it is done."""

    refused: str = ""


DONE = Outcome()

Handle = Callable[[list[Delivery]], Awaitable[Sequence[Outcome]]]
OnHold = Callable[[Sequence[Delivery], RetriableError], Awaitable[None]]


async def consume(
    bus: Bus,
    queue: str,
    handle: Handle,
    *,
    max_batch: int = 500,
    on_hold: OnHold | None = None,
    pauses: Pauses = growing_pauses,
) -> None:
    """Give all that comes on ``queue`` to ``handle``, until cancelled.

    Parameters
    ----------
    handle
        Takes a batch in the queue's order and returns one outcome for each, in the same order;
        idempotent, for a batch may come again in part or as a whole.
    max_batch
        The most messages of one call.
    on_hold
        Called once when a batch begins to be held, with the error that holds it.
    pauses
        Makes the pauses in seconds between two attempts, a fresh row each time.

    Raises
    ------
    NotFound
        there is no such queue.
    BusUnavailable
        the bus was closed for good.
    """
    async with subscribed(bus, queue, 2 * max_batch, pauses) as subscription:
        dispatcher = _Dispatcher(queue, subscription, handle, on_hold, pauses)
        while True:
            for group in groups(await subscription.batch(max_batch, _WAIT_S)):
                with tracing(common([_trace(delivery) for delivery in group])):
                    await dispatcher.dispatch(group)


def _trace(delivery: Delivery) -> str:
    return delivery.message.headers.get(HEADER, "")


def groups(deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """Yield neighbours that are new together, and each that came before alone, in order."""
    for is_new, run in itertools.groupby(deliveries, key=lambda d: d.delivery_count == 0):
        if is_new:
            yield list(run)
        else:
            yield from ([delivery] for delivery in run)


@dataclass(frozen=True, slots=True)
class _Dispatcher:
    queue: str
    subscription: Subscription
    handle: Handle
    on_hold: OnHold | None
    pauses: Pauses

    async def dispatch(self, group: list[Delivery]) -> None:
        if len(group) > 1 and (outcomes := await self._together(group)) is not None:
            await self._settle(group, outcomes)
            return
        for delivery in group:
            await self._settle([delivery], [await self._alone(delivery)])

    async def _together(self, group: list[Delivery]) -> Sequence[Outcome] | None:
        """Return the outcomes, or nothing when one of the group spoils it for all."""
        try:
            return await self._holding(group)
        except Exception as error:
            # The boundary of a batch: one bad message must not stop the others.
            _logger.warning("%s: %d messages are handled alone: %s", self.queue, len(group), error)
            return None

    async def _alone(self, delivery: Delivery) -> Outcome:
        pauses = self.pauses()
        reason = ""
        for attempt in range(_ATTEMPTS_ALONE):
            if attempt:
                await asyncio.sleep(next(pauses))
            try:
                [outcome] = await self._holding([delivery])
            except InvalidInput as error:
                return Outcome(str(error))
            except Exception as error:
                # The boundary of a message: it goes to the dead letters, the service lives on.
                _logger.exception("%s: %s failed", self.queue, delivery.message.message_id)
                reason = f"{type(error).__name__}: {error}"
            else:
                return outcome
        return Outcome(f"failed {_ATTEMPTS_ALONE} times, handled alone: {reason}")

    async def _holding(self, group: list[Delivery]) -> Sequence[Outcome]:
        """Call the handler until no transient fault stands in its way."""
        pauses = self.pauses()
        is_held = False
        while True:
            try:
                with timed(HANDLING_S.labels(self.queue)):
                    outcomes = await self.handle(group)
                BATCHES.labels(self.queue).observe(len(group))
                return outcomes
            except RetriableError as error:
                _logger.warning("%s: %d messages are held: %s", self.queue, len(group), error)
                if not is_held:
                    HELD.labels(self.queue).inc(len(group))
                    await self._tell_held(group, error)
                is_held = True
                await asyncio.sleep(next(pauses))

    async def _tell_held(self, group: list[Delivery], error: RetriableError) -> None:
        if self.on_hold is None:
            return
        try:
            await self.on_hold(group, error)
        except RetriableError as trouble:
            _logger.warning("%s: nobody was told of the hold: %s", self.queue, trouble)

    async def _settle(self, group: Sequence[Delivery], outcomes: Sequence[Outcome]) -> None:
        done = []
        for delivery, outcome in zip(group, outcomes, strict=True):
            if outcome.refused:
                await self._bury(delivery, outcome.refused)
            else:
                done.append(delivery)
        await self._until_taken(lambda: self.subscription.acknowledge(done))
        worked(self.queue)
        MESSAGES.labels(self.queue, "done").inc(len(done))
        MESSAGES.labels(self.queue, "dead").inc(len(outcomes) - len(done))

    async def _bury(self, delivery: Delivery, reason: str) -> None:
        _logger.warning("%s: %s is dead: %s", self.queue, delivery.message.message_id, reason)
        await self._until_taken(lambda: self.subscription.dead_letter(delivery, reason))

    async def _until_taken(self, tell_bus: Callable[[], Awaitable[None]]) -> None:
        pauses = self.pauses()
        while True:
            try:
                return await tell_bus()
            except RetriableError as error:
                _logger.warning("%s: the bus does not answer: %s", self.queue, error)
                await asyncio.sleep(next(pauses))
