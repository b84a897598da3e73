"""What SPD's messages on ``dsm.register`` do."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from dsm.manager.closing.ends import announce_end
from dsm.manager.closing.members import goes_on_in
from dsm.manager.datasets import dataset_rows, ensure_datasets, kind_differs, merge_metadata, uid_of
from dsm.manager.inspection.deletion import Asked, delete_dataset
from dsm.manager.messages.spd_messages import (
    DatasetClose,
    DatasetDelete,
    DatasetInput,
    DatasetUpload,
    FileInput,
    FileProcess,
)
from dsm.manager.messages.telling import Answer, Done, Letter, answer_each
from dsm.manager.messages.told_files import register_told
from dsm.manager.reading import no_dataset
from dsm.manager.work import Work
from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import NewDataset
from penstock_core.errors import Conflict, PenstockError
from penstock_core.states import DatasetState


async def take_inputs(
    work: Work, letters: Sequence[Letter[FileInput] | Letter[DatasetInput]]
) -> list[Answer]:
    """Open input datasets and register their files; announce the ends of those told closed."""
    wanted = [_new_dataset(letter) for letter in letters]
    rows = await ensure_datasets(work, wanted)
    ours = [rows[uid_of(new)] for new in wanted]
    await _merge_metadata(work, wanted, ours)
    answers = await register_told(work, letters, ours)
    for n, (letter, new, row) in enumerate(zip(letters, wanted, ours, strict=True)):
        answers[n] = kind_differs(new, row) or answers[n]
        if isinstance(letter.body, DatasetInput) and letter.body.closed:
            answers[n] = await _announce(work, row, letter, answers[n])
    return answers


def _new_dataset(letter: Letter[FileInput] | Letter[DatasetInput]) -> NewDataset:
    body = letter.body
    given = body.metadata if isinstance(body, DatasetInput) else {}
    return NewDataset(
        name=body.datasetName,
        namespace=letter.namespace,
        scope=body.scope,
        metadata=body.extras | given,
        producer=letter.message.sender,
    )


async def _merge_metadata(
    work: Work, wanted: Sequence[NewDataset], rows: Sequence[Row[Any]]
) -> None:
    told: dict[str, Json] = {}
    for new, row in zip(wanted, rows, strict=True):
        told[row.uid] = new.metadata | told.get(row.uid, {})
    for row in {row.uid: row for row in rows}.values():
        await merge_metadata(work, row, told[row.uid])


async def _announce(work: Work, row: Row[Any], letter: Letter[Any], answer: Answer) -> Answer:
    if isinstance(answer, PenstockError):
        return answer
    try:
        details = await announce_end(work, row, len(letter.body.files), letter.message.sender)
    except PenstockError as error:
        return error
    return Done(details)


async def take_processed(work: Work, letters: Sequence[Letter[FileProcess]]) -> list[Answer]:
    """Register files that processing made, in datasets that are there."""
    rows = await dataset_rows(work, [letter.body.datasetId for letter in letters])
    known = [letter for letter in letters if letter.body.datasetId in rows]
    ours = [rows[letter.body.datasetId] for letter in known]
    answers = iter(await register_told(work, known, ours))
    return [
        next(answers) if uid in rows else no_dataset(uid, "datasetId")
        for uid in (letter.body.datasetId for letter in letters)
    ]


async def announce_closes(work: Work, letters: Sequence[Letter[DatasetClose]]) -> list[Answer]:
    """Announce the ends of datasets, at the count given or at what is registered."""

    async def one(letter: Letter[DatasetClose]) -> Done:
        row = await _row(work, letter.body.datasetId)
        files = letter.body.files
        if files is None:
            row = await goes_on_in(work, row)
        if files is None and row.state != DatasetState.OPEN:
            return Done(f"The dataset {row.name} is {row.state} already; datasetId = {row.uid}")
        count = row.files if files is None else files
        return Done(await announce_end(work, row, count, letter.message.sender))

    return await answer_each(letters, one)


async def refuse_uploads(work: Work, letters: Sequence[Letter[DatasetUpload]]) -> list[Answer]:
    """Say that there is no external storage to upload to."""

    async def one(letter: Letter[DatasetUpload]) -> Done:
        row = await _row(work, letter.body.datasetId)
        raise Conflict(
            f"The dataset {row.name!r} cannot be uploaded: no external storage is configured.",
            hint="Its files stay where they are; GET /api/v1/storage lists the storages.",
            field="storageId",
            facts={"uid": row.uid},
        )

    return await answer_each(letters, one)


async def delete_datasets(work: Work, letters: Sequence[Letter[DatasetDelete]]) -> list[Answer]:
    """Mark datasets as deleted."""

    async def one(letter: Letter[DatasetDelete]) -> Done:
        row = await _row(work, letter.body.datasetId)
        asked = Asked("deleted", "dataset.delete asked for it", letter.message.sender)
        await delete_dataset(work, row, asked)
        return Done(f"The dataset {row.name} is deleted; datasetId = {row.uid}")

    return await answer_each(letters, one)


async def _row(work: Work, uid: str) -> Row[Any]:
    rows = await dataset_rows(work, [uid])
    if uid not in rows:
        raise no_dataset(uid, "datasetId")
    return rows[uid]
