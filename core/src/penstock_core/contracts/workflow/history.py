"""Old data and new versions: backfills, reruns, and what a version in the shadow would take."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from penstock_core.contracts.base import Frozen

MOST_NEW = 10_000
"""The most workflows that one backfill makes."""

BackfillOutcome = Literal["NEW", "THERE", "CONFLICT", "NO_MATCH"]


class BackfillFilter(Frozen):
    """Which of the datasets that were decided on are looked at, oldest registration first.

    ``name`` is a glob; runs are inclusive, and a run is what the metadata or else the mask says;
    times are of registration, the end exclusive. With ``missing_only`` a dataset that another
    version of the template took counts as THERE. After ``limit`` new ones no more are looked at.
    """

    name: str = Field(default="", max_length=250)
    namespace: str = ""
    run_from: int | None = None
    run_until: int | None = None
    registered_from: AwareDatetime | None = None
    registered_until: AwareDatetime | None = None
    missing_only: bool = False
    limit: int = Field(default=1000, ge=1, le=MOST_NEW)


class BackfillRow(Frozen):
    """What becomes of one dataset.

    ``NEW``: a workflow is made. ``THERE``: the version has its ``workflow_id`` on it already.
    ``CONFLICT`` and ``NO_MATCH``: none can be made, and ``reason`` says why.
    """

    dataset_uid: str
    dataset: str
    namespace: str
    registered_at: datetime
    outcome: BackfillOutcome
    reason: str = ""
    workflow_id: int | None = None


class BackfillCounts(Frozen):
    """How many datasets of each outcome; ``more``: the limit was reached, others follow."""

    new: int = 0
    there: int = 0
    conflict: int = 0
    no_match: int = 0
    more: bool = False


class BackfillPreview(Frozen):
    """What a backfill would do now; nothing was done.

    ``rows`` are all new ones, and of each other outcome the first hundred. ``digest`` stands for
    the new ones: whoever confirms it gets exactly these.
    """

    template_id: int
    filter: BackfillFilter
    counts: BackfillCounts
    rows: tuple[BackfillRow, ...]
    digest: str


class BackfillRequest(Frozen):
    """A preview, confirmed."""

    filter: BackfillFilter = BackfillFilter()
    digest: str = Field(min_length=1, max_length=80)
    because: str = Field(default="", max_length=1000)


class Backfill(Frozen):
    """A confirmed backfill and how far it is: of ``counts.new`` rows so many are in each state."""

    backfill_id: int
    template_id: int
    filter: BackfillFilter
    counts: BackfillCounts
    because: str
    created_by: str
    created_at: datetime
    pending: int
    made: int
    conflict: int


class BackfillDone(Frozen):
    """One row of a confirmed backfill, in the order of its preview."""

    number: int
    dataset_uid: str
    dataset: str
    outcome: Literal["PENDING", "MADE", "CONFLICT"]
    reason: str
    workflow_id: int | None


class RerunRequest(Frozen):
    """A chain to make again, by the same version or by the one of its name that is ACTUAL.

    ``idempotency_key`` makes a repeat the same rerun.
    """

    version: Literal["same", "newest"] = "same"
    because: str = Field(default="", max_length=1000)
    idempotency_key: str = Field(default="", max_length=128)


class ShadowRow(Frozen):
    """One dataset as a version in the shadow and the ACTUAL one of its name see it.

    ``shadow``: ``NEW`` (it would have made a chain), ``CONFLICT`` (it could not) or ``NO_MATCH``.
    ``actual_id`` is the version that took it, with its workflow; null where none did.
    """

    dataset_uid: str
    dataset: str
    namespace: str
    registered_at: datetime
    shadow: Literal["NEW", "CONFLICT", "NO_MATCH"]
    reason: str
    actual_id: int | None
    workflow_id: int | None


class ShadowReport(Frozen):
    """What a version would have taken while it was in the shadow, against its ACTUAL one.

    Counts are of all datasets that were decided on in that time, ``rows`` are a page of them by
    the uid; ``next`` is the ``after`` of the following page.
    """

    template_id: int
    actual_id: int | None
    since: datetime
    both: int
    shadow_only: int
    actual_only: int
    tasks: tuple[str, ...]
    rows: tuple[ShadowRow, ...]
    next: str | None
