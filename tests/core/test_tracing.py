"""One trace: from the request to the message, its handler, the calls it makes, the logs."""

import asyncio
import contextlib
import json
import logging

import httpx2

from penstock_core.bus import Delivery, Message
from penstock_core.bus.local import LocalBus
from penstock_core.clients import RestClient
from penstock_core.dispatch import DONE, Outcome, consume
from penstock_core.logs import JsonLines
from penstock_core.tokens import Verifier
from penstock_core.topology import Binding, Exchange, Queue, Topology
from penstock_core.tracing import common, new_traceparent, trace_id, traceparent, tracing
from penstock_core.web import new_app

TOPOLOGY = Topology((Exchange("daq", "topic"),), (Queue("q", (Binding("daq", "#"),)),))


def test_what_is_no_trace_begins_a_new_one() -> None:
    for received in ("", "nonsense", "00-xyz-1-01"):
        with tracing(received):
            assert len(trace_id()) == 32
    assert traceparent() == ""


def test_a_batch_has_a_trace_only_if_it_is_one() -> None:
    assert common(["a", "a"]) == "a"
    assert common(["a", "b"]) == ""


def test_every_log_line_carries_it() -> None:
    record = logging.makeLogRecord({"msg": "hello", "run": 7})
    with tracing(given := new_traceparent()):
        line = json.loads(JsonLines("dsm").format(record))
    assert line["trace.id"] == given.split("-")[1]
    assert (line["service.name"], line["message"], line["run"]) == ("dsm", "hello", 7)


def test_a_log_line_is_called_as_elasticsearch_and_opensearch_know_it() -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        found = (type(error), error, error.__traceback__)
    record = logging.makeLogRecord({"msg": "no", "levelname": "ERROR", "exc_info": found})
    line = json.loads(JsonLines("dsm").format(record))
    assert line["log.level"] == "ERROR"
    assert line["@timestamp"].endswith("+00:00")
    assert line["error.stack_trace"].endswith("ZeroDivisionError")
    assert line.keys() >= {"host.name", "service.name", "service.version", "log.logger"}


async def test_it_goes_from_request_to_message_to_handler_to_call() -> None:
    seen: list[str] = []
    bus = LocalBus(TOPOLOGY, ":memory:")
    await bus.start()
    app = new_app("test", Verifier("", "test"))

    @app.post("/publish")
    async def publish() -> None:
        await bus.publish([Message.of_json("daq", "stf_gen", {})])

    @app.get("/called")
    async def called() -> None:
        seen.append(traceparent())

    http = httpx2.AsyncClient(base_url="http://test", transport=httpx2.ASGITransport(app=app))
    client = RestClient(http)

    async def handle(deliveries: list[Delivery]) -> list[Outcome]:
        await client.call("GET", "/called", None)
        return [DONE] * len(deliveries)

    consumer = asyncio.create_task(consume(bus, "q", handle))
    with tracing(given := new_traceparent()):
        await client.call("POST", "/publish", None)
    async with asyncio.timeout(5):
        while not seen:
            await asyncio.sleep(0.01)
    consumer.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await consumer
    await client.close()
    await bus.close()
    assert seen == [given]
