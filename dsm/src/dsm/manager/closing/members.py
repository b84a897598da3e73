"""Making successors and deltas: datasets of their own under one logical name."""

from typing import Any

from sqlalchemy import Row, insert, select, update

from dsm.manager import tables
from dsm.manager.closing.following import DELTA, SUCCESSOR, Member
from dsm.manager.closing.member_names import member_name
from dsm.manager.datasets import dataset_values, uid_of
from dsm.manager.work import REGISTERED, Work
from penstock_core.contracts.dsm import NewDataset
from penstock_core.states import DatasetKind

_D = tables.dataset.c


async def make_member(work: Work, first: Row[Any], member: Member, *, processing: bool) -> Row[Any]:
    """Return a new open dataset that follows ``first``, with its metadata.

    A name that somebody else gave a dataset already is passed over. ``processing`` says whether
    a chain may run on a delta; on a successor it always may.
    """
    series, number = member
    new = _new(first, series, number)
    while await _is_taken(work, new):
        number += 1
        new = _new(first, series, number)
    values = dataset_values(new, uid_of(new), await work.number(tables.dataset), work.at) | {
        "logical": first.logical,
        "series": series,
        "number": number,
        "first_id": first.id,
        "of_run": first.of_run,
        "processing": processing or series != DELTA,
    }
    await work.connection.execute(insert(tables.dataset), [values])
    here = _D.id == first.id
    await work.connection.execute(update(tables.dataset).where(here).values(newest_id=values["id"]))
    work.tell(REGISTERED, values["uid"])
    return (
        await work.connection.execute(select(tables.dataset).where(_D.id == values["id"]))
    ).one()


async def goes_on_in(work: Work, row: Row[Any]) -> Row[Any]:
    """Return the newest successor of a stream, or ``row`` where it has none."""
    newest = select(tables.dataset).where(_D.id == row.newest_id, _D.series == SUCCESSOR)
    return (await work.connection.execute(newest)).first() or row


def _new(first: Row[Any], series: str, number: int) -> NewDataset:
    return NewDataset(
        name=member_name(first.logical, series, number),
        namespace=first.namespace,
        scope=first.scope,
        kind=DatasetKind(first.kind),
        metadata=first._mapping["metadata"],
        producer=first.producer,
    )


async def _is_taken(work: Work, new: NewDataset) -> bool:
    query = select(_D.id).where(_D.uid == uid_of(new))
    return await work.connection.scalar(query) is not None
