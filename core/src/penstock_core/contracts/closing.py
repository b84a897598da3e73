"""Closing: rules for datasets as data, what is seen of an open one, and when it will close."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, field_serializer

from penstock_core.contracts.base import Frozen, Page
from penstock_core.states import DatasetKind, RunState

_CENTURY_S = 3_155_760_000
Seconds = Annotated[float, Field(ge=0, le=_CENTURY_S, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=2**62)]


class Policy(Frozen):
    """What a rule says of its datasets; what it leaves out is as the built-in rules have it.

    Attributes
    ----------
    max_latency_s
        How long what was announced and is missing is waited for, in seconds; and how long a
        run without ``end_run`` stays open once a later one has started, a delta after its last
        file.
    idle_timeout_s
        How long a run, or a stream without end, may be without a new file; None: for ever.
    max_files, max_bytes, max_age_s
        At what a stream without end closes, to go on in a successor; a run ignores them.
    files_per_part
        How many files lie in one part; the next ones go on in part ``.b2``, ``.b3``, …
    late
        What becomes of DAQ files that come after the closing: they are archived, or a chain
        runs on them too.
    incomplete
        Whether a dataset closes without what is missing, or waits for an operator.
    lifetime_s
        How long a closed dataset is kept, in seconds; None: for ever.
    """

    max_latency_s: Seconds = 300
    idle_timeout_s: Seconds | None = None
    max_files: Count | None = None
    max_bytes: Count | None = None
    max_age_s: Seconds | None = None
    files_per_part: Count = 100_000
    late: Literal["archive", "chain"] = "archive"
    incomplete: Literal["close", "wait"] = "close"
    lifetime_s: Seconds | None = None

    @property
    def has_limits(self) -> bool:
        """Return whether it ends streams that have no end of their own."""
        limits = (self.max_files, self.max_bytes, self.max_age_s, self.idle_timeout_s)
        return any(limit is not None for limit in limits)

    def over(self, base: "Policy") -> "Policy":
        """Return ``base`` with what this policy was given in its place."""
        return base.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


class NewRule(Frozen):
    """A rule for datasets: which it takes, and its policy.

    Masks see logical names. Of several rules that take a dataset the one with the highest
    priority applies, of equals the first by name.
    """

    masks: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    exclude: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    namespace: str = "*"
    kind: DatasetKind = DatasetKind.INPUT
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    policy: Policy = Policy()

    @field_serializer("policy")
    def _given(self, policy: Policy) -> dict[str, Any]:
        """Tell what the rule says, and not what is built in: that may change."""
        return policy.model_dump(mode="json", exclude_unset=True)


class Rule(NewRule):
    """A rule as it is kept; one that is built in was changed by nobody, and never."""

    name: str
    changed_at: datetime | None = None
    changed_by: str = ""


class ConsideredRule(Frozen):
    """A rule that was looked at for a dataset, and why it takes it or does not."""

    rule: str
    takes: bool
    reason: str


class AppliedRule(Frozen):
    """The rule that applies to a dataset, its policy in full, and the rules before it."""

    rule: str
    policy: Policy
    considered: tuple[ConsideredRule, ...] = ()


class RunSeen(Frozen):
    """A run as closing sees it: when it was last heard of.

    ``going`` are the streams that have not ended, where others have.
    """

    run: str
    state: RunState
    heard_at: datetime
    going: tuple[str, ...] = ()


class LaterRun(Frozen):
    """A run of the same namespace that started later, and since when that is known."""

    run: str
    heard_at: datetime


class Evidence(Frozen):
    """What is known about an open dataset when its closing is decided.

    Attributes
    ----------
    series
        "" for a dataset of its own, "s" for the successor of a stream, "d" for late files.
    counted
        Nobody told ``announced``: it was counted from what is known so far, and may grow while
        messages are under way.
    missing
        What is missing, the first of it, named as people do (``STF 57``); ``unnamed`` counts the
        others.
    runs, later
        The runs that fill it, and the first run that started after them.
    accepted_by
        Who accepted the loss of what is missing; "" for nobody.
    incomplete
        It is known already that not all is in it, or in what it was made of.
    listening_since
        Since when all that is sent is heard without a break; silence before that says nothing.
    quarantined, lost
        How many of its registered files must not be used.
    rule, policy
        The rule for datasets that applies, and what it says.
    """

    uid: str
    namespace: str
    name: str
    logical: str
    kind: DatasetKind
    series: Literal["", "s", "d"] = ""
    producer: str = ""
    revision: int
    registered: int
    size_bytes: int
    announced: int | None
    announced_by: str
    announced_at: datetime | None
    opened_at: datetime
    last_file_at: datetime | None
    counted: bool = False
    missing: tuple[str, ...] = ()
    unnamed: int = 0
    runs: tuple[RunSeen, ...] = ()
    later: LaterRun | None = None
    accepted_by: str = ""
    accepted_because: str = ""
    incomplete: bool = False
    quarantined: int = 0
    lost: int = 0
    listening_since: datetime | None = None
    rule: str
    policy: Policy


class ClosingPage(Page[Evidence]):
    """A page of what may close now; ``look_at`` is when the first of the others may."""

    look_at: datetime | None = None


class Deferral(Frozen):
    """Leave this dataset alone until ``until``, or until it is no more at ``revision``.

    None: only news of it close it.
    """

    uid: str
    revision: int
    until: datetime | None = None


class Forecast(Frozen):
    """When an open dataset will close, as things are; ``at`` is null where only news close it."""

    uid: str
    at: datetime | None
    text: str
    evidence: Evidence


class Part(Frozen):
    """A stretch of a logical dataset's files, by position; Rucio makes a dataset of each."""

    number: int
    name: str
    first_position: int
    files: int
    size_bytes: int
    closed_at: datetime | None
