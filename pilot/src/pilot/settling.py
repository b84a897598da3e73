"""Storing what became of jobs: what ends while one transaction runs goes into the next together."""

import asyncio
import logging
from collections.abc import Sequence

from penstock_core.errors import RetriableError
from penstock_core.store import Store
from pilot import outcomes
from pilot.model import Claim, Failed, Outcome
from pilot.settings import PilotSettings

log = logging.getLogger(__name__)
_AGAIN_S = 0.5
_Ended = tuple[Claim, Outcome]


class Settler:
    """Stores outcomes, each once and for certain, many in one transaction."""

    def __init__(self, store: Store, settings: PilotSettings) -> None:
        self._store = store
        self._settings = settings
        self._waiting: list[tuple[_Ended, asyncio.Future[None]]] = []
        self._turn = asyncio.Lock()

    async def settle(self, claim: Claim, outcome: Outcome) -> None:
        """Return when the outcome is stored; one that cannot be is stored as a failure."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(((claim, outcome), done))
        async with self._turn:
            if not done.done():  # nobody before took it along
                batch, self._waiting = self._waiting, []
                await self._store_all([ended for ended, _ in batch])
                for _, one in batch:
                    if not one.done():
                        one.set_result(None)
        await done

    async def _store_all(self, batch: Sequence[_Ended]) -> None:
        try:
            await self._patiently(batch)
        except Exception:  # noqa: BLE001, RUF100 - one of them; each is tried by itself
            for ended in batch:
                await self._store_alone(ended)

    async def _store_alone(self, ended: _Ended) -> None:
        claim, _ = ended
        try:
            await self._patiently([ended])
        except Exception as error:  # noqa: BLE001, RUF100 - a job that cannot end hangs its task
            log.exception("What became of job %s cannot be stored.", claim.key)
            await self._patiently([(claim, _unstorable(error))])

    async def _patiently(self, batch: Sequence[_Ended]) -> None:
        while True:
            try:
                async with self._store.write() as connection:
                    await outcomes.store(connection, batch, self._settings)
                return
            except RetriableError as error:
                log.warning("The outcomes of %d jobs wait: %s", len(batch), error)
                await asyncio.sleep(_AGAIN_S)


def _unstorable(error: Exception) -> Failed:
    return Failed(f"What became of it cannot be stored: {type(error).__name__}.", final=True)
