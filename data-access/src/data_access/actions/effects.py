"""What follows from an action, in bulk: rows changed, the workload system asked, all told."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.rules import LOSSY, RUNNING
from data_access.alarms import clear_alarms
from data_access.bulk import Row, chunks
from data_access.cancelling import cancel_dependants
from data_access.ending import write_ended
from data_access.schema import log, task
from data_access.task_events import external_name, request_event, status_event
from penstock_core.contracts.workflow import ActionName, AlarmKey
from penstock_core.eventlog import NewEvent
from penstock_core.states import TaskStatus

PAUSED = "task_paused"
"""The kind of the alarm for a task that paused by itself."""

_FRESH = {"since_finished": 0, "since_failed": 0}


@dataclass(frozen=True, slots=True)
class Order:
    """An action in somebody's name."""

    action: ActionName
    actor: str
    because: str = ""
    rank: int | None = None

    @property
    def words(self) -> str:
        """Return who did it, and why."""
        return f"{self.actor}: {self.because}" if self.because else self.actor


async def apply(connection: AsyncConnection, order: Order, rows: Sequence[Row]) -> None:
    """Do to ``rows`` what the action is; the rules have said that it is for each of them."""
    await _EFFECTS[order.action](connection, order, rows)


def paused_alarm(row: Mapping[str, Any]) -> AlarmKey:
    """Return the key of the alarm that a task paused by itself."""
    return AlarmKey(kind=PAUSED, namespace=row["namespace"], subject=external_name(row))


async def _retry(connection: AsyncConnection, _: Order, rows: Sequence[Row]) -> None:
    again = {"status": TaskStatus.IN_PROGRESS, "ended_at": None, "reason": ""}
    ended = [row for row in rows if row["status"] in LOSSY]
    await _write(connection, ended, **again)
    await _write(connection, rows, paused=False, **_FRESH)
    await log.append(connection, [status_event({**row, **again}) for row in ended])
    await log.append(connection, [request_event(row, "retry") for row in rows])
    await clear_alarms(connection, [paused_alarm(row) for row in rows if row["paused"]])


async def _pause(connection: AsyncConnection, _: Order, rows: Sequence[Row]) -> None:
    await _write(connection, rows, paused=True)
    await _ask(connection, rows, "pause")


async def _resume(connection: AsyncConnection, _: Order, rows: Sequence[Row]) -> None:
    await _write(connection, rows, paused=False, **_FRESH)
    await _ask(connection, rows, "resume")
    await clear_alarms(connection, [paused_alarm(row) for row in rows])


async def _cancel(connection: AsyncConnection, order: Order, rows: Sequence[Row]) -> None:
    planned = [row for row in rows if row["status"] == TaskStatus.DEFINED]
    told = [(row, f"cancelled by {order.words}") for row in planned]
    await write_ended(connection, TaskStatus.CANCELLED, told)
    await cancel_dependants(connection, {row["workflow_id"] for row in planned})
    running = [row for row in rows if row["status"] in RUNNING]
    await log.append(connection, [request_event(row, "cancel") for row in running])


async def _rank(connection: AsyncConnection, order: Order, rows: Sequence[Row]) -> None:
    await _write(connection, rows, rank=order.rank)
    await _ask(connection, rows, "rank", rank=order.rank)


async def _accept_loss(connection: AsyncConnection, order: Order, rows: Sequence[Row]) -> None:
    await _write(connection, rows, loss_accepted_by=order.actor)
    await log.append(connection, [_loss_event(row, order) for row in rows])


def _loss_event(row: Row, order: Order) -> NewEvent:
    """Return the event by which the task's outputs are announced as they are."""
    told = ("task_id", "output_uid", "log_uid", "output_files", "log_files")
    body = {name: row[name] for name in told}
    body |= {"actor": order.actor, "because": order.because or row["reason"]}
    return NewEvent("task.loss_accepted", str(row["task_id"]), row["namespace"], body)


async def _write(connection: AsyncConnection, rows: Iterable[Row], **values: Any) -> None:
    for some in chunks([row["task_id"] for row in rows]):
        change = task.update().where(task.c.task_id.in_(some)).values(**values)
        await connection.execute(change)


async def _ask(connection: AsyncConnection, rows: Sequence[Row], request: str, **more: Any) -> None:
    """Tell of the change, and ask the workload system to follow where it has the task."""
    changed = [_changed_event(row, request, **more) for row in rows]
    asked = [request_event(row, request, **more) for row in rows if row["status"] in RUNNING]
    await log.append(connection, changed + asked)


def _changed_event(row: Row, change: str, **more: Any) -> NewEvent:
    body = {"task_id": row["task_id"], "workflow_id": row["workflow_id"], "change": change, **more}
    return NewEvent("task.changed", str(row["task_id"]), row["namespace"], body)


_EFFECTS: Mapping[
    ActionName, Callable[[AsyncConnection, Order, Sequence[Row]], Awaitable[None]]
] = {
    ActionName.RETRY: _retry,
    ActionName.PAUSE: _pause,
    ActionName.RESUME: _resume,
    ActionName.CANCEL: _cancel,
    ActionName.RANK: _rank,
    ActionName.ACCEPT_LOSS: _accept_loss,
}
