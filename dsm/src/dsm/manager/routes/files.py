"""Files, storages and manifests."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from dsm.manager import queries
from dsm.manager.files import storages
from dsm.manager.files.file_bytes import open_stretch
from dsm.manager.files.holders import find_files
from dsm.manager.files.manifests import register_manifests
from dsm.manager.files.single_files import FileOfDataset, register_files
from dsm.manager.routes.common import MOST_ITEMS, V1, After, HouseDir, Limit, TheStore
from dsm.manager.work import begin_work
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import (
    File,
    Manifest,
    NewStorage,
    Outcome,
    Storage,
)
from penstock_core.contracts.inspection import FileQuery, FoundFile
from penstock_core.media import media_headers
from penstock_core.states import FileState
from penstock_core.web import Operator, OperatorOrService, Reader, ServiceCaller

router = APIRouter(prefix=V1, tags=["files"])


@router.post("/file", status_code=201, include_in_schema=False)
@router.post("/file/", status_code=201)
async def create_files(
    store: TheStore, caller: Operator, files: FileOfDataset | list[FileOfDataset]
) -> File | tuple[File, ...]:
    """Register a file, or several: all or none of them."""
    several = files if isinstance(files, list) else [files]
    async with begin_work(store) as work:
        made = await register_files(work, several, caller.subject)
    return made if isinstance(files, list) else made[0]


@router.get("/file", include_in_schema=False)
@router.get("/file/")
async def list_files(
    store: TheStore,
    _caller: Reader,
    name: str = "",
    namespace: str = "",
    scope: str = "",
    state: FileState | None = None,
    after: After = 0,
    limit: Limit = 100,
) -> Page[File]:
    """Return a page of files; ``name`` is a whole name."""
    equal = {"name": name, "namespace": namespace, "scope": scope, "state": state or ""}
    async with store.read() as connection:
        return await queries.page_files(connection, after=after, limit=limit, **equal)


@router.post("/file/find")
async def find(store: TheStore, _caller: Reader, query: FileQuery) -> tuple[FoundFile, ...]:
    """Return those of these files that there are, each with the datasets that hold it."""
    async with store.read() as connection:
        return await find_files(connection, query)


@router.get("/file/{uid}")
async def get_file(store: TheStore, _caller: Reader, uid: str) -> File:
    """Return one file."""
    async with store.read() as connection:
        return await queries.the_file(connection, uid)


@router.get("/file/{uid}/content", response_class=StreamingResponse)
async def get_content(
    store: TheStore,
    house_dir: HouseDir,
    _caller: Reader,
    uid: str,
    offset: Annotated[int, Query(ge=0, le=2**62, description="First byte, from 0")] = 0,
    length: Annotated[
        int | None, Query(ge=0, le=2**62, description="Bytes; all if left out")
    ] = None,
) -> StreamingResponse:
    """Return the bytes of a file, or a stretch of them."""
    async with store.read() as connection:
        file = await queries.the_file(connection, uid)
        found = await storages.storages_by_uid(connection, [file.storage_id])
    storage = storages.find_storage(found, file.storage_id)
    stretch = await asyncio.to_thread(open_stretch, house_dir, storage, file, offset, length)
    headers = media_headers(file.name, stretch.length)
    return StreamingResponse(stretch.blocks(), headers=headers)


@router.post("/manifest")
async def create_manifests(
    store: TheStore,
    _caller: ServiceCaller,
    manifests: Annotated[list[Manifest], Field(max_length=MOST_ITEMS)],
) -> tuple[Outcome, ...]:
    """Register the outputs of jobs, each job's all or nothing."""
    async with begin_work(store) as work:
        return await register_manifests(work, manifests)


@router.get("/storage")
async def list_storages(store: TheStore, _caller: Reader) -> tuple[Storage, ...]:
    """Return all storages."""
    async with store.read() as connection:
        return await storages.list_storages(connection)


@router.post("/storage")
async def create_storage(store: TheStore, _caller: OperatorOrService, new: NewStorage) -> Storage:
    """Return the storage of this name, made where it was not there."""
    async with begin_work(store) as work:
        return await storages.create_storage(work, new)
