"""The pilot's storage and the uid that the storage manager knows it by."""

from penstock_core.clients.dsm import DsmClient
from penstock_core.contracts.dsm import NewStorage
from pilot.storage import Storage

NAME = "pilot"


class StorageId:
    """Makes the storage known at its first use, and remembers its uid."""

    def __init__(self, dsm: DsmClient, storage: Storage) -> None:
        self._dsm = dsm
        self._storage = storage
        self._uid = ""

    async def get(self) -> tuple[Storage, str]:
        """Return the storage and its uid; raises ``ServiceUnavailable``."""
        if not self._uid:
            base = str(self._storage.base.resolve())
            self._uid = (await self._dsm.create_storage(NewStorage(name=NAME, base=base))).uid
        return self._storage, self._uid
