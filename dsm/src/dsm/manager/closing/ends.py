"""The end of a dataset: announced by its producer, decided elsewhere, done and recorded here."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, update

from dsm.manager import tables
from dsm.manager.closing.following import DELTA
from dsm.manager.closing.ledger import LedgerEntry, write_ledger
from dsm.manager.closing.rule_rows import read_rulebook
from dsm.manager.closing.rulebook import Candidate
from dsm.manager.datasets import change_dataset, dataset_rows
from dsm.manager.files.registration import not_open
from dsm.manager.reading import no_dataset, the_dataset
from dsm.manager.work import CLOSED, Work
from penstock_core.contracts.dsm import (
    Announcement,
    CloseRequest,
    CloseResult,
    Dataset,
    Outcome,
)
from penstock_core.errors import Conflict, PenstockError
from penstock_core.states import DatasetState


async def announce(work: Work, ends: Sequence[Announcement]) -> tuple[Outcome, ...]:
    """Store the ends that producers told, each by itself; return what became of each."""
    rows = await dataset_rows(work, [end.uid for end in ends])
    outcomes = []
    for end in ends:
        try:
            details = await _announce_one(work, rows.get(end.uid), end)
            outcomes.append(Outcome(key=end.uid, ok=True, details=details))
        except PenstockError as error:
            refused = Outcome(key=end.uid, ok=False, details=str(error), error=error.as_json())
            outcomes.append(refused)
    return tuple(outcomes)


async def _announce_one(work: Work, row: Row[Any] | None, end: Announcement) -> str:
    if row is None:
        raise no_dataset(end.uid)
    accepted = (end.actor or end.producer, end.because) if end.accepted_loss else ("", "")
    return await announce_end(
        work, row, end.files, end.producer, accepted=accepted, incomplete=end.incomplete
    )


async def announce_end(
    work: Work,
    row: Row[Any],
    files: int,
    producer: str,
    *,
    counted: bool = False,
    accepted: tuple[str, str] = ("", ""),
    incomplete: bool = False,
) -> str:
    """Store that ``producer`` made ``files`` files in this dataset, and makes no more.

    A new count replaces an older one while the dataset is open. ``counted`` marks one that nobody
    told, and that may still grow; ``accepted`` tells who accepted the loss of what is missing,
    and why; ``incomplete``, that it was made of incomplete input. Returns what to answer.

    Raises
    ------
    Conflict
        the dataset has closed on another count, or is deleted.
    """
    if row.announced != files and row.state != DatasetState.OPEN:
        raise not_open(row)
    end = {
        "announced": files,
        "announced_by": producer,
        "counted": counted,
        "accepted_by": accepted[0],
        "accepted_because": accepted[1],
        "incomplete": row.incomplete or incomplete,
    }
    is_new = any(row._mapping[name] != value for name, value in end.items())
    if is_new and row.state == DatasetState.OPEN:
        await change_dataset(
            work,
            row,
            **end,
            announced_at=work.at,
            producer=row.producer or producer,
            revision=tables.dataset.c.revision + 1,
        )
    return f"The end of dataset {row.name} is announced, at {files} files; datasetId = {row.uid}"


async def close_datasets(
    work: Work, requests: Sequence[CloseRequest], actor: str
) -> tuple[CloseResult, ...]:
    """Close those that still are at the revision looked at; raises ``NotFound`` for one unknown."""
    rows = await dataset_rows(work, [request.uid for request in requests])
    results = []
    done: set[str] = set()
    for request in requests:
        row = rows.get(request.uid)
        if row is None:
            raise no_dataset(request.uid)
        outcome = "already" if request.uid in done else _may_close(row, request)
        if outcome == "closed":
            done.add(request.uid)
            await _close(work, row, request, actor)
        result = {"uid": row.uid, "outcome": outcome, "revision": row.revision}
        results.append(CloseResult.model_validate(result))
    return tuple(results)


def _may_close(row: Row[Any], request: CloseRequest) -> str:
    if row.state != DatasetState.OPEN:
        return "already"
    return "closed" if row.revision == request.revision else "stale"


async def _close(work: Work, row: Row[Any], request: CloseRequest, actor: str) -> None:
    """Close a dataset, write it into the ledger, and tell it: one transaction."""
    await work.connection.execute(
        update(tables.dataset)
        .where(tables.dataset.c.id == row.id)
        .values(
            state=DatasetState.CLOSED,
            closed_at=work.at,
            review_at=work.at,
            closed_because=request.because,
            closed_by=actor,
            closed_rule=request.rule,
            incomplete=row.incomplete or request.incomplete or _lacks_files(row),
        )
    )
    entry = LedgerEntry(row.id, request.rule, request.because, request.evidence, actor)
    await write_ledger(work, [entry])
    work.tell(CLOSED, row.uid)


def _lacks_files(row: Row[Any]) -> bool:
    return row.announced is not None and row.files < row.announced


async def force_close(work: Work, uid: str, because: str, actor: str) -> Dataset:
    """Close a dataset on somebody's word; one that is closed already stays as it is.

    Where nobody announced its end it is incomplete, unless it is a stream that has none.
    """
    row = (await dataset_rows(work, [uid])).get(uid)
    if row is None:
        raise no_dataset(uid)
    if row.state == DatasetState.DELETED:
        raise Conflict(
            f"The dataset {row.name!r} is deleted.",
            hint="A deleted dataset takes no files and needs no closing.",
            facts={"uid": uid},
        )
    applied = (await read_rulebook(work.connection)).applied(Candidate.of(row))
    no_end = row.series == DELTA or (applied.policy.has_limits and not row.of_run)
    request = CloseRequest(
        uid=uid,
        revision=row.revision,
        rule="forced",
        because=because,
        evidence={"registered": row.files, "announced": row.announced, "rule": applied.rule},
        incomplete=row.announced is None and not no_end,
    )
    await close_datasets(work, [request], actor)
    return await the_dataset(work.connection, uid)
