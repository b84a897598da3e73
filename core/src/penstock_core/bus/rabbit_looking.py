"""How RabbitMQ's queues stand, by its management API: one call for all of them."""

from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx2

from penstock_core.contracts.broker import QueueState
from penstock_core.errors import BusUnavailable
from penstock_core.topology import Queue, Topology

_TIMEOUT_S = 10.0
_COLUMNS = (
    "name,messages_ready,messages_unacknowledged,consumers,"
    "message_stats.publish_details.rate,message_stats.deliver_get_details.rate"
)


def virtual_host(url: str) -> str:
    """Return the virtual host that an AMQP URL names."""
    return unquote(urlsplit(url).path.removeprefix("/")) or "/"


def empty_state(queue: Queue, *, dead: bool = False) -> QueueState:
    """Return a queue, or its dead-letter queue, of which nothing is known yet."""
    return QueueState(
        name=queue.dead if dead else queue.name,
        ready=0,
        unacknowledged=0,
        consumers=0,
        is_dead_letter=dead,
        is_wake=queue.wake,
    )


async def queue_states(
    topology: Topology, management_url: str, host: str
) -> tuple[QueueState, ...]:
    """Return how the topology's queues stand; what the API tells is some seconds old.

    Raises
    ------
    BusUnavailable
        the API does not answer.
    """
    path = f"/api/queues/{quote(host, safe='')}"
    try:
        async with httpx2.AsyncClient(base_url=management_url, timeout=_TIMEOUT_S) as client:
            answer = await client.get(path, params={"columns": _COLUMNS})
            answer.raise_for_status()
            found = {queue["name"]: queue for queue in answer.json()}
    except httpx2.HTTPError as error:
        raise BusUnavailable(
            f"RabbitMQ's management API did not tell of queues: {error}.",
            hint="See PENSTOCK_MANAGEMENT_URL, and that the management plugin is on.",
        ) from error
    kinds = [empty_state(queue) for queue in topology.queues]
    kinds += [empty_state(queue, dead=True) for queue in topology.queues if not queue.wake]
    return tuple(_told(state, found.get(state.name, {})) for state in kinds)


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
