"""The storage manager's REST contract: datasets, files, closing, and what came in."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from penstock_core.contracts.base import Frozen, Json
from penstock_core.states import DatasetKind, DatasetState, FileState


class NewDataset(Frozen):
    """A dataset to make; (namespace, scope, name) is its natural key, so making it twice is one."""

    name: str
    namespace: str = "default"
    scope: str = "daq"
    kind: DatasetKind = DatasetKind.INPUT
    metadata: Json = {}
    producer: str = ""


class Dataset(Frozen):
    """A dataset as the storage manager holds it.

    ``files`` and ``size_bytes`` count what is registered; ``announced`` is the count its
    producer gave at its end, null before. ``quarantined`` and ``lost`` count those of its files
    that must not be used: while there are any it is incomplete. ``revision`` grows with each
    attachment and announcement: a close names the revision that it looked at. ``closed_rule`` is
    the rule of the ledger that closed it.

    ``logical`` is the name that masks see: that of the first, for a successor ``.s2`` of a stream
    without end and for a delta ``.d1`` of late files; "" means its own. No template takes one
    that is not for ``processing``.
    """

    uid: str
    namespace: str
    scope: str
    name: str
    logical: str = ""
    processing: bool = True
    kind: DatasetKind
    state: DatasetState
    metadata: Json
    producer: str
    files: int
    size_bytes: int
    announced: int | None
    incomplete: bool
    quarantined: int = 0
    lost: int = 0
    revision: int
    opened_at: datetime
    closed_at: datetime | None
    closed_because: str
    closed_by: str
    closed_rule: str = ""


class Wanted(Frozen):
    """A dataset that somebody waits for: any of the namespace whose name fits ``mask``.

    ``until`` says what for: that such a one is there, or that one is closed. Logs do not count.
    """

    namespace: str
    mask: str
    until: Literal["open", "closed"] = "closed"


class ProducedFile(Frozen):
    """One file that a job made, safe in a storage.

    ``path`` is relative to the storage's base. ``index`` is the job's index; ``port`` the step's
    output; ``basename`` the name that the tool gave it, restored where it is read again.
    ``part`` numbers the files of a port that gives several (0, 1, …).
    """

    name: str
    storage_id: str
    path: str
    size_bytes: int = Field(ge=0)
    checksum: str
    basename: str
    port: str = ""
    index: int = 0
    part: int = 0


class ManifestPart(Frozen):
    """The files of one manifest that go to one dataset."""

    dataset_uid: str
    files: tuple[ProducedFile, ...]


class Manifest(Frozen):
    """All outputs of one job: registered all or nothing, once, however often it is sent."""

    job: str
    parts: tuple[ManifestPart, ...]


class Outcome(Frozen):
    """What became of one item of a bulk request; ``error`` is an error's wire form."""

    key: str
    ok: bool
    details: str = ""
    error: Json | None = None


class ContentFile(Frozen):
    """One file of a dataset, as a reader of its contents sees it.

    ``position`` is its place in the order of registration: the cursor of the contents. ``url``
    says where the bytes are (``file:///…`` for a posix storage). ``part_name`` is the part of the
    dataset that holds it. ``usable`` is false for what must never be an input (quarantined,
    lost); ``reason`` says why. ``readable`` is false in the storage of the root, whose bytes the
    storage manager gives to nobody.
    """

    position: int
    name: str
    basename: str
    port: str
    index: int
    part: int
    size_bytes: int
    checksum: str
    url: str
    usable: bool
    readable: bool = True
    uid: str = ""
    state: FileState = FileState.REGISTERED
    reason: str = ""
    part_name: str = ""


class Contents(Frozen):
    """A dataset's files after a cursor, its state and its total, read as one snapshot."""

    uid: str
    files: tuple[ContentFile, ...]
    closed: bool
    total: int
    incomplete: bool
    cursor: int


class ReadTo(Frozen):
    """How far somebody has read the contents of a dataset."""

    uid: str
    cursor: int = Field(ge=0)


class ContentsNews(Frozen):
    """Of some datasets those that hold more than was read, or are closed; and those not there."""

    changed: tuple[str, ...]
    gone: tuple[str, ...]


class Announcement(Frozen):
    """A producer's end: it made ``files`` files in this dataset, and will make no more.

    ``accepted_loss`` closes it with what it has: ``actor`` accepted that the rest is lost,
    ``because`` of something. ``incomplete``: what it was made of was incomplete.
    """

    uid: str
    files: int = Field(ge=0)
    producer: str
    accepted_loss: bool = False
    actor: str = ""
    because: str = ""
    incomplete: bool = False


class CloseRequest(Frozen):
    """Close this dataset if it still is at ``revision``.

    ``rule`` and ``evidence`` go to the ledger in the transaction of the close. It is closed as
    incomplete if ``incomplete`` says so, or what is known of it there.
    """

    uid: str
    revision: int
    rule: str
    because: str
    evidence: Json = {}
    incomplete: bool = False


class CloseResult(Frozen):
    """``stale`` means that the dataset changed since it was looked at: look again."""

    uid: str
    outcome: Literal["closed", "already", "stale"]
    revision: int


class LedgerRow(Frozen):
    """One entry of the closing ledger."""

    uid: str
    at: datetime
    rule: str
    because: str
    evidence: Json
    actor: str


class File(Frozen):
    """A file as the storage manager holds it; ``checksum`` is ``algorithm:hex``.

    ``checked_at`` is when its bytes were last looked at; ``reason`` says what is wrong with it.
    """

    uid: str
    namespace: str
    scope: str
    name: str
    state: FileState
    storage_id: str
    path: str
    size_bytes: int
    checksum: str
    guid: str
    registered_at: datetime
    checked_at: datetime | None = None
    reason: str = ""


class NewStorage(Frozen):
    """A place for files: for ``posix``, ``base`` is an absolute folder."""

    uid: str = ""
    name: str
    kind: Literal["posix"] = "posix"
    base: str


class Storage(Frozen):
    """A storage; its ``uid`` is SPD's ``storageId``."""

    uid: str
    name: str
    kind: str
    base: str
