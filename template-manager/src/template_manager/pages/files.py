"""Files of datasets, handed on from the storage manager as the visitor may read them."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from penstock_core.clients import DsmClient
from penstock_core.contracts.dsm import Dataset, File
from penstock_core.errors import NotFound
from penstock_core.media import media_headers
from template_manager.session import CurrentVisitor, Visitor

router = APIRouter()
PAGE = 10_000
BLOCK_BYTES = 4 << 20
"""How much is asked for at once: a door inside the process gives an answer whole, not streamed."""


@router.get("/datasets/{uid}/files/{name}")
async def show_file(visitor: CurrentVisitor, uid: str, name: str) -> Response:
    """Return the bytes of one file of a dataset."""
    file = await _file(visitor.storage, await visitor.storage.dataset(uid), name)
    # The first block is fetched before the answer begins: a refusal still becomes a page.
    first = await visitor.storage.file_bytes(file.uid, 0, BLOCK_BYTES)
    headers = media_headers(file.name, file.size_bytes)
    return StreamingResponse(_blocks(visitor.storage, file, first), headers=headers)


@router.get("/datasets/number/{number}")
async def find_dataset(visitor: CurrentVisitor, number: int) -> Response:
    """Lead to the page of the dataset that SPD's rows call ``number``."""
    return RedirectResponse(f"/ui/datasets/{await _uid(visitor, number)}", 303)


@router.get("/datasets/number/{number}/files/{name}")
async def find_file(visitor: CurrentVisitor, number: int, name: str) -> Response:
    """Lead to a file of the dataset that SPD's rows call ``number``."""
    return _to_file(await _uid(visitor, number), name)


@router.get("/tasks/{task_id}/logs/{index}")
async def find_log(visitor: CurrentVisitor, task_id: int, index: int) -> Response:
    """Lead to the newest log of a job, whether it finished or failed."""
    task = await visitor.workflows.task(task_id)
    uid = await _uid(visitor, task.datas_log_id)
    # A job that was tried again has several logs, told apart by their names alone.
    pattern = re.compile(rf"{re.escape(task.log_name)}\.{index:06d}\D.*")
    logs = [name async for name in _names(visitor.storage, uid) if pattern.fullmatch(name)]
    if not logs:
        raise NotFound(
            f"Job {index} of task {task_id} has no log in {task.log_name}.",
            hint="A job that was cancelled, or that never started, has none.",
        )
    return _to_file(uid, logs[-1])


async def _names(storage: DsmClient, uid: str) -> AsyncIterator[str]:
    after, full = 0, True
    while full:
        contents = await storage.contents(uid, after=after, limit=PAGE)
        for file in contents.files:
            yield file.name
        after, full = contents.cursor, len(contents.files) == PAGE


def _to_file(uid: str, name: str) -> Response:
    return RedirectResponse(f"/ui/datasets/{uid}/files/{quote(name, safe='')}", 303)


async def _file(storage: DsmClient, dataset: Dataset, name: str) -> File:
    page = await storage.files(name=name, namespace=dataset.namespace, scope=dataset.scope)
    if not page.items:
        raise NotFound(
            f"{dataset.name} has no file {name!r}.", hint="The page of the dataset lists its files."
        )
    return page.items[0]


async def _blocks(storage: DsmClient, file: File, first: bytes) -> AsyncIterator[bytes]:
    yield first
    for offset in range(BLOCK_BYTES, file.size_bytes, BLOCK_BYTES):
        yield await storage.file_bytes(file.uid, offset, BLOCK_BYTES)


async def _uid(visitor: Visitor, number: int) -> str:
    row = await visitor.workflows.dataset(number)
    if not row.dataset_uid:
        raise NotFound(
            f"{row.name} does not exist yet.", hint="It is made when the task that fills it starts."
        )
    return row.dataset_uid
