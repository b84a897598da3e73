"""Template versions in the database: inserted, activated, archived, with their events."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access import in_force
from data_access.bulk import Row
from data_access.compiling import Compiled, store_recipe
from data_access.content import Content, shown_description
from data_access.counters import CATALOGUE, Counters
from data_access.schema import log, template, workflow
from penstock_core.clock import now, parse_time
from penstock_core.errors import Conflict, Duplicate
from penstock_core.eventlog import NewEvent
from penstock_core.states import TemplateStatus

MATCHED = frozenset({TemplateStatus.ACTUAL, TemplateStatus.SHADOW})


def status_after(before: TemplateStatus) -> TemplateStatus:
    """Return what a new version is, made of one that is ``before``."""
    return TemplateStatus.ACTUAL if before is TemplateStatus.ARCHIVED else before


def version_row(
    counters: Counters, compiled: Compiled, warnings: tuple[str, ...], version: int, actor: str
) -> Row:
    """Return the row of a new version; it is a DRAFT until it is activated."""
    content = compiled.content
    named = content.model_copy(update={"input": compiled.recipe.input})
    return {
        "template_id": counters.next("template"),
        "name": content.name,
        "version": version,
        "status": TemplateStatus.DRAFT,
        "content": named.model_dump(mode="json"),
        "description": shown_description(content),
        "recipe_digest": compiled.digest,
        "warnings": list(warnings),
        "effective_from": None,
        "created_at": now().isoformat(),
        "created_by": actor,
    }


async def insert_version(
    connection: AsyncConnection, counters: Counters, compiled: Compiled, row: Row
) -> None:
    """Write a new version with its recipe."""
    await store_recipe(connection, compiled.digest, compiled.recipe)
    await connection.execute(template.insert(), [row])
    await counters.store(connection)


async def activate(
    connection: AsyncConnection,
    counters: Counters,
    row: Row,
    status: TemplateStatus,
    effective_from: datetime | None,
    replaces: str = "",
) -> Row:
    """Write a status with all that follows from it; return the row as it is then.

    Who is activated takes datasets registered from now on, unless told otherwise: on the way
    back, too, for those in between were another version's. The ACTUAL version of its name (and
    of the name ``replaces``) takes those registered before, and none after.
    """
    moment = parse_time(effective_from.isoformat()) if effective_from else now()
    since = moment.isoformat()
    if status is TemplateStatus.ACTUAL:
        names = {row["name"], replaces or row["name"]}
        await archive_actual(connection, names, row["template_id"], since)
    change: Row = {"status": status}
    if status in MATCHED and (status != row["status"] or effective_from):
        change["effective_from"] = since
        await in_force.begin(connection, row["template_id"], status, since)
    elif status not in MATCHED:
        await in_force.end(connection, [row["template_id"]], since)
    this = template.c.template_id == row["template_id"]
    await connection.execute(template.update().where(this).values(change))
    if MATCHED & {status, row["status"]}:
        counters.next(CATALOGUE)
        await counters.store(connection)
    after = row | change
    await log.append(connection, [template_event(after)])
    return after


async def archive_actual(
    connection: AsyncConnection, names: Collection[str], but: int, until: str
) -> None:
    """Archive the ACTUAL versions of ``names``, unless it is ``but``; in force ``until`` then."""
    change = (
        template.update()
        .where(template.c.name.in_(names), template.c.status == TemplateStatus.ACTUAL)
        .where(template.c.template_id != but)
        .values(status=TemplateStatus.ARCHIVED)
        .returning(template)
    )
    archived = (await connection.execute(change)).mappings().all()
    await in_force.end_names(connection, names, but, until)
    await log.append(connection, [template_event(dict(row)) for row in archived])


async def refuse_taken(connection: AsyncConnection, content: Content) -> None:
    """Raise ``Duplicate`` if the name is taken, and say whether by the very same."""
    query = (
        select(template.c.template_id, template.c.content, template.c.version)
        .where(template.c.name == content.name)
        .order_by(template.c.version.desc())
    )
    rows = (await connection.execute(query)).all()
    if not rows:
        return
    number, _, version = rows[0]
    same = [n for n, stored, _ in rows if is_same(Content(**stored), content)]
    said = f"is template {same[0]} already" if same else f"is taken by template {number}"
    raise Duplicate(
        f"The name {content.name} {said} (newest version: {version}).",
        hint=f"PUT /template/{number}/change makes a new version of it.",
        field="name",
        facts={"template_id": same[0] if same else number},
    )


def is_same(stored: Content, content: Content) -> bool:
    """Return whether ``content`` means what is stored; an input not named is the stored one."""
    bound = content.input or stored.input
    return stored == content.model_copy(update={"input": bound})


async def refuse_used(connection: AsyncConnection, row: Row) -> None:
    """Raise ``Conflict`` if the version made workflows."""
    made = select(func.count()).where(workflow.c.template_id == row["template_id"])
    count = await connection.scalar(made)
    if count:
        raise Conflict(
            f"Template {row['template_id']} made {count} workflows, so it is history.",
            hint='Archive it: PUT /template/{id}/change {"status": "ARCHIVED"}.',
            facts={"workflows": count},
        )


async def newest_version(connection: AsyncConnection, name: str) -> int:
    """Return the highest version of ``name``; 0 if there is none."""
    query = select(func.max(template.c.version)).where(template.c.name == name)
    return await connection.scalar(query) or 0


def template_event(row: Row) -> NewEvent:
    """Return the event that tells of a version's new status."""
    body = {k: row[k] for k in ("template_id", "name", "version", "status", "effective_from")}
    namespace = row["content"]["namespace"]
    return NewEvent("template.changed", str(row["template_id"]), namespace, body)
