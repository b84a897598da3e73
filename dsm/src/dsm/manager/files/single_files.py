"""Files registered one by one over REST, as SPD's programs do it."""

from collections.abc import Sequence

from dsm.manager.datasets import dataset_rows
from dsm.manager.files.registration import register
from dsm.manager.files.storages import storages_by_uid
from dsm.manager.files.units import Part, Unit
from dsm.manager.messages.spd_messages import ToldFile
from dsm.manager.messages.told_files import new_file
from dsm.manager.reading import file_of, no_dataset, rows_where, select_files
from dsm.manager.tables import file as file_table
from dsm.manager.work import Work
from penstock_core.contracts.dsm import File
from penstock_core.errors import PenstockError


class FileOfDataset(ToldFile):
    """A file with the dataset that it goes to."""

    datasetId: str  # noqa: N815 - SPD's word


async def register_files(
    work: Work, files: Sequence[FileOfDataset], producer: str
) -> tuple[File, ...]:
    """Return these files, registered and attached; raises, and does nothing, if one is wrong."""
    rows = await dataset_rows(work, [file.datasetId for file in files])
    storages = await storages_by_uid(work.connection, [file.storageId for file in files])
    parts = []
    for number, file in enumerate(files):
        if file.datasetId not in rows:
            raise no_dataset(file.datasetId, "datasetId")
        parts.append(Part(rows[file.datasetId], (new_file(number, file, storages),)))
    (answer,) = await register(work, [Unit(tuple(parts), producer)])
    if isinstance(answer, PenstockError):
        raise answer
    uids = [part.uids[0] for part in parts]
    found = rows_where(work.connection, select_files(), file_table.c.uid, uids)
    by_uid = {row.uid: file_of(row) async for row in found}
    return tuple(by_uid[uid] for uid in uids)
