"""Templates: what is given, what is stored, and the catalogue that datasets meet."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from penstock_core.contracts.base import Frozen, Json
from penstock_core.states import TemplateStatus


class CatchUp(StrEnum):
    """What becomes of data that came while nobody decided.

    All of it is taken in its order; or the newest first, and after live data; or none of it, with
    a record, for a backfill to take.
    """

    ALL = "all"
    NEWEST_FIRST = "newest_first"
    SKIP = "skip"


CATCH_UP_AFTER_S = 3600.0
"""How long a dataset waits for its decision before it counts as backlog, in seconds."""


class ValueRange(Frozen):
    """A value for the runs ``from`` … ``to``, both included; a side that is left out is open."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    first: int | None = Field(default=None, alias="from")
    last: int | None = Field(default=None, alias="to")
    value: Any


ValueRanges = dict[str, tuple[ValueRange, ...]]
"""Values by run range, for each workflow input that has such."""


class NewTemplate(Frozen):
    """A template version to make.

    SPD's form is ``name, inner_dataset_mask, description`` (CWL as JSON or text) and ``status``.
    The full form gives ``masks`` and ``documents`` with ``main`` instead, the workflow input that
    takes the dataset (``input``), and ``values`` for the other inputs; ``value_ranges`` give
    inputs a value by the dataset's run, before ``values`` do. ``takes_outputs`` lets the masks fit
    what other templates make, too. ``catch_up`` says what becomes of a dataset that waited longer
    than ``catch_up_after_s`` for its decision.
    """

    name: str = Field(min_length=1, max_length=128)
    inner_dataset_mask: str = ""
    description: Json | str = ""
    status: TemplateStatus = TemplateStatus.ACTUAL
    masks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    namespace: str = "*"
    documents: dict[str, str] = {}
    main: str = ""
    input: str = ""
    values: Json = {}
    value_ranges: ValueRanges = {}
    takes_outputs: bool = False
    catch_up: CatchUp = CatchUp.ALL
    catch_up_after_s: float = Field(default=CATCH_UP_AFTER_S, ge=0)
    effective_from: datetime | None = None


class TemplateChange(Frozen):
    """A change: of ``status`` alone keeps the id; of content makes a new version with a new id."""

    name: str | None = None
    inner_dataset_mask: str | None = None
    description: Json | str | None = None
    status: TemplateStatus | None = None
    masks: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    where: tuple[str, ...] | None = None
    namespace: str | None = None
    documents: dict[str, str] | None = None
    main: str | None = None
    input: str | None = None
    values: Json | None = None
    value_ranges: ValueRanges | None = None
    takes_outputs: bool | None = None
    catch_up: CatchUp | None = None
    catch_up_after_s: float | None = Field(default=None, ge=0)
    effective_from: datetime | None = None


class SpdTemplate(Frozen):
    """SPD's template row."""

    template_id: int
    name: str
    inner_dataset_mask: str
    description: Any
    status: TemplateStatus


class Template(SpdTemplate):
    """A template version with all that Penstock knows about it. It is immutable but its status."""

    version: int
    masks: tuple[str, ...]
    exclude: tuple[str, ...]
    where: tuple[str, ...]
    namespace: str
    input: str
    values: Json
    value_ranges: ValueRanges = {}
    takes_outputs: bool = False
    catch_up: CatchUp = CatchUp.ALL
    catch_up_after_s: float = CATCH_UP_AFTER_S
    recipe_digest: str
    effective_from: datetime | None
    created_at: datetime
    created_by: str
    warnings: tuple[str, ...] = ()


class CatalogueEntry(Frozen):
    """What matching and planning need of a template version, for one time it was in force.

    It takes datasets registered at ``effective_from`` or later, and before ``effective_until``
    (null: it still is in force). ``status`` is what it was then: ACTUAL or SHADOW.
    """

    template_id: int
    name: str
    version: int
    status: TemplateStatus
    masks: tuple[str, ...]
    exclude: tuple[str, ...]
    where: tuple[str, ...]
    namespace: str
    effective_from: datetime
    effective_until: datetime | None = None
    recipe_digest: str
    values: Json = {}
    value_ranges: ValueRanges = {}
    takes_outputs: bool = False
    catch_up: CatchUp = CatchUp.ALL
    catch_up_after_s: float = CATCH_UP_AFTER_S


class Catalogue(Frozen):
    """All that datasets are matched against; ``revision`` grows with each change of it.

    A version that was replaced is in it, too, for datasets that were registered before and are
    decided on only now.
    """

    revision: int
    templates: tuple[CatalogueEntry, ...]
