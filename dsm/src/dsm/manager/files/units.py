"""What is to be registered: files, for datasets, all or nothing."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from dsm.manager.naming import make_uid
from penstock_core.contracts.base import Json


def file_uid(dataset: Row[Any], name: str) -> str:
    """Return the uid of the file called ``name`` in the namespace and scope of ``dataset``."""
    return make_uid("file", dataset.namespace, dataset.scope, name)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to register, its values checked and in their normal form.

    ``storage_id`` is the storage's number. ``index`` is the place that it should have in its
    dataset's port; None for the next free one.
    """

    name: str
    storage_id: int
    path: str
    size_bytes: int
    checksum: str
    basename: str
    port: str = ""
    part: int = 0
    index: int | None = None
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Files that go to one dataset, given as its row; ``told_before``: they lie there already."""

    dataset: Row[Any]
    files: tuple[NewFile, ...]
    told_before: bool = False

    @cached_property
    def uids(self) -> tuple[str, ...]:
        """Return the uids of its files, in their order."""
        return tuple(file_uid(self.dataset, file.name) for file in self.files)


@dataclass(frozen=True, slots=True)
class Unit:
    """What is registered all or nothing.

    ``always`` takes files of a dataset that is closed too: facts of the DAQ.
    """

    parts: tuple[Part, ...]
    producer: str
    always: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """How many files a unit named, how many of them came late, and the datasets that took them.

    ``late`` are those of a delta, and those that no dataset takes any more.
    """

    files: int
    late: int
    into: tuple[Row[Any], ...] = ()
