"""What is found on disk, held against what the catalogue says: verdicts, quarantine, storages."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from penstock_core.contracts.base import Frozen
from penstock_core.contracts.dsm import File, Storage
from penstock_core.states import DatasetKind, DatasetState, FileState
from penstock_core.stf import Header


class Verdict(StrEnum):
    """What a look at a file's bytes says of it."""

    FITS = "fits"
    DIFFERS = "differs"
    GONE = "gone"
    UNREADABLE = "unreadable"


class ToldStf(Frozen):
    """What the DAQ's message told of an STF."""

    run: str
    sequence: int | None


class DueFile(Frozen):
    """A file whose bytes are to be looked at; ``due`` names the wish, and comes back with it."""

    uid: str
    name: str
    path: str
    state: FileState
    reason: str
    size_bytes: int
    checksum: str
    due: str
    stf: ToldStf | None = None


class FileVerdict(Frozen):
    """What somebody found who looked at a file.

    ``size_bytes`` and ``checksum`` are those found, as far as they were read; ``header`` is that
    of an STF. ``due`` is the wish that this answers, "" for none. ``look_again`` has the
    inspector look too: a file that is said to be gone is lost only when the inspector says so.
    """

    uid: str
    verdict: Verdict
    reason: str = Field(default="", max_length=2000)
    size_bytes: int | None = None
    checksum: str = Field(default="", max_length=160)
    header: Header | None = None
    due: str = ""
    look_again: bool = False


class FileCheck(Frozen):
    """One entry in the story of a file that was once in trouble: who found or decided what."""

    at: datetime
    by: str
    what: str
    reason: str
    size_bytes: int | None
    checksum: str


class Holder(Frozen):
    """A dataset that holds a file, and the file's place in it: who made it, under which name."""

    uid: str
    namespace: str
    name: str
    kind: DatasetKind
    state: DatasetState
    port: str
    index: int
    part: int
    basename: str
    producer: str


class FileQuery(Frozen):
    """Asks for files of one namespace and scope by their names."""

    namespace: str = "default"
    scope: str
    names: tuple[str, ...] = Field(max_length=5000)


class FoundFile(Frozen):
    """A file with the datasets that hold it, the oldest first."""

    file: File
    datasets: tuple[Holder, ...]


class FileDetails(FoundFile):
    """A file with its story too, oldest first."""

    checks: tuple[FileCheck, ...]


class Place(Frozen):
    """Where a file is in a dataset: its position in the contents."""

    dataset_uid: str
    position: int


class FileEvent(File):
    """The body of ``file.quarantined``, ``file.lost`` and ``file.released``."""

    places: tuple[Place, ...]


class FileRequest(Frozen):
    """What an operator decides on files, and why."""

    uids: tuple[str, ...] = Field(min_length=1, max_length=1000)
    because: str = Field(min_length=1, max_length=1000)


class DoomedFile(Frozen):
    """A deleted file whose bytes are still to be removed; ``reason`` is why they were not yet."""

    uid: str
    name: str
    storage_id: str
    path: str
    reason: str


class Removal(Frozen):
    """What became of a deleted file's bytes.

    ``left``: they stay for ever, for they are not ours to remove. ``failed``: try again later.
    """

    uid: str
    outcome: Literal["removed", "left", "failed"]
    reason: str = Field(default="", max_length=2000)


class StorageSample(Frozen):
    """A storage at one moment: whether it answers, and how full its disk is."""

    storage_id: str
    at: datetime
    problem: str = Field(default="", max_length=2000)
    total_bytes: int | None = None
    free_bytes: int | None = None


class StorageUse(Frozen):
    """How a storage is used.

    ``files`` and ``size_bytes`` count what is registered there, ``dark_…`` what lies there and
    is not registered, as of the last sweep. ``full_at`` is when its disk is full if it goes on
    filling as it did, null if it does not fill.
    """

    storage: Storage
    files: int
    size_bytes: int
    dark_files: int
    dark_bytes: int
    swept_at: datetime | None
    sample: StorageSample | None
    full_at: datetime | None


class SeenFile(Frozen):
    """A file that a sweep saw on disk; ``modified_at`` is its latest change of any kind."""

    path: str
    size_bytes: int
    modified_at: datetime


class DarkFile(SeenFile):
    """A file on disk that no catalogue knows. ``wanted_by`` is who wants it deleted, "" nobody."""

    id: int
    storage_id: str
    found_at: datetime
    wanted_by: str
    because: str
    problem: str


class DarkRequest(Frozen):
    """Dark files that an operator wants deleted, and why."""

    ids: tuple[int, ...] = Field(min_length=1, max_length=10_000)
    because: str = Field(min_length=1, max_length=1000)


class DarkRemoval(Frozen):
    """What became of a dark file that was to be deleted.

    ``left``: it stays until an operator asks again. ``failed``: it is tried again later.
    """

    id: int
    outcome: Literal["removed", "left", "failed"]
    reason: str = Field(default="", max_length=2000)


class HeldFile(Frozen):
    """A file that should lie in a storage, as a sweep compares it with the disk."""

    uid: str
    path: str
    size_bytes: int


class SweepEnd(Frozen):
    """A sweep that began at ``began_at`` is through."""

    began_at: datetime
