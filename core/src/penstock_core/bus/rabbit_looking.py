"""How RabbitMQ's queues stand, by its management API: one call for all of them."""

from typing import Any
from urllib.parse import quote, unquote, urlsplit

from penstock_core.bus.management import ask, management
from penstock_core.contracts.broker import QueueState
from penstock_core.topology import Topology

_COLUMNS = (
    "name,messages_ready,messages_unacknowledged,consumers,"
    "message_stats.publish_details.rate,message_stats.deliver_get_details.rate"
)


def virtual_host(url: str) -> str:
    """Return the virtual host that an AMQP URL names."""
    return unquote(urlsplit(url).path.removeprefix("/")) or "/"


def untold(topology: Topology) -> tuple[QueueState, ...]:
    """Return all queues and their dead-letter queues, of which nothing is known yet."""
    queues = [QueueState(name=q.name, is_wake=q.wake) for q in topology.queues]
    dead = [QueueState(name=q.dead, is_dead_letter=True) for q in topology.queues if not q.wake]
    return (*queues, *dead)


async def queue_states(
    topology: Topology, management_url: str, host: str
) -> tuple[QueueState, ...]:
    """Return how the topology's queues stand; what the API tells is some seconds old.

    Raises
    ------
    BusUnavailable
        the API does not answer.
    """
    path = f"/api/queues/{quote(host, safe='')}?columns={_COLUMNS}"
    async with management(management_url) as client:
        found = {queue["name"]: queue for queue in await ask(client, "GET", path)}
    return tuple(_told(state, found.get(state.name, {})) for state in untold(topology))


def _told(state: QueueState, found: dict[str, Any]) -> QueueState:
    stats = found.get("message_stats") or {}
    return state.model_copy(
        update={
            "ready": found.get("messages_ready", 0),
            "unacknowledged": found.get("messages_unacknowledged", 0),
            "consumers": found.get("consumers", 0),
            "in_per_s": (stats.get("publish_details") or {}).get("rate", 0.0),
            "out_per_s": (stats.get("deliver_get_details") or {}).get("rate", 0.0),
        }
    )
