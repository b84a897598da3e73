"""The part of the client that is about the DAQ: runs, the detector, and what came in."""

from penstock.background import BackgroundLoop
from penstock.errands import all_pages
from penstock_core.clients import DsmClient
from penstock_core.contracts.broker import (
    DeadLetters,
    DeadLettersMoved,
    DeadLetterWish,
    PeekedMessage,
    QueueState,
)
from penstock_core.contracts.runs import Detector, JournalEntry, Run, RunDetail, TfFile

_PAGE = 500


class RunCalls:
    """Calls about runs and the messages that they are made of."""

    _loop: BackgroundLoop
    _storage: DsmClient

    def runs(
        self,
        *,
        namespace: str = "",
        run: str = "",
        state: str = "",
        flagged: bool | None = None,
        limit: int = 100,
    ) -> list[Run]:
        """Return the newest ``limit`` runs, the newest first."""
        found: list[Run] = []
        after: int | None = 0
        while after is not None and len(found) < limit:
            asked = self._storage.runs(
                namespace=namespace,
                run=run,
                state=state,
                flagged=flagged,
                newest=True,
                after=after,
                limit=min(_PAGE, limit - len(found)),
            )
            page = self._loop.run(asked)
            found += page.items
            after = page.next
        return found

    def run(self, run: str | int, namespace: str = "default") -> RunDetail:
        """Return one run with its facts, flags, streams and missing STFs."""
        return self._loop.run(self._storage.run(str(run), namespace))

    def tf_files(self, run: str | int, namespace: str = "default") -> list[TfFile]:
        """Return the samples of time frames that were cut out of a run's STFs."""
        return self._loop.run(
            all_pages(lambda after: self._storage.tf_files(str(run), namespace, after=after))
        )

    def detector(self, namespace: str = "default") -> Detector:
        """Return the state of a namespace's detector, and what was last said of it."""
        return self._loop.run(self._storage.detector(namespace))

    def journal(self, *, limit: int = 100, **wanted: object) -> list[JournalEntry]:
        """Return the newest ``limit`` messages that came in, the newest first.

        ``wanted`` are filters by column: ``source``, ``message_type``, ``sender_agent``,
        ``namespace``, ``workflow``, ``run``, ``outcome``, ``is_successful``, ``message_id``, and
        ``since`` and ``until`` as ISO 8601 text.
        """
        found: list[JournalEntry] = []
        after: int | None = 0
        while after is not None and len(found) < limit:
            some = min(_PAGE, limit - len(found))
            page = self._loop.run(
                self._storage.journal(newest=True, after=after, limit=some, **wanted)
            )
            found += page.items
            after = page.next
        return found

    def queues(self) -> tuple[QueueState, ...]:
        """Return how all queues of the bus stand, with their dead-letter queues."""
        return self._loop.run(self._storage.queues())

    def peek(self, queue: str, limit: int = 20) -> tuple[PeekedMessage, ...]:
        """Return the oldest messages of a queue of replies or dead letters; they stay there."""
        return self._loop.run(self._storage.peek(queue, limit))

    def dead_letters(
        self, *, queue: str = "", reason: str = "", message_type: str = "", limit: int = 100
    ) -> DeadLetters:
        """Return the oldest dead letters, with why they died and what is wrong with them."""
        return self._loop.run(
            self._storage.dead_letters(
                queue=queue, reason=reason, message_type=message_type, limit=limit
            )
        )

    def redrive(self, wish: DeadLetterWish) -> DeadLettersMoved:
        """Send dead letters to their queue again."""
        return self._loop.run(self._storage.redrive(wish))

    def discard(self, wish: DeadLetterWish) -> DeadLettersMoved:
        """Give dead letters up; the event log keeps them."""
        return self._loop.run(self._storage.discard(wish))
