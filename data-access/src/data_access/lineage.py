"""No template takes what its own chains made, however many others stand between.

A mask that could do so is refused when it is saved; this looks at what really happened, for masks
that were saved before the others came, and bounds how long a line of templates may become.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import chunks
from data_access.schema import dataset, template, workflow

MOST_CHAINS = 8
"""The most chains that may take each other's outputs, one after another."""

_masked = dataset.alias("masked")


async def why_endless(
    connection: AsyncConnection, wanted: Collection[tuple[int, int]]
) -> dict[tuple[int, int], str]:
    """Return of (dataset, template version) pairs those that must not be, each with the reason."""
    if not wanted:
        return {}
    lines = await _lines(connection, {number for number, _ in wanted})
    names = await _names(connection, {version for _, version in wanted})
    reasons: dict[tuple[int, int], str] = {}
    for number, version in wanted:
        reason = _reason(lines.get(number, ()), names.get(version, ""))
        if reason:
            reasons[number, version] = reason
    return reasons


def _reason(line: Sequence[tuple[int, str | None]], name: str) -> str:
    for maker, by in line:
        if by == name:
            return f"it would feed itself: workflow {maker} of {name} made what this came from"
    if len(line) >= MOST_CHAINS:
        return f"{len(line)} chains made this one after another, and {MOST_CHAINS} are the most"
    return ""


async def _lines(
    connection: AsyncConnection, datasets: Collection[int]
) -> Mapping[int, list[tuple[int, str | None]]]:
    """Return by dataset the workflows that it came from, the last first, with their template."""
    lines: dict[int, list[tuple[int, str | None]]] = {}
    for some in chunks(datasets):
        line = _ancestors(some)
        query = (
            select(line.c.start, line.c.workflow_id, template.c.name)
            .join(workflow, workflow.c.workflow_id == line.c.workflow_id)
            .outerjoin(template, template.c.template_id == workflow.c.template_id)
            .order_by(line.c.start, line.c.depth)
        )
        for start, maker, name in await connection.execute(query):
            lines.setdefault(start, []).append((maker, name))
    return lines


def _ancestors(datasets: Sequence[int]) -> Any:
    d, w = dataset.c, workflow.c
    first = select(d.dataset_id.label("start"), d.workflow_id, (d.dataset_id * 0).label("depth"))
    first = first.where(d.dataset_id.in_(datasets), d.workflow_id.is_not(None))
    line = first.cte("line", recursive=True)
    before = (
        select(line.c.start, _masked.c.workflow_id, line.c.depth + 1)
        .join(workflow, w.workflow_id == line.c.workflow_id)
        .join(_masked, _masked.c.dataset_id == w.dataset_id)
        .where(_masked.c.workflow_id.is_not(None), line.c.depth < 2 * MOST_CHAINS)
    )
    return line.union_all(before)


async def _names(connection: AsyncConnection, versions: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in chunks(versions):
        query = select(template.c.template_id, template.c.name)
        rows = await connection.execute(query.where(template.c.template_id.in_(some)))
        found.update(rows.tuples().all())
    return found
