"""The detector of a namespace: in one state at a time, by what messages about runs tell of it.

Its facts are stored with the runs'. Whether one follows from the one before is a matter of two
neighbours in the order of the DAQ's clock, so it is looked at when they are read.
"""

from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from penstock_core.clock import parse_time
from penstock_core.contracts.runs import Detector, DetectorFact
from penstock_core.states import detector_may_move, is_detector_state

_C, _R = tables.run_fact.c, tables.run.c


async def read_detector(connection: AsyncConnection, namespace: str, limit: int) -> Detector:
    """Return the state of a namespace's detector with its newest facts; "" while none is told."""
    query = (
        select(_C.at, _C.type.label("message"), _R.run, _C.sender, _C.state, _C.substate)
        .join(tables.run, _R.id == _C.run_id)
        .where(_C.namespace == namespace, _C.state != "")
        .order_by(_C.at.desc(), _C.tick.desc(), _C.type.desc(), _C.said.desc())
    )
    rows = (await connection.execute(query.limit(limit + 1))).all()
    facts = [_fact(row, before) for row, before in pairwise([*rows, None]) if row][:limit]
    return Detector(
        namespace=namespace,
        state=facts[0].state if facts else "",
        substate=facts[0].substate if facts else "",
        since=_since(rows),
        facts=tuple(facts),
    )


def _place(row: Row[Any]) -> str:
    return f"{row.state}/{row.substate}" if row.substate else str(row.state)


def _fact(row: Row[Any], before: Row[Any] | None) -> DetectorFact:
    flag = objection("" if before is None else _place(before), _place(row))
    return DetectorFact.model_validate(dict(row._mapping) | {"flag": flag})


def objection(before: str, after: str) -> str:
    """Return why the detector does not go from ``before`` ("" if not known) to ``after``, or ""."""
    if not is_detector_state(after):
        return f"{after} is no state of the detector"
    if not before or not is_detector_state(before) or detector_may_move(before, after):
        return ""
    return f"from {before} the detector does not go to {after}"


def _since(rows: Sequence[Row[Any]]) -> Any:
    """Return when the stretch began that is in the state of the newest row."""
    stretch = list(takewhile(lambda row: _place(row) == _place(rows[0]), rows))
    return parse_time(stretch[-1].at) if stretch else None
