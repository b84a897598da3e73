"""The input files of one job, out of what was read of the contents."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.contracts.dsm import ContentFile
from penstock_core.errors import RetriableError
from penstock_core.store import Store
from pilot.beside import accompanied, names_beside, own_name, primary
from pilot.contents import of_link, uids_of
from pilot.forming import inputs_of
from pilot.groups import place_of
from pilot.model import Claim, InputFile, Inputs, UnusableInput
from pilot.tables import dataset, file
from recipe.model import Link, Step, Trigger


class InputsNotRead(RetriableError):
    """The contents of an input dataset are read anew: soon they are there."""


class InputFiles:
    """Looks up what a job takes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_job(self, claim: Claim, step: Step) -> Inputs:
        """Return a job's inputs.

        Raises
        ------
        InputsNotRead
            the contents of a dataset are not known yet.
        UnusableInput
            what the job was to read is in quarantine or lost.
        """
        async with self._store.read() as connection:
            uids = await uids_of(connection, claim.task_id)
            files = {link: await _files(connection, link, uids, claim, step) for link in step.links}
        return inputs_of(step.links, lambda link: files[link])


async def _files(
    connection: AsyncConnection, link: Link, uids: Mapping[str, str], claim: Claim, step: Step
) -> Iterable[InputFile]:
    uid = uids[link.step]
    taken = of_link(uid, link)
    if link.take == "each":
        taken = taken & (file.c.index == claim.index)
    elif claim.stretch:
        taken = taken & place_of(step).between(claim.stretch.first, claim.stretch.last)
    bodies = list(await connection.scalars(select(file.c.body).where(taken, file.c.usable)))
    if not bodies and (link.take == "each" or link.step == ""):
        await _refuse_unusable(connection, taken)
    if not (await _is_read(connection, uid, claim, step) if link.take == "all" else bodies):
        raise InputsNotRead(f"The contents of dataset {uid} are not read yet.")
    files = [InputFile.model_validate(body) for body in bodies]
    return await _with_beside(connection, uid, link, files) if link.beside else files


async def _with_beside(
    connection: AsyncConnection, uid: str, link: Link, files: Sequence[InputFile]
) -> list[InputFile]:
    """Return the files that go with none, each with those that go with it."""
    names = primary({own_name(one) for one in files}, link.beside)
    others: Sequence[ContentFile] = files
    files = [one for one in files if own_name(one) in names]
    if link.take == "each":
        wanted = [name for one in files for name in names_beside(link.beside, own_name(one))]
        here = (file.c.dataset_uid == uid, file.c.own_name.in_(wanted), file.c.usable)
        found = await connection.scalars(select(file.c.body).where(*here))
        others = [ContentFile.model_validate(body) for body in found]
    return [accompanied(one, link.beside, others) for one in files]


async def _is_read(connection: AsyncConnection, uid: str, claim: Claim, step: Step) -> bool:
    """Return whether all files that a job gathers of a dataset have been read of."""
    row = (await connection.execute(select(dataset).where(dataset.c.uid == uid))).one()
    if claim.stretch and step.trigger is Trigger.OPEN:
        return bool(row.cursor >= claim.stretch.last)
    return bool(row.closed)


async def _refuse_unusable(connection: AsyncConnection, taken: ColumnElement[bool]) -> None:
    """Raise ``UnusableInput`` if there were files, none of which may be used now."""
    body = await connection.scalar(select(file.c.body).where(taken).limit(1))
    if body is not None:
        bad = ContentFile.model_validate(body)
        raise UnusableInput(f"Its input is {bad.state.lower()}. {bad.name}: {bad.reason}")
