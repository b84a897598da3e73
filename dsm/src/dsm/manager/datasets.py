"""Making datasets, finding them, and telling that they changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, select, update

from dsm.manager import tables
from dsm.manager.naming import check_dataset_name, check_json, check_word, make_uid
from dsm.manager.reading import rows_where
from dsm.manager.work import CHANGED, REGISTERED, Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import NewDataset
from penstock_core.errors import Duplicate, PenstockError
from penstock_core.states import DatasetKind, DatasetState


def uid_of(new: NewDataset) -> str:
    """Return the uid of the dataset with the natural key of ``new``."""
    return make_uid("dataset", new.namespace, new.scope, new.name)


def check_new(new: NewDataset) -> None:
    """Raise ``InvalidInput`` unless a dataset may be called so and hold such metadata."""
    check_dataset_name(new.name, made_by_us=new.kind is not DatasetKind.INPUT)
    check_word(new.namespace)
    check_word(new.scope)
    check_json(new.metadata)
    check_json(new.producer)


async def dataset_rows(work: Work, uids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return the rows of those of these datasets that there are."""
    query = select(tables.dataset)
    rows = rows_where(work.connection, query, tables.dataset.c.uid, uids)
    return {row.uid: row async for row in rows}


async def ensure_datasets(work: Work, wanted: Sequence[NewDataset]) -> dict[str, Row[Any]]:
    """Return the rows of these datasets by uid, made where they were not there."""
    by_uid = {uid_of(new): new for new in reversed(wanted)}
    by_uid = dict(reversed(by_uid.items()))
    found = await dataset_rows(work, by_uid)
    missing = {uid: new for uid, new in by_uid.items() if uid not in found}
    if not missing:
        return found
    first = await work.number(tables.dataset)
    rows = [
        dataset_values(new, uid, first + n, work.at) for n, (uid, new) in enumerate(missing.items())
    ]
    await insert_rows(work.connection, tables.dataset, rows)
    for uid in missing:
        work.tell(REGISTERED, uid)
    return found | await dataset_rows(work, missing)


def kind_differs(new: NewDataset, row: Row[Any]) -> PenstockError | None:
    """Return the error for a dataset that is there already as another kind."""
    if row.kind == new.kind:
        return None
    return Duplicate(
        f"The dataset {new.name!r} is there already, of kind {row.kind}, not {new.kind}.",
        hint="Give another name or scope.",
        field="kind",
        facts={"uid": row.uid},
    )


async def merge_metadata(work: Work, row: Row[Any], more: Json) -> None:
    """Add ``more`` to a dataset's metadata; what it says already stays as it is."""
    merged = more | row._mapping["metadata"]
    if merged == row._mapping["metadata"]:
        return
    await change_dataset(work, row, metadata=merged)


async def change_dataset(work: Work, row: Row[Any], **values: Any) -> None:
    """Store new values of a dataset, tell that it changed, and have its closing looked at."""
    change = update(tables.dataset).where(tables.dataset.c.id == row.id)
    await work.connection.execute(change.values(look_at="", **values))
    work.tell(CHANGED, row.uid)


def dataset_values(new: NewDataset, uid: str, number: int, at: str) -> Json:
    """Return the row of a new open dataset; ``number`` is its ``id``."""
    return {
        "id": number,
        "uid": uid,
        "namespace": new.namespace,
        "scope": new.scope,
        "name": new.name,
        "kind": new.kind,
        "state": DatasetState.OPEN,
        "metadata": new.metadata,
        "producer": new.producer,
        "files": 0,
        "size_bytes": 0,
        "announced_by": "",
        "counted": False,
        "incomplete": False,
        "revision": 0,
        "opened_at": at,
        "closed_because": "",
        "closed_by": "",
        "closed_rule": "",
        "accepted_by": "",
        "accepted_because": "",
        "logical": new.name,
        "series": "",
        "number": 0,
        "processing": True,
        "of_run": False,
    }
