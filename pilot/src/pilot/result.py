"""What a job's process says of itself, and what its supervisor says of its ending."""

from typing import Any, Literal

from penstock_core.contracts.base import Frozen
from pilot.worker.ending import Ending
from pilot.worker_client import Order


class Result(Frozen):
    """What ``result.json`` holds: a job may write there what it wants, so it is checked."""

    status: Literal["success", "temporaryFail", "permanentFail", "refused"]
    exit_code: int | None
    outputs: dict[str, Any]
    error: str
    command: str
    skipped: bool


def told(ending: Ending, order: Order) -> str:
    """Return why a job failed that was ended, in words for its owner."""
    most, limits = order.most, order.cell.limits
    reasons = {
        Ending.OVERTIME: f"It ran longer than its limit of {order.wall_s:g} s",
        Ending.TOO_MUCH_CPU: f"It took more than {limits.cpu_s} s of processor time",
        Ending.TOO_MUCH_MEMORY: f"It took more memory than {_size(most.memory_bytes)}",
        Ending.TOO_MUCH_DISK: f"It wrote more than {_size(most.disk_bytes)}",
        Ending.TOO_MANY_FILES: f"It made more than {most.files} files",
        Ending.TOO_MUCH_LOG: f"It printed more than {_size(most.log_bytes)}",
        Ending.TOO_MANY_PROCESSES: f"It had more than {most.processes} processes at a time",
    }
    if ending in reasons:
        return f"{reasons[ending]}: killed with all its processes."
    if ending is Ending.NOT_HELD:
        return "Its sandbox could not be made: see its log, and `penstock sandbox`."
    return "The process that ran it crashed: see its log."


def _size(count: int) -> str:
    return f"{count / (1 << 20):g} MiB"
