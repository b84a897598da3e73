"""Files of datasets, handed on from the storage manager as the visitor may read them."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from penstock_core.clients import DsmClient
from penstock_core.contracts.dsm import Dataset, File
from penstock_core.errors import NotFound
from penstock_core.media import media_headers
from template_manager.session import CurrentVisitor, Visitor

router = APIRouter()
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
    return RedirectResponse(f"/ui/datasets/{await _uid(visitor, number)}/files/{name}", 303)


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
