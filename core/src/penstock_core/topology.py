"""The one table of exchanges, queues and bindings, for either bus.

A queue's dead-letter queue is ``<queue>.dead`` on the direct exchange ``penstock.dead`` (routing
key = the queue's name). *Wake* queues carry hints only (the logs are complete without them), so
they are short and their oldest hint may be dropped.
"""

from dataclasses import dataclass
from typing import Literal

DEAD_EXCHANGE = "penstock.dead"
DELIVERY_LIMIT = 1000
WAKE_QUEUE_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange; ``topic`` keys match by ``*`` (one word) and ``#`` (any words)."""

    name: str
    type: Literal["direct", "topic"]


@dataclass(frozen=True, slots=True)
class Binding:
    """Messages published to ``exchange`` under a key that matches ``pattern`` reach the queue."""

    exchange: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue with what is bound to it; ``wake`` marks a queue of hints."""

    name: str
    bindings: tuple[Binding, ...]
    wake: bool = False

    @property
    def dead(self) -> str:
        """Return the name of its dead-letter queue; hints have none."""
        return f"{self.name}.dead"


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything a bus declares. Dead-letter exchange and queues come with it by themselves."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    delivery_limit: int = DELIVERY_LIMIT

    def queue(self, name: str) -> Queue:
        """Return the queue called ``name``; raises ``KeyError``."""
        return next(q for q in self.queues if q.name == name)


REGISTER_KEYS = (
    "file.input",
    "file.process",
    "dataset.input",
    "dataset.close",
    "dataset.upload",
    "dataset.delete",
)
DAQ_KEYS = (
    "run_imminent",
    "start_run",
    "pause_run",
    "resume_run",
    "stf_gen",
    "stf_ready",
    "tf_file_registered",
    "end_run",
    "data_ready",
)


def _register_queue(key: str) -> Queue:
    return Queue(f"dsm.register.{key}", (Binding("dsm.register", key),))


def _wake_queue(service: str, *bindings: tuple[str, str]) -> Queue:
    return Queue(f"{service}.wake", tuple(Binding(e, p) for e, p in bindings), wake=True)


PENSTOCK = Topology(
    exchanges=(
        Exchange("daq", "topic"),
        Exchange("dsm.register", "direct"),
        Exchange("dsm.event", "topic"),
        Exchange("wfms.event", "topic"),
        Exchange("wms.event", "topic"),
    ),
    queues=(
        *(_register_queue(key) for key in REGISTER_KEYS),
        *(_register_queue(f"{key}.reply") for key in REGISTER_KEYS),
        Queue("dsm.daq", (Binding("daq", "#"),)),
        _wake_queue("task-generator", ("dsm.event", "dataset.*"), ("wfms.event", "template.*")),
        _wake_queue(
            "task-manager",
            ("dsm.event", "dataset.*"),
            ("wfms.event", "workflow.*"),
            ("wfms.event", "task.*"),
            ("wms.event", "#"),
        ),
        _wake_queue("scheduler", ("dsm.event", "#")),
        _wake_queue("dsm-inspector", ("dsm.event", "file.*"), ("dsm.event", "dataset.deleted")),
        _wake_queue("pilot", ("dsm.event", "file.*"), ("dsm.event", "dataset.closed")),
    ),
)
