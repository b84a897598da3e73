"""Templates as they are shown: SPD's row, and all that is known."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row
from data_access.content import SHOWN, Content, shown_mask
from data_access.schema import template
from penstock_core.contracts.workflow import SpdTemplate, Template
from penstock_core.errors import NotFound


def spd_template(row: Any) -> SpdTemplate:
    """Return SPD's five keys."""
    content = Content(**row["content"])
    return SpdTemplate(
        template_id=row["template_id"],
        name=row["name"],
        inner_dataset_mask=shown_mask(content),
        description=row["description"],
        status=row["status"],
    )


def rich_template(row: Any) -> Template:
    """Return the version with all that is known about it."""
    content = Content(**row["content"])
    own = ("version", "recipe_digest", "effective_from", "created_at", "created_by")
    shared = ("masks", *SHOWN, "input", "values")
    return Template(
        **spd_template(row).model_dump(),
        **{name: row[name] for name in own},
        **{name: getattr(content, name) for name in shared},
        warnings=tuple(row["warnings"]),
    )


async def read_template(
    connection: AsyncConnection, template_id: int, *, lock: bool = False
) -> Row:
    """Return a template version's row; raises ``NotFound``."""
    query = select(template).where(template.c.template_id == template_id)
    found = await connection.execute(query.with_for_update() if lock else query)
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound(
            f"There is no template {template_id}.",
            hint="GET /template/all lists them.",
            facts={"template_id": template_id},
        )
    return dict(row)


def templates_after(after: int, limit: int, *, status: str = "", name: str = "") -> Select[Any]:
    """Return the query for a page of versions, by id."""
    query = select(template).where(template.c.template_id > after)
    if status:
        query = query.where(template.c.status == status)
    if name:
        query = query.where(template.c.name == name)
    return query.order_by(template.c.template_id).limit(limit)


async def contents(
    connection: AsyncConnection, statuses: Sequence[str]
) -> list[tuple[int, Content]]:
    """Return the id and content of all versions in one of ``statuses``."""
    query = select(template.c.template_id, template.c.content)
    query = query.where(template.c.status.in_(statuses)).order_by(template.c.template_id)
    return [(number, Content(**content)) for number, content in await connection.execute(query)]
