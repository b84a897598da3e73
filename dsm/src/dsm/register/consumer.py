"""Messages from outside go to the manager, a batch in one call, and are answered."""

import logging
from collections.abc import Iterable, Sequence

from dsm.intake import as_intake, restored
from dsm.register.replies import final_reply, retrying_reply
from penstock_core.bus import Bus, Delivery, Message
from penstock_core.clients.dsm import DsmClient
from penstock_core.contracts.intake import IntakeMessage, IntakeOutcome
from penstock_core.dispatch import DONE, Outcome, consume
from penstock_core.errors import (
    Forbidden,
    NotAuthenticated,
    NotFound,
    RetriableError,
    ServiceUnavailable,
)
from penstock_core.reconciler import Reconciler
from penstock_core.service import Loop
from penstock_core.topology import REGISTER_KEYS

QUEUES = (*(f"dsm.register.{key}" for key in REGISTER_KEYS), "dsm.daq")
MAX_BATCH = 200
PULSE_EVERY_S = 3.0
log = logging.getLogger(__name__)


class Register:
    """Hands messages in and publishes the answers, before they are acknowledged."""

    def __init__(self, bus: Bus, manager: DsmClient) -> None:
        self._bus = bus
        self._manager = manager
        self._held: set[str] = set()

    def loops(self) -> tuple[Loop, ...]:
        """Return one loop for each queue that is taken from, and one that tells how it goes."""
        pulse = Reconciler("dsm-register:pulse", self.pulse, PULSE_EVERY_S)
        return (*(self._loop(queue) for queue in QUEUES), pulse.run)

    async def pulse(self) -> bool:
        """Tell whether it keeps up: nothing is held, and no more waits than it takes at once."""
        waiting = sum([await self._bus.depth(queue) for queue in QUEUES])
        await self._manager.pulse(keeps_up=not self._held and waiting <= MAX_BATCH)
        return False

    def _loop(self, queue: str) -> Loop:
        async def run() -> None:
            await consume(
                self._bus, queue, self.handle, max_batch=MAX_BATCH, on_hold=self.tell_held
            )

        return run

    async def handle(self, deliveries: Sequence[Delivery]) -> list[Outcome]:
        """Take in one batch; raises ``RetriableError`` while the manager is away."""
        messages = [restored(delivery.message) for delivery in deliveries]
        results = await self._take_in([as_intake(message) for message in messages])
        await self._answer(
            final_reply(message, result.details, failed=result.error is not None)
            for message, result in zip(messages, results, strict=True)
        )
        self._held -= {delivery.queue for delivery in deliveries}
        return [DONE if r.error is None else Outcome(r.details) for r in results]

    async def tell_held(self, deliveries: Sequence[Delivery], error: RetriableError) -> None:
        """Answer that the catalog is away, and that these are held until it is back."""
        self._held |= {delivery.queue for delivery in deliveries}
        await self._answer(
            retrying_reply(restored(delivery.message), error) for delivery in deliveries
        )

    async def _take_in(self, messages: Sequence[IntakeMessage]) -> tuple[IntakeOutcome, ...]:
        try:
            return await self._manager.take_in(messages)
        except (NotAuthenticated, Forbidden) as error:
            # The register's own token or secret: no fault of the messages, so they are held.
            raise ServiceUnavailable(error.message, hint=error.hint) from error

    async def _answer(self, replies: Iterable[Message | None]) -> None:
        try:
            await self._bus.publish([reply for reply in replies if reply is not None])
        except NotFound as error:
            log.warning("a reply reached nobody: %s", error)
