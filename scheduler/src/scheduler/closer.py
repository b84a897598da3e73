"""The closing loop: look at what has been announced, decide, close what has not changed since."""

from penstock_core.clients import DsmClient
from penstock_core.clock import now
from scheduler.closing import Close, ClosingPolicy, close_request, decide_close


class Closer:
    """Closes datasets whose time has come; any number of replicas may do so at once.

    A close names the revision that was looked at, so of two one is told ``already``, and one
    that raced with a file is told ``stale`` and looks again.
    """

    def __init__(self, dsm: DsmClient, policy: ClosingPolicy) -> None:
        self._dsm = dsm
        self._policy = policy

    async def close(self) -> bool:
        """Close what is due; return whether something changed while we looked."""
        after: int | None = 0
        look_again = False
        while after is not None:
            page = await self._dsm.closing(after)
            moment = now()
            decided = [(e, decide_close(e, self._policy, moment)) for e in page.items]
            requests = [close_request(e, d) for e, d in decided if isinstance(d, Close)]
            if requests:
                results = await self._dsm.close_datasets(requests)
                look_again |= any(result.outcome == "stale" for result in results)
            after = page.next
        return look_again
