"""What a version would have taken while in the shadow, against the ACTUAL one of its name."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.assessing import Assessed, Assessor, taken_by
from data_access.bulk import Row
from data_access.generated import registration
from data_access.schema import decision, examined, in_force, template
from data_access.template_rows import read_template
from data_access.versions import read_versions
from penstock_core.clock import parse_time
from penstock_core.contracts.workflow import DatasetRef, ShadowReport, ShadowRow
from penstock_core.errors import Conflict
from penstock_core.states import TemplateStatus


async def read_shadow(
    connection: AsyncConnection, template_id: int, after: str, limit: int
) -> ShadowReport:
    """Return the report with a page of its rows; raises ``Conflict`` if it never was there."""
    row = await read_template(connection, template_id)
    since, until = await _time(connection, row)
    decided = _decided(row, since, until)
    counts = (await connection.execute(_counted(decided))).one()
    page = select(decided).where(decided.c.uid > after).order_by(decided.c.uid).limit(limit)
    uids = [found.uid for found in await connection.execute(page)]
    actual = select(template.c.template_id).where(
        template.c.name == row["name"], template.c.status == TemplateStatus.ACTUAL
    )
    version = (await read_versions(connection, [template_id]))[template_id]
    return ShadowReport(
        template_id=template_id,
        actual_id=await connection.scalar(actual),
        since=since,
        both=counts.both or 0,
        shadow_only=counts.shadow_only or 0,
        actual_only=counts.actual_only or 0,
        tasks=tuple(step.name for step in version.recipe.steps),
        rows=tuple([each async for each in _rows(connection, template_id, uids)]),
        next=uids[-1] if len(uids) == limit else None,
    )


async def _time(connection: AsyncConnection, row: Row) -> tuple[Any, str]:
    """Return when the version came into the shadow, and when it left; "" while it is there."""
    f = in_force.c
    query = select(f.effective_from, f.effective_until).where(
        f.template_id == row["template_id"], f.status == TemplateStatus.SHADOW
    )
    times = (await connection.execute(query.order_by(f.effective_from))).all()
    if not times:
        raise Conflict(
            f"Template {row['template_id']} ({row['name']}) never was in the shadow.",
            hint='Upload a version with status SHADOW: PUT /template/{id}/change {"status": …}.',
        )
    until = times[-1].effective_until
    return parse_time(times[0].effective_from), (until and registration(parse_time(until))) or ""


def _decided(row: Row, since: Any, until: str) -> Any:
    """Return the datasets of that time that the version or another of its name took."""
    d, e = decision.c, examined.c
    is_shadow = d.template_id == row["template_id"]
    took = and_(d.template_id != row["template_id"], d.outcome == "MATCH")
    query: Select[Any] = (
        select(
            d.dataset_uid.label("uid"),
            func.max(case((is_shadow, 1), else_=0)).label("shadow"),
            func.max(case((took, 1), else_=0)).label("actual"),
        )
        .join(template, template.c.template_id == d.template_id)
        .join(examined, e.dataset_uid == d.dataset_uid)
        .where(template.c.name == row["name"], e.registered_at >= registration(since))
        .where(is_shadow | took)
    )
    if until:
        query = query.where(e.registered_at < until)
    return query.group_by(d.dataset_uid).subquery()


def _counted(decided: Any) -> Select[Any]:
    def count(shadow: int, actual: int) -> Any:
        is_such = and_(decided.c.shadow == shadow, decided.c.actual == actual)
        return func.sum(case((is_such, 1), else_=0))

    return select(
        count(1, 1).label("both"),
        count(1, 0).label("shadow_only"),
        count(0, 1).label("actual_only"),
    )


async def _rows(connection: AsyncConnection, template_id: int, uids: list[str]) -> Any:
    version = (await read_versions(connection, [template_id]))[template_id]
    query = select(examined.c.dataset).where(examined.c.dataset_uid.in_(uids))
    refs = [DatasetRef.model_validate(seen) for seen in await connection.scalars(query)]
    refs.sort(key=lambda ref: ref.uid)
    taken = await taken_by(connection, version, set(uids))
    assessor = Assessor(version)
    for each in await assessor.assess(connection, refs):
        reason = assessor.why_not(each.ref) if each.outcome == "NO_MATCH" else each.reason
        others = {n: by for n, by in taken.get(each.ref.uid, {}).items() if n != template_id}
        actual_id = next(iter(others), None)
        yield _row(
            replace(each, reason=reason),
            actual_id,
            others[actual_id][0] if actual_id is not None else None,
        )


def _row(each: Assessed, actual_id: int | None, workflow_id: int | None) -> ShadowRow:
    failed = each.outcome in ("CONFLICT", "NO_MATCH")
    return ShadowRow(
        dataset_uid=each.ref.uid,
        dataset=each.ref.name,
        namespace=each.ref.namespace,
        registered_at=each.ref.registered_at,
        shadow=each.outcome if failed else "NEW",  # type: ignore[arg-type]
        reason=each.reason if failed else "",
        actual_id=actual_id,
        workflow_id=workflow_id,
    )
