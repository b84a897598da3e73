"""Tasks that wait for other datasets (``waitFor``): the storage manager is asked for those."""

from collections.abc import Callable

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.contracts.dsm import Wanted

BATCH = 500


class GateKeeper:
    """Opens gates whose dataset is there. A look asks for each wanted dataset once.

    It looks at the start, when woken and every few seconds, so it does not matter whether the
    dataset or the task that waits for it came first, nor whether anybody told.
    ``on_met`` is called after gates were met, for whoever looks for due tasks.
    """

    def __init__(
        self, dsm: DsmClient, data_access: DataAccessClient, on_met: Callable[[], None]
    ) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._on_met = on_met

    async def look(self) -> bool:
        """Look at every unmet gate; return whether to look again at once, which is never."""
        last: Wanted | None = None
        while wanted := await self._data_access.unmet_gates(last, BATCH):
            if met := await self._dsm.there(wanted):
                await self._data_access.meet_gates(met)
                self._on_met()
            last = wanted[-1]
            if len(wanted) < BATCH:
                break
        return False
