"""The datasets that a backfill looks at, of those that were ever decided on.

What no mask can fit is told apart by the database, which only counts it: a template that takes one
dataset in a thousand costs as much as that one.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.assessing import Assessed
from data_access.content import Content, selector_of
from data_access.generated import registration
from data_access.schema import examined
from penstock_core.contracts.workflow import BackfillFilter, DatasetRef
from penstock_core.masks import Mask
from penstock_core.masks.glob import Atom
from penstock_core.masks.selector import ANY_NAMESPACE
from penstock_core.name_glob import LONGEST, name_matches
from penstock_core.states import DatasetKind

PAGE = 500
_E = examined.c
_BOTH = (DatasetKind.INPUT, DatasetKind.OUTPUT)
Place = tuple[str, str]
"""Where a dataset stands in the order of registration: its time, its uid."""


class Candidates:
    """Datasets by a filter, oldest registration first, divided by whether a mask may fit."""

    def __init__(
        self, connection: AsyncConnection, content: Content, chosen: BackfillFilter
    ) -> None:
        self.reached: Place | None = None
        self._connection = connection
        self._chosen = chosen
        self._kinds = _BOTH if content.takes_outputs else (DatasetKind.INPUT,)
        self._fits = _may_fit(connection, content)

    async def fitting(self) -> AsyncIterator[list[DatasetRef]]:
        """Give by pages those that a mask may fit, also where only the mask can tell the run."""
        runs = [or_(_E.run.is_(None), each) for each in _of_runs(self._chosen)]
        query = self._picked().where(self._fits, *runs)
        while True:
            page = query if self.reached is None else query.where(_after(self.reached))
            ordered = page.order_by(_E.registered_at, _E.dataset_uid).limit(PAGE)
            rows = (await self._connection.execute(ordered)).all()
            if rows:
                self.reached = (rows[-1].registered_at, rows[-1].dataset_uid)
            yield [DatasetRef.model_validate(row.dataset) for row in rows]
            if len(rows) < PAGE:
                return

    async def others(self, until: Place | None, limit: int) -> tuple[int, list[DatasetRef]]:
        """Return how many no mask can fit, up to a place, and the first of them."""
        query = self._picked().where(not_(self._fits), *_of_runs(self._chosen))
        if until is not None:
            query = query.where(not_(_after(until)))
        counted = query.with_only_columns(func.count())
        count = (await self._connection.execute(counted)).scalar_one()
        ordered = query.order_by(_E.registered_at, _E.dataset_uid).limit(limit)
        rows = await self._connection.execute(ordered)
        return count, [DatasetRef.model_validate(row.dataset) for row in rows]

    def _picked(self) -> Select[Any]:
        chosen = self._chosen
        query = select(_E.dataset_uid, _E.registered_at, _E.dataset)
        query = query.where(_E.kind.in_(self._kinds))
        if chosen.name:
            query = query.where(name_matches(self._connection, _E.name, chosen.name))
        if chosen.namespace:
            query = query.where(_E.namespace == chosen.namespace)
        if chosen.registered_from:
            query = query.where(_E.registered_at >= registration(chosen.registered_from))
        if chosen.registered_until:
            query = query.where(_E.registered_at < registration(chosen.registered_until))
        return query


def place(ref: DatasetRef) -> Place:
    """Return where a dataset stands in the order of registration."""
    return registration(ref.registered_at), ref.uid


def _after(reached: Place) -> ColumnElement[bool]:
    return tuple_(_E.registered_at, _E.dataset_uid) > tuple_(*map(literal, reached))


def _of_runs(chosen: BackfillFilter) -> Sequence[ColumnElement[bool]]:
    """Return the condition that the metadata name a run of the range; none where there is none."""
    wanted = []
    if chosen.run_from is not None:
        wanted.append(_E.run >= chosen.run_from)
    if chosen.run_until is not None:
        wanted.append(_E.run <= chosen.run_until)
    return [and_(*wanted)] if wanted else []


def of_runs(chosen: BackfillFilter) -> Callable[[Assessed], bool]:
    """Return whether a dataset is of a run in the range; one of no run is of none."""
    lowest, highest = chosen.run_from, chosen.run_until

    def is_picked(each: Assessed) -> bool:
        if lowest is None and highest is None:
            return True
        run = str(each.ref.metadata.get("run", (each.captures or {}).get("run", "")))
        if not run.isdecimal():
            return False
        return (lowest or 0) <= int(run) and (highest is None or int(run) <= highest)

    return is_picked


def _may_fit(connection: AsyncConnection, content: Content) -> ColumnElement[bool]:
    """Return a condition of the database that holds for each dataset that a mask fits."""
    masks = selector_of(content).masks
    fits = or_(*(name_matches(connection, _E.name, _glob(mask)) for mask in masks))
    if content.namespace == ANY_NAMESPACE:
        return fits
    return and_(fits, _E.namespace == content.namespace)


def _glob(mask: Mask) -> str:
    """Return a glob that fits all that the mask does, and perhaps more."""
    if len(mask.atoms) > LONGEST:
        return "*"
    return "".join(_sign(atom) for atom in mask.atoms)


def _sign(atom: Atom) -> str:
    if atom.many:
        return "*"
    return next(iter(atom.chars)) if len(atom.chars) == 1 else "?"
