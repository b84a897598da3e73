"""What the inspector asks and tells about files, and what operators decide on those in trouble."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from dsm.manager.files import storages
from dsm.manager.inspection import deletion, quarantine, verdicts
from dsm.manager.routes.common import MOST_ITEMS, V1, After, Limit, TheStore
from dsm.manager.work import begin_work
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import File, Outcome
from penstock_core.contracts.inspection import (
    DoomedFile,
    DueFile,
    FileDetails,
    FileRequest,
    FileVerdict,
    Removal,
)
from penstock_core.web import Operator, OperatorOrService, Reader, ServiceCaller

router = APIRouter(prefix=f"{V1}/file", tags=["inspection"])


@router.get("/due")
async def list_due(
    store: TheStore, _caller: ServiceCaller, storage: str, after: After = 0, limit: Limit = 100
) -> Page[DueFile]:
    """Return a page of files of one storage whose bytes are to be looked at."""
    async with store.read() as connection:
        number = await storages.number_of(connection, storage)
        return await verdicts.page_due(connection, number, after, limit)


@router.post("/due", status_code=204)
async def wish_looks(
    store: TheStore,
    _caller: OperatorOrService,
    uids: Annotated[list[str], Field(max_length=MOST_ITEMS)],
) -> None:
    """Have the bytes of these files looked at."""
    async with begin_work(store) as work:
        await verdicts.wish_looks(work, uids)


@router.post("/verdict")
async def apply_verdicts(
    store: TheStore,
    caller: ServiceCaller,
    found: Annotated[list[FileVerdict], Field(max_length=MOST_ITEMS)],
) -> tuple[Outcome, ...]:
    """Store what was found of files; each outcome's details are the state that the file is in."""
    async with begin_work(store) as work:
        return await verdicts.apply_verdicts(work, found, caller.subject)


@router.get("/quarantine")
async def list_quarantine(
    store: TheStore,
    _caller: Reader,
    state: Literal["", "QUARANTINED", "LOST"] = "",
    namespace: str = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[FileDetails]:
    """Return a page of files in quarantine and lost ones, each with its story and datasets."""
    async with store.read() as connection:
        return await quarantine.page_troubled(
            connection, state=state, namespace=namespace, after=after, limit=limit
        )


@router.post("/release")
async def release_files(
    store: TheStore, caller: Operator, request: FileRequest
) -> tuple[File, ...]:
    """Let files out of quarantine if the next look finds them right; look for lost ones again."""
    async with begin_work(store) as work:
        return await quarantine.release_files(work, request, caller.subject)


@router.post("/lost")
async def declare_lost(store: TheStore, caller: Operator, request: FileRequest) -> tuple[File, ...]:
    """Give files up: they count as registered, and are never an input again."""
    async with begin_work(store) as work:
        return await quarantine.declare_lost(work, request, caller.subject)


@router.get("/doomed")
async def list_doomed(
    store: TheStore, _caller: ServiceCaller, after: After = 0, limit: Limit = 500
) -> Page[DoomedFile]:
    """Return a page of deleted files whose bytes are still to be removed."""
    async with store.read() as connection:
        return await deletion.page_doomed(connection, after, limit)


@router.post("/removed", status_code=204)
async def note_removals(
    store: TheStore,
    _caller: ServiceCaller,
    removals: Annotated[list[Removal], Field(max_length=MOST_ITEMS)],
) -> None:
    """Store what became of the bytes of deleted files."""
    async with begin_work(store) as work:
        await deletion.note_removals(work, removals)


@router.get("/{uid}/details")
async def get_details(store: TheStore, _caller: Reader, uid: str) -> FileDetails:
    """Return one file with its story, oldest first, and the datasets that hold it."""
    async with store.read() as connection:
        return await quarantine.the_details(connection, uid)
