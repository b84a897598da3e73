"""Files as SPD tells them, made ready and registered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from dsm.manager.files.registration import register
from dsm.manager.files.storages import StorageRow, find_storage, storages_by_uid
from dsm.manager.files.units import NewFile, Part, Unit
from dsm.manager.messages.spd_messages import ToldFile
from dsm.manager.messages.telling import Answer, Done, Letter
from dsm.manager.naming import path_within
from dsm.manager.work import Work
from penstock_core.errors import PenstockError

Storages = Mapping[str, StorageRow]


async def register_told(
    work: Work, letters: Sequence[Letter[Any]], rows: Sequence[Row[Any]]
) -> list[Answer]:
    """Register the files of each letter in the dataset of its row."""
    named = [file.storageId for letter in letters for file in letter.body.files]
    storages = await storages_by_uid(work.connection, named)
    planned: list[Unit | PenstockError] = []
    for letter, row in zip(letters, rows, strict=True):
        try:
            files = _new_files(letter.body.files, storages)
            planned.append(Unit((Part(row, files),), producer=letter.message.sender))
        except PenstockError as error:
            planned.append(error)
    results = iter(await register(work, [unit for unit in planned if isinstance(unit, Unit)]))
    answers: list[Answer] = []
    for plan, row in zip(planned, rows, strict=True):
        result = plan if isinstance(plan, PenstockError) else next(results)
        if not isinstance(result, PenstockError):
            into = result.into[0] if result.into else row
            text = f"{result.files} files registered in dataset {into.name}; datasetId = {into.uid}"
            answers.append(Done(text, late=result.late > 0))
        else:
            answers.append(result)
    return answers


def _new_files(files: Iterable[ToldFile], storages: Storages) -> tuple[NewFile, ...]:
    return tuple(new_file(n, file, storages) for n, file in enumerate(files))


def new_file(number: int, file: ToldFile, storages: Storages) -> NewFile:
    """Return a file as the catalog wants it; ``number`` is its place in the message, for errors.

    Raises
    ------
    NotFound
        its storage is not known.
    InvalidInput
        its path lies outside of the storage.
    """
    field = "storageId"
    try:
        storage = find_storage(storages, file.storageId)
        field = "path"
        path = path_within(storage.base, file.path)
    except PenstockError as error:
        error.field = f"files.{number}.{field}"
        raise
    return NewFile(
        name=file.name,
        storage_id=storage.id,
        path=path,
        size_bytes=file.size,
        checksum=file.checksum,
        basename=file.name,
        index=file.sequence,
        metadata=dict(file.model_extra or {}),
    )
