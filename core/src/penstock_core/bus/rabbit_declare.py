"""Declares a topology on RabbitMQ; limits and dead-lettering are policies, not arguments.

An argument fixed at declaration could never be changed: a later declaration with another value
is refused (406).
"""

from penstock_core.bus.rabbit_channel import Channel
from penstock_core.topology import DEAD_EXCHANGE, Queue, Topology

_REPLICATED = {"x-queue-type": "quorum"}


async def declare(topology: Topology, channel: Channel) -> None:
    """Declare exchanges, queues, dead-letter queues and bindings. Raises ``BusUnavailable``."""
    for exchange in topology.exchanges:
        await _declare_exchange(channel, exchange.name, exchange.type)
    await _declare_exchange(channel, DEAD_EXCHANGE, "direct")
    for queue in topology.queues:
        await _declare_queue(channel, queue)


async def _declare_exchange(channel: Channel, name: str, kind: str) -> None:
    await channel.call("exchange_declare", exchange=name, exchange_type=kind, durable=True)


async def _declare_queue(channel: Channel, queue: Queue) -> None:
    arguments = None if queue.wake else _REPLICATED
    if not queue.wake:
        await channel.call("queue_declare", queue=queue.dead, durable=True, arguments=_REPLICATED)
        await _bind(channel, queue.dead, DEAD_EXCHANGE, queue.name)
    await channel.call("queue_declare", queue=queue.name, durable=True, arguments=arguments)
    for binding in queue.bindings:
        await _bind(channel, queue.name, binding.exchange, binding.pattern)


async def _bind(channel: Channel, queue: str, exchange: str, key: str) -> None:
    await channel.call("queue_bind", queue=queue, exchange=exchange, routing_key=key)
