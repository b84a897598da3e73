"""The services behind the pages, each spoken to with the visitor's own token."""

from dataclasses import dataclass, field

import httpx2

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clients.sign_in import HeldToken
from template_manager.renewals import Renewals


@dataclass(frozen=True)
class Faces:
    """Connections shared by all visitors; closed by whoever made them."""

    data_access: httpx2.AsyncClient
    dsm: httpx2.AsyncClient
    renewals: Renewals = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "renewals", Renewals(self.data_access))

    def workflows(self, token: str) -> DataAccessClient:
        """Return data-access as the bearer of ``token`` sees it."""
        return DataAccessClient(self.data_access, HeldToken(token))

    def storage(self, token: str) -> DsmClient:
        """Return the storage manager as the bearer of ``token`` sees it."""
        return DsmClient(self.dsm, HeldToken(token))
