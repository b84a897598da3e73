"""Provenance: which jobs read and made each file."""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from data_access.context import Here
from data_access.provenance import StoredUses, read_origins, read_provenance
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import (
    FileUse,
    JobKey,
    Origins,
    Provenance,
    UseQuery,
    Way,
)
from penstock_core.provenance import DEEPEST, Walk
from penstock_core.web import Reader

router = APIRouter(prefix="/provenance", tags=["provenance"])
Depth = Annotated[int, Query(ge=1, le=DEEPEST, description="Jobs in a row.")]
Most = Annotated[int, Query(ge=1, le=5000, description="Uses of files at most.")]


@router.get("")
async def provenance(
    here: Here,
    _: Reader,
    name: str,
    scope: str,
    namespace: str = "default",
    way: Way = Way.UP,
    depth: Depth = 1,
    limit: Most = 1000,
) -> Provenance:
    """Return what a file was made of (up), or what was made of it (down), by which jobs."""
    start = Walk(namespace, scope, name, way, depth, limit)
    async with here.store.read() as connection:
        return await read_provenance(connection, start)


@router.post("/use")
async def uses(here: Here, _: Reader, body: UseQuery) -> Page[FileUse]:
    """Return a page of what jobs read and made: for files by name, for jobs, or for both."""
    async with here.store.read() as connection:
        return await StoredUses(connection).uses(body)


@router.post("/job")
async def origins(
    here: Here, _: Reader, body: Annotated[list[JobKey], Body(max_length=1000)]
) -> Origins:
    """Return what stands behind jobs: each with its task, its chain and its template version."""
    async with here.store.read() as connection:
        return await read_origins(connection, body)
