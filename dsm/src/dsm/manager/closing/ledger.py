"""The closing ledger: by which rule, why, on what evidence and by whom something closed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import the_dataset
from dsm.manager.work import Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import LedgerRow


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry to write; its time is that of the transaction."""

    dataset_id: int
    rule: str
    because: str
    evidence: Json
    actor: str


async def write_ledger(work: Work, entries: Sequence[LedgerEntry]) -> None:
    """Write entries, in the transaction of what they are about."""
    if not entries:
        return
    rows = [
        {
            "dataset_id": entry.dataset_id,
            "at": work.at,
            "rule": entry.rule,
            "because": entry.because,
            "evidence": entry.evidence,
            "actor": entry.actor,
        }
        for entry in entries
    ]
    await insert_rows(work.connection, tables.ledger, rows)


async def read_ledger(connection: AsyncConnection, uid: str) -> tuple[LedgerRow, ...]:
    """Return the closing ledger of a dataset, oldest first; raises ``NotFound``."""
    await the_dataset(connection, uid)
    columns = tables.ledger.c
    query = (
        select(columns.at, columns.rule, columns.because, columns.evidence, columns.actor)
        .join(tables.dataset, tables.dataset.c.id == columns.dataset_id)
        .where(tables.dataset.c.uid == uid)
        .order_by(columns.id)
    )
    rows = await connection.execute(query)
    return tuple(LedgerRow(uid=uid, **row._mapping) for row in rows)
