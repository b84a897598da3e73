"""What only a real broker can show: losing it, and the policies in force."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from tests.servers.rabbitmq import RabbitServer, VirtualHost

from penstock_core.bus import Message, policies
from penstock_core.bus.rabbit import RabbitBus
from penstock_core.bus.rabbit_connection import Connection, Link
from penstock_core.errors import BusUnavailable, InvalidInput
from penstock_core.topology import PENSTOCK

pytestmark = pytest.mark.servers
QUEUE = "dsm.register.file.input"
PATIENCE_S = 10.0


def announcement(n: int) -> Message:
    return Message("dsm.register", "file.input", str(n).encode())


@pytest.fixture
async def bus(rabbitmq: VirtualHost) -> AsyncIterator[RabbitBus]:
    bus = RabbitBus(PENSTOCK, rabbitmq.url)
    await bus.start()
    yield bus
    await bus.close()


async def connections(server: RabbitServer, host: VirtualHost) -> list[str]:
    """Return the names of both connections of the bus, once the broker lists them."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = server.manage("GET", f"vhosts/{host.name}/connections")
            assert isinstance(found, list)
            if len(found) == 2:
                return [connection["name"] for connection in found]
            await asyncio.sleep(0.1)


async def cut(server: RabbitServer, names: list[str]) -> None:
    """Close connections from the broker's side."""
    for name in names:
        await asyncio.to_thread(server.manage, "DELETE", f"connections/{quote(name, safe='')}")


async def publish_until_taken(bus: RabbitBus, messages: list[Message]) -> int:
    """Publish again and again, as every publisher does; return how often it was refused."""
    refused = 0
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await bus.publish(messages)
            except BusUnavailable:
                refused += 1
                await asyncio.sleep(0.05)
            else:
                return refused


async def test_a_subscription_comes_back_after_a_lost_connection(
    bus: RabbitBus, rabbitmq: VirtualHost, rabbitmq_server: RabbitServer
) -> None:
    subscription = await bus.subscribe(QUEUE)
    await bus.publish([announcement(1), announcement(2)])
    before = await subscription.batch(1, PATIENCE_S)
    await cut(rabbitmq_server, await connections(rabbitmq_server, rabbitmq))
    await publish_until_taken(bus, [announcement(3)])
    after = []
    while len(after) < 3:
        batch = await subscription.batch(10, PATIENCE_S)
        assert batch
        after += batch
    assert {d.message.body for d in after} == {b"1", b"2", b"3"}
    await subscription.acknowledge(before)
    await subscription.acknowledge(after)
    await subscription.close()
    assert await bus.depth(QUEUE) == 0


async def test_a_connection_that_is_lost_while_it_is_prepared_is_made_again(
    rabbitmq: VirtualHost,
) -> None:
    prepared: list[Connection] = []

    async def prepare(connection: Connection) -> None:
        prepared.append(connection)
        if len(prepared) == 1:
            await connection.close()

    link = Link(rabbitmq.url, prepare)
    await link.start()
    async with asyncio.timeout(PATIENCE_S):
        while len(prepared) < 2:
            await asyncio.sleep(0.05)
    await (await link.connection.open_channel()).close()
    await link.close()


async def test_a_publish_that_was_cut_off_is_not_called_confirmed(
    bus: RabbitBus, rabbitmq: VirtualHost, rabbitmq_server: RabbitServer
) -> None:
    names = await connections(rabbitmq_server, rabbitmq)
    publishing = asyncio.create_task(bus.publish([announcement(n) for n in range(30_000)]))
    await asyncio.sleep(0.1)
    await cut(rabbitmq_server, names)
    with pytest.raises(BusUnavailable):
        await publishing


async def test_a_deleted_queue_is_declared_again(
    bus: RabbitBus, rabbitmq: VirtualHost, rabbitmq_server: RabbitServer
) -> None:
    subscription = await bus.subscribe("scheduler.wake")
    rabbitmq_server.manage("DELETE", f"queues/{rabbitmq.name}/scheduler.wake")
    hint = Message("dsm.event", "dataset.closed", b"{}")
    async with asyncio.timeout(PATIENCE_S):
        while not await subscription.batch(1, 0.1):
            await publish_until_taken(bus, [hint])


async def test_policies_are_verified_where_they_are_in_force(rabbitmq: VirtualHost) -> None:
    where = (rabbitmq.management_url, rabbitmq.name)
    missing = await policies.verify(PENSTOCK, *where)
    assert len(missing) == len(PENSTOCK.queues) + sum(not q.wake for q in PENSTOCK.queues)
    await policies.apply(PENSTOCK, *where)
    await policies.apply(PENSTOCK, *where)
    assert await policies.verify(PENSTOCK, *where) == []


async def test_a_rival_policy_is_found(
    rabbitmq: VirtualHost, rabbitmq_server: RabbitServer
) -> None:
    where = (rabbitmq.management_url, rabbitmq.name)
    await policies.apply(PENSTOCK, *where)
    rival = {"pattern": "^dsm.daq$", "definition": {"max-length": 5}, "priority": 99}
    rabbitmq_server.manage("PUT", f"policies/{rabbitmq.name}/rival", rival)
    [complaint] = await policies.verify(PENSTOCK, *where)
    assert "'dsm.daq' has 'rival' in force" in complaint


async def test_a_broker_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(BusUnavailable):
        await RabbitBus(PENSTOCK, "amqp://guest:guest@127.0.0.1:9/x").start()


async def test_a_wrong_password_is_unavailable_and_not_shown(rabbitmq: VirtualHost) -> None:
    url = rabbitmq.url.replace("guest:guest", "guest:wr0ng")
    with pytest.raises(BusUnavailable) as caught:
        await RabbitBus(PENSTOCK, url).start()
    assert "wr0ng" not in str(caught.value)


def test_an_address_that_is_no_amqp_url_is_refused() -> None:
    with pytest.raises(InvalidInput, match="AMQP URL"):
        RabbitBus(PENSTOCK, "http://localhost")


async def test_what_comes_to_one_topic_reaches_the_daqs_queue_by_one_binding(
    bus: RabbitBus, rabbitmq: VirtualHost, rabbitmq_server: RabbitServer
) -> None:
    """As RabbitMQ's STOMP plugin brings ePIC's /topic/epictopic; docs/reference/messages.md."""
    host = quote(rabbitmq.name, safe="")
    place = f"bindings/{host}/e/amq.topic/e/daq"
    rabbitmq_server.manage("POST", place, {"routing_key": "epictopic", "arguments": {}})
    body = {"properties": {}, "routing_key": "epictopic", "payload_encoding": "string"}
    body["payload"] = '{"msg_type": "start_run", "run_id": "7"}'
    rabbitmq_server.manage("POST", f"exchanges/{host}/amq.topic/publish", body)

    subscription = await bus.subscribe("dsm.daq")
    (delivery,) = await subscription.batch(1, PATIENCE_S)
    assert delivery.message.routing_key == "epictopic"
    assert delivery.message.body == b'{"msg_type": "start_run", "run_id": "7"}'


async def test_the_management_api_tells_how_queues_stand(rabbitmq: VirtualHost) -> None:
    managed = RabbitBus(PENSTOCK, rabbitmq.url, management_url=rabbitmq.management_url)
    await managed.start()
    subscription = await managed.subscribe("scheduler.wake")
    await managed.publish([announcement(n) for n in range(3)])
    # What it tells is some seconds old.
    async with asyncio.timeout(30):
        while True:
            states = {state.name: state for state in await managed.queues()}
            seen = (states[QUEUE].ready, states["scheduler.wake"].consumers)
            if seen == (3, 1):
                break
            await asyncio.sleep(0.2)
    assert states[QUEUE].in_per_s is not None
    assert states[f"{QUEUE}.dead"].is_dead_letter
    await subscription.close()
    await managed.close()
