"""The storage manager's part of an audit: laws of its own store, a page of datasets at a time."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import datasets_by_uid, rows_where
from dsm.manager.work import CHANGED, Work
from penstock_core.among import among
from penstock_core.contracts.audit import (
    AuditedDataset,
    AuditedTask,
    DatasetsAudited,
    Law,
    Violation,
)
from penstock_core.states import DatasetState, TaskStatus

_D = tables.dataset.c
_COMPLETE = frozenset({"count", "empty"})
"""The rules that close a dataset as one that has all that was announced."""


async def audit_datasets(connection: AsyncConnection, after: int, limit: int) -> DatasetsAudited:
    """Return what is wrong with a page of datasets, and the page itself."""
    query = select(tables.dataset).where(_D.id > after).order_by(_D.id).limit(limit)
    rows = (await connection.execute(query)).all()
    numbers = [row.id for row in rows]
    attached = await _attached(connection, numbers)
    recorded = await _recorded(connection, numbers)
    unregistered = await _unregistered(connection, numbers)
    found = [
        violation
        for row in rows
        for violation in _laws(
            row, attached.get(row.id, 0), row.id in recorded, unregistered.get(row.id, 0)
        )
    ]
    return DatasetsAudited(
        violations=tuple(found),
        datasets=tuple(
            AuditedDataset(**{name: row._mapping[name] for name in AuditedDataset.model_fields})
            for row in rows
        ),
        next=rows[-1].id if len(rows) == limit else None,
        newest=await connection.scalar(select(func.max(_D.id))) or 0,
    )


def _laws(row: Row[Any], attached: int, recorded: bool, unregistered: int) -> Iterator[Violation]:
    """Yield what does not hold for one dataset."""
    if row.files != attached:
        text = f"{row.name} counts {row.files} files and has {attached}"
        yield _violation(Law.COUNTED, row, text, files=row.files, attached=attached)
    if row.state == DatasetState.CLOSED and not recorded:
        yield _violation(Law.LEDGER, row, f"{row.name} is closed, and the ledger does not say why")
    complete = row.closed_rule in _COMPLETE and not row.incomplete
    if complete and row.announced is not None and row.files < row.announced:
        text = f"{row.name} closed as complete with {row.files} of {row.announced} announced files"
        yield _violation(Law.ANNOUNCED, row, text, files=row.files, announced=row.announced)
    elif complete and unregistered:
        text = f"{row.name} closed as complete; {unregistered} announced STFs never came"
        yield _violation(Law.ANNOUNCED, row, text, unregistered=unregistered)


async def audit_outputs(
    connection: AsyncConnection, tasks: Sequence[AuditedTask]
) -> tuple[Violation, ...]:
    """Return which finished tasks made another number of files than their closed output holds."""
    by_uid = {t.output_uid: t for t in tasks if t.status is TaskStatus.FINISHED and t.output_uid}
    found = []
    async for row in rows_where(connection, select(tables.dataset), _D.uid, by_uid):
        task = by_uid[row.uid]
        if row.state == DatasetState.CLOSED and row.files != task.output_files:
            text = f"{task.name} made {task.output_files} files, and {row.name} holds {row.files}"
            found.append(_violation(Law.OUTPUTS, row, text, task=task.name, made=task.output_files))
    return tuple(found)


async def tell_again(work: Work, uids: Iterable[str]) -> None:
    """Tell of datasets once more, as they are; unknown ones are passed over."""
    for uid in await datasets_by_uid(work.connection, list(uids)):
        work.tell(CHANGED, uid)


async def _attached(connection: AsyncConnection, datasets: Sequence[int]) -> dict[int, int]:
    a = tables.attachment.c
    query = select(a.dataset_id, func.count()).where(among(a.dataset_id, datasets))
    return dict((await connection.execute(query.group_by(a.dataset_id))).tuples().all())


async def _recorded(connection: AsyncConnection, datasets: Sequence[int]) -> set[int]:
    c = tables.ledger.c
    query = select(c.dataset_id).where(among(c.dataset_id, datasets)).distinct()
    return set((await connection.execute(query)).scalars())


async def _unregistered(connection: AsyncConnection, datasets: Sequence[int]) -> dict[int, int]:
    """Return how many announced STFs of these datasets' runs are not registered."""
    r, s = tables.run.c, tables.stf.c
    query = (
        select(r.dataset_id, func.count())
        .join(tables.stf, s.run_id == r.id)
        .where(among(r.dataset_id, datasets), s.announced, ~s.registered)
        .group_by(r.dataset_id)
    )
    return dict((await connection.execute(query)).tuples().all())


def _violation(law: Law, row: Row[Any], text: str, **evidence: Any) -> Violation:
    about = {"uid": row.uid, "state": row.state, "revision": row.revision}
    return Violation(
        law=law, namespace=row.namespace, subject=row.name, text=text, evidence=about | evidence
    )
