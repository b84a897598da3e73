"""The storage manager's REST contract about the DAQ: runs, the detector, and the journal."""

from datetime import datetime
from typing import Literal

from penstock_core.contracts.base import Frozen, Json
from penstock_core.states import RunState


class RunFlag(Frozen):
    """Something about a run that does not fit: when, from and to which state, by which message."""

    at: datetime
    before: str
    after: str
    message: str
    why: str


class Run(Frozen):
    """A run of the DAQ, folded from its facts.

    ``announced`` counts the STFs that stf_gen told, ``registered`` the files of its dataset,
    ``total`` is the number of files that its end told; null before. ``since`` is when it came to
    its state.
    """

    namespace: str
    run: str
    state: RunState
    since: datetime | None
    dataset: str
    dataset_uid: str
    announced: int
    registered: int
    total: int | None
    conditions: Json
    started_at: datetime | None
    ended_at: datetime | None
    flags: tuple[RunFlag, ...] = ()


class RunFact(Frozen):
    """One thing that the DAQ said of a run, at its own time."""

    at: datetime
    simulation_tick: float | None
    message: str
    sender: str
    stream: str
    state: str
    substate: str
    total: int | None
    reason: str


class RunStream(Frozen):
    """Who sends STFs of a run, or has ended it.

    ``known`` counts its STFs, announced or here; ``first`` and ``last`` are their lowest and
    highest number, ``gaps`` how many numbers between are not known. Where one stream alone sends,
    all STFs of the run are its.
    """

    name: str
    announced: int
    known: int
    registered: int
    first: int | None
    last: int | None
    gaps: int
    ended: bool
    total: int | None


class TfFile(Frozen):
    """A sample of time frames, cut out of an STF."""

    name: str
    stf: str
    first: int | None
    last: int | None
    count: int | None
    sender: str
    noted_at: datetime


class RunHeaders(Frozen):
    """What the headers of a run's verified STFs say together.

    ``first_tf`` and ``last_tf`` are the lowest and highest number of a TF; ``mismatches`` says
    in sentences what does not fit what was announced, once the run has ended.
    """

    stfs: int
    first_tf: int
    last_tf: int
    tfs: int
    events: int
    mismatches: tuple[str, ...] = ()


class RunDetail(Frozen):
    """One run with all that is known of it.

    ``headers`` is null until an STF in our container was verified. ``missing`` names the first of
    the ``missing_count`` STFs that can be named; ``unnamed`` counts the others.
    ``tf_files`` are the first of ``tf_count``.
    """

    run: Run
    facts: tuple[RunFact, ...]
    streams: tuple[RunStream, ...]
    missing: tuple[str, ...]
    missing_count: int
    unnamed: int
    tf_count: int
    tf_files: tuple[TfFile, ...]
    headers: RunHeaders | None = None


class DetectorFact(Frozen):
    """What a message said of the detector's state; ``flag`` tells why that does not follow, or "".

    ``run`` is the run that the message was about.
    """

    at: datetime
    message: str
    run: str
    sender: str
    state: str
    substate: str
    flag: str


class Detector(Frozen):
    """The detector of a namespace, by what the messages about runs tell of it, newest first.

    ``since`` is when it came to its state, as far as ``facts`` reach back.
    """

    namespace: str
    state: str
    substate: str
    since: datetime | None
    facts: tuple[DetectorFact, ...]


class JournalEntry(Frozen):
    """One message that came in, with the columns of ePIC's monitor, and what became of it.

    ``source`` is the exchange, ``workflow`` the execution id that the message names, ``posted_by``
    whose token brought it where it came by REST. LATE is OK after its dataset had closed.
    """

    id: int
    timestamp: datetime
    namespace: str
    message_type: str
    sender_agent: str
    source: str
    workflow: str
    is_successful: bool
    run: str
    outcome: Literal["OK", "LATE", "ERROR"]
    details: str
    error: Json | None
    message_id: str
    correlation_id: str
    posted_by: str
    received_at: datetime
    body: str
