"""The clients of one service of the house: its token, and the faces that it talks to."""

from types import TracebackType
from typing import Self

from penstock_core.clients.base import ServiceTokens
from penstock_core.clients.data_access import DataAccessClient
from penstock_core.clients.dsm import DsmClient
from penstock_core.clients.pilot import PilotClient
from penstock_core.service import House


class HouseClients:
    """Clients that speak as ``service``; closed together.

    Attributes
    ----------
    data_access, dsm, pilot
        One client for each owner of facts.
    """

    def __init__(self, house: House, service: str) -> None:
        settings = house.settings
        self._auth = house.http(settings.data_access_url)
        tokens = ServiceTokens(self._auth, service, settings.secret_file(service))
        self.data_access = DataAccessClient(house.http(settings.data_access_url), tokens)
        self.dsm = DsmClient(house.http(settings.dsm_url), tokens)
        self.pilot = PilotClient(house.http(settings.pilot_url), tokens)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in (self.data_access, self.dsm, self.pilot):
            await client.close()
        await self._auth.aclose()
