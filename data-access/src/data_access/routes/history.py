"""The event log with its cursors, the catalogue, recipes, and why things are as they are."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from data_access.catalogue import read_catalogue
from data_access.compiling import read_recipe
from data_access.context import Here
from data_access.decisions import StoredDecision, explain, read_decision
from data_access.paging import After, Limit
from data_access.schema import log
from penstock_core.contracts.base import EventPage, Frozen, Json
from penstock_core.contracts.workflow import Catalogue, Cursor, ExplainedMatch
from penstock_core.web import Reader, ServiceCaller

router = APIRouter(tags=["history"])
Follower = Annotated[str, Path(min_length=1, max_length=128)]


class CursorMove(Frozen):
    """A cursor's new place, if it still is where it is expected."""

    expected: int = Field(ge=0)
    cursor: int = Field(ge=0)


@router.get("/catalogue")
async def catalogue(
    here: Here,
    _: Reader,
    known: Annotated[int, Query(ge=-1)] = -1,
    since: datetime | None = None,
) -> Catalogue | None:
    """Return what datasets are matched against; null if it still is revision ``known``.

    It holds the versions in force, and those that were at ``since`` or later.
    """
    return await read_catalogue(here.store, known, since)


@router.get("/recipe/{digest}")
async def recipe(here: Here, _: Reader, digest: str) -> Json:
    """Return a compiled recipe; it never changes."""
    async with here.store.read() as connection:
        return await read_recipe(connection, digest)


@router.get("/event")
async def events(
    here: Here, _: Reader, after: After = 0, limit: Limit = 500, topics: str = ""
) -> EventPage:
    """Return the event log after a cursor; ``topics`` are names with commas between."""
    wanted = [topic for topic in topics.split(",") if topic]
    async with here.store.read() as connection:
        return await log.page(connection, after, limit, wanted)


@router.get("/cursor/{follower}")
async def read_cursor(here: Here, _: Reader, follower: Follower) -> Cursor:
    """Return how far a follower has come."""
    async with here.store.read() as connection:
        return Cursor(follower=follower, cursor=await log.cursor(connection, follower))


@router.put("/cursor/{follower}")
async def move_cursor(here: Here, _: ServiceCaller, follower: Follower, body: CursorMove) -> Cursor:
    """Move a follower's cursor whose effects lie elsewhere."""
    async with here.store.write() as connection:
        await log.move(connection, follower, body.expected, body.cursor)
    return Cursor(follower=follower, cursor=body.cursor)


@router.get("/decision")
async def decision(here: Here, _: Reader, dataset: str) -> StoredDecision:
    """Return what was decided on a dataset, by its uid."""
    return await read_decision(here.store, dataset)


@router.get("/explain")
async def explain_match(here: Here, _: Reader, dataset: str, template: int) -> ExplainedMatch:
    """Return why a dataset (by uid) matched a template, or did not."""
    return await explain(here.store, here.dsm, dataset, template)
