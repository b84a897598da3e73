"""Alarms: raised once while what is wrong lasts, seen by people, cleared when it is over."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import Select, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row, chunks, insert_into
from data_access.schema import IS_RAISED, alarm, log
from penstock_core.clock import now
from penstock_core.contracts.workflow import Alarm, AlarmKey, NewAlarm
from penstock_core.errors import NotFound
from penstock_core.eventlog import NewEvent

State = Literal["raised", "cleared", "all"]
_KEY = ("kind", "namespace", "subject")


async def raise_alarms(connection: AsyncConnection, alarms: Iterable[NewAlarm]) -> None:
    """Raise these alarms; those that are raised already are seen once more."""
    told = {_key(each): each for each in alarms}
    if not told:
        return
    at = now().isoformat()
    first = {"raised_at": at, "seen_at": at, "count": 1}
    rows = [told[key].model_dump() | first for key in sorted(told)]
    change = insert_into(connection, alarm)
    change = change.on_conflict_do_update(
        index_elements=list(_KEY),
        index_where=text(IS_RAISED),
        set_={
            "text": change.excluded.text,
            "seen_at": change.excluded.seen_at,
            "count": alarm.c["count"] + 1,
        },
    )
    found = (await connection.execute(change.returning(*alarm.c), rows)).mappings()
    await _tell(connection, "alarm.raised", [row for row in found if row["count"] == 1])


async def clear_alarms(connection: AsyncConnection, keys: Iterable[AlarmKey]) -> None:
    """Clear these alarms; those that are not raised are none."""
    at = now().isoformat()
    for some in chunks(sorted({_key(each) for each in keys})):
        change = (
            alarm.update()
            .where(text(IS_RAISED), tuple_(*(alarm.c[name] for name in _KEY)).in_(some))
            .values(cleared_at=at)
            .returning(*alarm.c)
        )
        await _tell(connection, "alarm.cleared", (await connection.execute(change)).mappings())


async def acknowledge(connection: AsyncConnection, alarm_id: int, actor: str) -> Alarm:
    """Note who has seen an alarm, the first one alone, and return it; raises ``NotFound``."""
    this = alarm.c.alarm_id == alarm_id
    first = this & alarm.c.acknowledged_at.is_(None)
    seen = {"acknowledged_by": actor, "acknowledged_at": now().isoformat()}
    await connection.execute(alarm.update().where(first).values(**seen))
    found = (await connection.execute(select(alarm).where(this))).mappings().one_or_none()
    if found is None:
        raise NotFound(
            f"There is no alarm {alarm_id}.",
            hint="GET /alarm?state=all lists them.",
            facts={"alarm_id": alarm_id},
        )
    return Alarm(**found)


async def read_alarms(
    connection: AsyncConnection,
    state: State,
    equal: dict[str, str],
    after: int,
    limit: int,
) -> Sequence[Alarm]:
    """Return alarms after an id; ``equal`` are columns with the value they must have."""
    query: Select[Any] = select(alarm).where(alarm.c.alarm_id > after, *_in(state))
    for name, value in equal.items():
        if value:
            query = query.where(alarm.c[name] == value)
    rows = await connection.execute(query.order_by(alarm.c.alarm_id).limit(limit))
    return [Alarm(**row) for row in rows.mappings()]


def _in(state: State) -> tuple[Any, ...]:
    if state == "raised":
        return (text(IS_RAISED),)
    return (alarm.c.cleared_at.is_not(None),) if state == "cleared" else ()


def _key(one: AlarmKey) -> tuple[str, str, str]:
    return (one.kind, one.namespace, one.subject)


async def _tell(connection: AsyncConnection, topic: str, rows: Iterable[Any]) -> None:
    await log.append(connection, [_event(topic, dict(row)) for row in rows])


def _event(topic: str, row: Row) -> NewEvent:
    body = {name: row[name] for name in ("alarm_id", *_KEY, "text")}
    return NewEvent(topic, f"{row['kind']}:{row['subject']}", row["namespace"], body)
