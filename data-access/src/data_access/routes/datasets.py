"""Datasets, as data-access refers to them."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field

from data_access.context import Context, Here
from data_access.dataset_rows import datasets_after, read_dataset, read_datasets, spd_dataset
from data_access.datasets import create_dataset, set_uid
from data_access.paging import After, Fetch, Limit, MaybeLimit, Number, bare_array, page
from penstock_core.clock import now
from penstock_core.contracts.base import Frozen, Page
from penstock_core.contracts.workflow import DatasetRef, DatasetRow, SpdDataset
from penstock_core.states import DatasetKind, DatasetState
from penstock_core.web import Operator, Reader

router = APIRouter(prefix="/dataset", tags=["dataset"])


class NewDatasetRow(Frozen):
    """A dataset to number; ``dataset_uid`` once the storage manager has it."""

    name: str = Field(min_length=1, max_length=250)
    dataset_uid: str | None = Field(default=None, min_length=1, max_length=64)
    namespace: str = Field(default="default", min_length=1, max_length=64)
    scope: str = Field(default="daq", min_length=1, max_length=64)


class DatasetUid(Frozen):
    """The storage manager's identifier of a dataset."""

    dataset_uid: str = Field(min_length=1, max_length=64)


@router.get("/all", response_model=list[SpdDataset])
async def all_datasets(
    here: Here, _: Reader, after: After = 0, limit: MaybeLimit = None
) -> StreamingResponse:
    """Return all datasets that have a number."""
    return bare_array(_fetch(here), after, limit, lambda row: row.dataset_id)


def _fetch(here: Context) -> Fetch[SpdDataset]:
    async def fetch(after: int, limit: int) -> list[SpdDataset]:
        async with here.store.read() as connection:
            rows = await read_datasets(connection, datasets_after(after, limit))
        return [spd_dataset(row) for row in rows]

    return fetch


@router.get("")
async def page_of_datasets(
    here: Here,
    _: Reader,
    name: str = "",
    namespace: str = "",
    kind: DatasetKind | None = None,
    state: DatasetState | None = None,
    uid: str = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[DatasetRow]:
    """Return a page of datasets with all that is known here."""
    query = datasets_after(
        after, limit, name=name, namespace=namespace, kind=kind, state=state, uid=uid
    )
    async with here.store.read() as connection:
        rows = await read_datasets(connection, query)
    return page(rows, limit, lambda row: row.dataset_id)


@router.post("/create", status_code=201)
async def create(here: Here, _: Operator, body: NewDatasetRow) -> SpdDataset:
    """Give a dataset its number."""
    ref = DatasetRef(
        uid=body.dataset_uid or "",
        **body.model_dump(include={"name", "namespace", "scope"}),
        state=DatasetState.DEFINED,
        registered_at=now(),
    )
    return spd_dataset(await create_dataset(here.store, ref))


@router.get("/{dataset_id}")
async def one_dataset(here: Here, _: Reader, dataset_id: Number) -> SpdDataset:
    """Return one dataset."""
    async with here.store.read() as connection:
        return spd_dataset(await read_dataset(connection, dataset_id))


@router.get("/{dataset_id}/detail")
async def dataset_detail(here: Here, _: Reader, dataset_id: Number) -> DatasetRow:
    """Return one dataset with all that is known here."""
    async with here.store.read() as connection:
        return await read_dataset(connection, dataset_id)


@router.put("/{dataset_id}/dataset_uid")
async def set_dataset_uid(
    here: Here, _: Operator, dataset_id: Number, body: DatasetUid
) -> SpdDataset:
    """Give a dataset the storage manager's identifier."""
    return spd_dataset(await set_uid(here.store, dataset_id, body.dataset_uid))
