"""The part of the client that is about what lies on disk: files, storages, dark files."""

from collections.abc import Sequence
from datetime import datetime

from penstock.background import BackgroundLoop
from penstock.errands import all_pages
from penstock.finding import find_dataset, find_file, find_storage
from penstock_core.clients import DsmClient
from penstock_core.contracts.dsm import Dataset, File
from penstock_core.contracts.inspection import (
    DarkFile,
    DarkRequest,
    FileDetails,
    FileRequest,
    StorageSample,
    StorageUse,
)

_PAGE = 500


class StorageCalls:
    """Calls about files and the storages that they lie in."""

    _loop: BackgroundLoop
    _storage: DsmClient

    def list_files(
        self, *, name: str = "", state: str = "", namespace: str = "", limit: int = 100
    ) -> tuple[File, ...]:
        """Return files, the oldest ``limit`` of them; ``name`` is a whole name."""
        page = self._storage.files(name=name, state=state, namespace=namespace, limit=limit)
        return self._loop.run(page).items

    def file(self, file: str, namespace: str = "default") -> FileDetails:
        """Return one file with its story and its datasets, by its name or its uid."""
        found = self._loop.run(find_file(self._storage, file, namespace))
        return self._loop.run(self._storage.file_details(found.uid))

    def quarantine(self, *, state: str = "", namespace: str = "") -> list[FileDetails]:
        """Return files in quarantine and lost ones, each with its story and its datasets."""
        return self._loop.run(
            all_pages(
                lambda after: self._storage.troubled_files(
                    state=state, namespace=namespace, after=after, limit=_PAGE
                )
            )
        )

    def release_files(
        self, files: Sequence[str], because: str, namespace: str = "default"
    ) -> tuple[File, ...]:
        """Let files out of quarantine if the next look finds them right; look for lost ones."""
        request = self._request(files, because, namespace)
        return self._loop.run(self._storage.release_files(request))

    def declare_lost(
        self, files: Sequence[str], because: str, namespace: str = "default"
    ) -> tuple[File, ...]:
        """Give files up: they count as registered, and are never an input again."""
        request = self._request(files, because, namespace)
        return self._loop.run(self._storage.declare_lost(request))

    def _request(self, files: Sequence[str], because: str, namespace: str) -> FileRequest:
        found = [self._loop.run(find_file(self._storage, file, namespace)) for file in files]
        return FileRequest(uids=tuple(file.uid for file in found), because=because)

    def delete_dataset(self, dataset: str, because: str, namespace: str = "default") -> Dataset:
        """Delete a dataset in the user's name; files that no other one holds are removed."""
        found = self._loop.run(find_dataset(self._storage, dataset, namespace))
        return self._loop.run(self._storage.delete_dataset(found.uid, because))

    def storages(self) -> tuple[StorageUse, ...]:
        """Return how each storage is used, and when it is full."""
        return self._loop.run(self._storage.storage_uses())

    def storage(self, storage: str) -> StorageUse:
        """Return how one storage is used, by its name or its uid."""
        return self._loop.run(find_storage(self._storage, storage))

    def storage_history(
        self, storage: str, since: datetime | None = None
    ) -> tuple[StorageSample, ...]:
        """Return the samples of one storage, oldest first."""
        uid = self.storage(storage).storage.uid
        return self._loop.run(self._storage.storage_history(uid, since))

    def dark_files(self, storage: str) -> list[DarkFile]:
        """Return the files that lie in one storage and are registered nowhere."""
        uid = self.storage(storage).storage.uid
        return self._loop.run(all_pages(lambda after: self._storage.dark_files(uid, after, _PAGE)))

    def delete_dark(self, storage: str, files: Sequence[DarkFile], because: str) -> None:
        """Have these dark files deleted; one that changed since it was seen stays."""
        uid = self.storage(storage).storage.uid
        request = DarkRequest(ids=tuple(file.id for file in files), because=because)
        self._loop.run(self._storage.delete_dark(uid, request))
