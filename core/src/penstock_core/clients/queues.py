"""The storage manager on the bus: what waits, what died, and what is done about it."""

from penstock_core.clients.base import RestClient
from penstock_core.clients.inspection import V1
from penstock_core.contracts.broker import (
    DeadLetters,
    DeadLettersMoved,
    DeadLetterWish,
    PeekedMessage,
    QueueState,
)


class QueuesClient(RestClient):
    """The part of dsm-manager's REST that is about queues. Models in ``contracts.broker``."""

    async def queues(self) -> tuple[QueueState, ...]:
        """Return how all queues stand."""
        return await self.call("GET", f"{V1}/queue", tuple[QueueState, ...])

    async def peek(self, queue: str, limit: int = 20) -> tuple[PeekedMessage, ...]:
        """Return the oldest messages of a queue of replies or dead letters."""
        answer = tuple[PeekedMessage, ...]
        params = {"limit": limit}
        return await self.call("GET", f"{V1}/queue/{queue}/message", answer, params=params)

    async def dead_letters(
        self, *, queue: str = "", reason: str = "", message_type: str = "", limit: int = 100
    ) -> DeadLetters:
        """Return the oldest dead letters of a queue, or of all."""
        params = {"queue": queue, "reason": reason, "message_type": message_type, "limit": limit}
        return await self.call("GET", f"{V1}/dead-letter", DeadLetters, params=params)

    async def redrive(self, wish: DeadLetterWish) -> DeadLettersMoved:
        """Send dead letters to their queue again."""
        return await self.call("POST", f"{V1}/dead-letter/redrive", DeadLettersMoved, body=wish)

    async def discard(self, wish: DeadLetterWish) -> DeadLettersMoved:
        """Give dead letters up."""
        return await self.call("POST", f"{V1}/dead-letter/discard", DeadLettersMoved, body=wish)
