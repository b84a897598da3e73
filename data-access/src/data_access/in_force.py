"""When each version took datasets: intervals of registration time, without gap or overlap.

A dataset belongs to the version that was in force when it was registered, however late the
decision on it is made; so a version that was replaced stays in the catalogue for those.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import in_force, template
from penstock_core.states import TemplateStatus


async def begin(
    connection: AsyncConnection, template_id: int, status: TemplateStatus, since: str
) -> None:
    """Have a version take datasets from ``since`` on, also where it took them from another time."""
    was_open = (in_force.c.template_id == template_id) & in_force.c.effective_until.is_(None)
    same = was_open & (in_force.c.status == status)
    await connection.execute(in_force.delete().where(same))
    await end(connection, [template_id], since)
    row = {"template_id": template_id, "status": status, "effective_from": since}
    await connection.execute(in_force.insert().values(**row))


async def end(connection: AsyncConnection, template_ids: Collection[int], until: str) -> None:
    """Have versions take no dataset that is registered at ``until`` or later."""
    theirs = in_force.c.template_id.in_(template_ids)
    await connection.execute(in_force.delete().where(theirs, in_force.c.effective_from >= until))
    later = or_(in_force.c.effective_until.is_(None), in_force.c.effective_until > until)
    await connection.execute(in_force.update().where(theirs, later).values(effective_until=until))


async def end_names(
    connection: AsyncConnection, names: Collection[str], but: int, until: str
) -> None:
    """End what any version of ``names`` took as ACTUAL one, but for one version."""
    others = (
        select(template.c.template_id)
        .join(in_force, in_force.c.template_id == template.c.template_id)
        .where(template.c.name.in_(names), template.c.template_id != but)
        .where(in_force.c.status == TemplateStatus.ACTUAL)
        .where(or_(in_force.c.effective_until.is_(None), in_force.c.effective_until > until))
    )
    await end(connection, (await connection.execute(others)).scalars().all(), until)


async def actual_before(connection: AsyncConnection, name: str, but: int) -> int | None:
    """Return the version of ``name`` that was ACTUAL before version ``but``; None if none was."""
    query = (
        select(template.c.template_id)
        .join(in_force, in_force.c.template_id == template.c.template_id)
        .where(template.c.name == name, template.c.template_id != but)
        .where(in_force.c.status == TemplateStatus.ACTUAL)
        .where(in_force.c.effective_until.is_not(None))
        .order_by(in_force.c.effective_until.desc(), in_force.c.effective_from.desc())
        .limit(1)
    )
    return await connection.scalar(query)


async def forget(connection: AsyncConnection, template_id: int) -> None:
    """Delete the history of a version that is deleted itself."""
    of_it = in_force.c.template_id == template_id
    await connection.execute(in_force.delete().where(of_it))


async def read_in_force(connection: AsyncConnection, since: str) -> list[dict[str, Any]]:
    """Return all versions that are in force, or were at any time after ``since``; a row a time."""
    times = (in_force.c.status, in_force.c.effective_from, in_force.c.effective_until)
    own = [c for c in template.c if c.name not in {t.name for t in times}]
    query = (
        select(*own, *times)
        .join(in_force, in_force.c.template_id == template.c.template_id)
        .where(or_(in_force.c.effective_until.is_(None), in_force.c.effective_until > since))
        .order_by(template.c.template_id, in_force.c.effective_from)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]
