"""Lists by keyset: a page costs the same wherever it lies."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from penstock_core.contracts.base import Page

STREAMED = 1000
LARGEST = 2**63 - 1

Number = Annotated[int, Path(ge=0, le=LARGEST)]
After = Annotated[int, Query(ge=0, le=LARGEST, description="The last id that was read.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows in a page.")]
MaybeLimit = Annotated[int | None, Query(ge=1, le=10_000, description="Rows; without it, all.")]

Item = TypeVar("Item", bound=BaseModel)
Fetch = Callable[[int, int], Awaitable[Sequence[Item]]]
"""Returns up to so many rows after an id: ``fetch(after, limit)``."""


def page(items: Sequence[Item], limit: int, id_of: Callable[[Item], int]) -> Page[Item]:
    """Return ``items`` as a page; a full one names where the next begins."""
    following = id_of(items[-1]) if len(items) == limit else None
    return Page[Any](items=tuple(items), next=following)


def bare_array(
    fetch: Fetch[Item], after: int, limit: int | None, id_of: Callable[[Item], int]
) -> StreamingResponse:
    """Return SPD's bare array: of ``limit`` rows, or whole, streamed as it is read."""
    return StreamingResponse(_array(fetch, after, limit, id_of), media_type="application/json")


async def _array(
    fetch: Fetch[Item], after: int, limit: int | None, id_of: Callable[[Item], int]
) -> AsyncIterator[str]:
    left = limit
    separator = "["
    while left is None or left > 0:
        asked = STREAMED if left is None else min(left, STREAMED)
        items = await fetch(after, asked)
        if items:
            yield separator + ",".join(_json(item) for item in items)
            separator, after = ",", id_of(items[-1])
            left = None if left is None else left - len(items)
        if len(items) < asked:
            break
    yield "]" if separator == "," else "[]"


def _json(item: BaseModel) -> str:
    return json.dumps(item.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False)
