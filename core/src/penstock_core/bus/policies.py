"""The policies that a topology needs on RabbitMQ, applied and verified over its management API.

Without them a message that kills its consumers circles for ever, and a wake queue that nobody
reads grows without bound.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from penstock_core.bus.management import ask, management
from penstock_core.topology import DEAD_EXCHANGE, WAKE_QUEUE_LENGTH, Queue, Topology

# Later brokers give up after 20 deliveries where nothing is said, and drop what has no way out.
_NEVER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Policy:
    """``definition`` holds for the queues whose names match ``pattern``."""

    name: str
    pattern: str
    definition: Mapping[str, str | int]

    def as_json(self) -> dict[str, Any]:
        """Return the body that the management API takes."""
        return {
            "pattern": self.pattern,
            "definition": dict(self.definition),
            "apply-to": "queues",
            "priority": 10,
        }


def policies(topology: Topology) -> tuple[Policy, ...]:
    """Return one policy for each durable queue, one for dead letters and one for hints."""
    durable = [q for q in topology.queues if not q.wake]
    hints = [q.name for q in topology.queues if q.wake]
    bound: dict[str, str | int] = {"max-length": WAKE_QUEUE_LENGTH, "overflow": "drop-head"}
    return (
        *(_of_durable(q, topology.delivery_limit) for q in durable),
        Policy("penstock.dead", _any_of(q.dead for q in durable), {"delivery-limit": _NEVER}),
        Policy("penstock.wake", _any_of(hints), bound),
    )


def _of_durable(queue: Queue, delivery_limit: int) -> Policy:
    definition: dict[str, str | int] = {
        "delivery-limit": delivery_limit,
        "dead-letter-exchange": DEAD_EXCHANGE,
        "dead-letter-routing-key": queue.name,
        # At least once asks for an overflow that rejects.
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
    }
    return Policy(f"penstock.{queue.name}", _any_of([queue.name]), definition)


def _any_of(names: Iterable[str]) -> str:
    return f"^({'|'.join(re.escape(name) for name in names)})$"


async def apply(topology: Topology, management_url: str, vhost: str) -> None:
    """Put the topology's policies in force; doing it again changes nothing.

    ``management_url`` is ``http://user:password@host:port``, without a path. Raises
    ``BusUnavailable``.
    """
    async with management(management_url) as client:
        for policy in policies(topology):
            path = f"/api/policies/{quote(vhost, safe='')}/{quote(policy.name, safe='')}"
            await ask(client, "PUT", path, policy.as_json())


async def verify(topology: Topology, management_url: str, vhost: str) -> list[str]:
    """Return, as one sentence each, the queues for which a policy is not in force; best: none.

    Of several policies that match a queue RabbitMQ takes the one of highest priority, so a
    stranger's may push ours aside. The policies are read, not the queues, whose management data
    lag by seconds. Raises ``BusUnavailable``.
    """
    async with management(management_url) as client:
        found = await ask(client, "GET", f"/api/policies/{quote(vhost, safe='')}")
    wanted = policies(topology)
    complaints = (_complaint(q, _wanted(q, wanted), _in_force(q, found)) for q in _names(topology))
    return [complaint for complaint in complaints if complaint]


def _names(topology: Topology) -> list[str]:
    durable = [q for q in topology.queues if not q.wake]
    return [*(q.name for q in topology.queues), *(q.dead for q in durable)]


def _wanted(queue: str, ours: Iterable[Policy]) -> Mapping[str, str | int]:
    return next(p.definition for p in ours if re.search(p.pattern, queue))


def _in_force(queue: str, found: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    matching = [p for p in found if p["apply-to"] != "exchanges" and re.search(p["pattern"], queue)]
    if not matching:
        return {"name": "no policy", "definition": {}}
    return max(matching, key=lambda p: int(p["priority"]))


def _complaint(queue: str, wanted: Mapping[str, str | int], found: Mapping[str, Any]) -> str:
    definition = found["definition"]
    wrong = sorted(name for name, value in wanted.items() if definition.get(name) != value)
    if not wrong:
        return ""
    return f"Queue {queue!r} has {found['name']!r} in force, where {', '.join(wrong)} is not right."
