"""Publishing over HTTP: repeated through an outage, stopped by a refusal."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from daqsim.cli import Door, open_publisher
from daqsim.publisher import BusPublisher, HttpPublisher
from penstock_core.bus import Message
from penstock_core.clients import DsmClient, ServiceTokens
from penstock_core.errors import BusUnavailable, InvalidMessage, NotAuthenticated


class House:
    """A small HTTP server: gives tokens, and answers posts with the statuses it is told."""

    def __init__(self, *statuses: int, accepts: str = "") -> None:
        self.statuses = list(statuses)
        self.taken: list[tuple[str, list[dict]]] = []
        self.tokens = 0
        self._accepts = accepts

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        path = head.split(" ")[1]
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        status, answer = self._answer(path, headers, body)
        content = json.dumps(answer).encode()
        writer.write(
            f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n"
            f"content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def _answer(self, path: str, headers: dict, body: object) -> tuple[int, dict]:
        if path == "/auth/service/token":
            assert body == {"service": "daq", "secret": "hush"}
            self.tokens += 1
            return 200, {"access_token": f"t{self.tokens}", "expires_in": 900}
        if self._accepts and headers["authorization"] != f"bearer {self._accepts}":
            return 401, {"error": "NotAuthenticated", "detail": "expired"}
        status = self.statuses.pop(0) if self.statuses else 202
        if status == 202:
            self.taken.append((path, body))
            return 202, {}
        return status, {"error": "InvalidMessage", "detail": "no"} if status == 422 else {}

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[int]:
        server = await asyncio.start_server(self.handle, "127.0.0.1", port)
        async with server:
            yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def publisher(port: int, secret: Path) -> AsyncIterator[HttpPublisher]:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        tokens = ServiceTokens(http, "daq", secret)
        yield HttpPublisher(DsmClient(http, tokens), longest_wait_s=0.05)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "daq"
    file.write_text("hush\n")
    return file


def messages(*keys: str) -> list[Message]:
    return [Message.of_json("daq", key, {"n": n}) for n, key in enumerate(keys)]


async def test_messages_are_posted_in_order_with_their_ids(secret: Path):
    house, sent = House(), messages("stf_gen", "stf_gen", "end_run")
    async with house.open() as port, publisher(port, secret) as out:
        await out.publish(sent)
    assert [path for path, _ in house.taken] == [
        "/api/v1/messages/daq/stf_gen",
        "/api/v1/messages/daq/end_run",
    ]
    items = [item for _, batch in house.taken for item in batch]
    assert [item["body"] for item in items] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert [item["message_id"] for item in items] == [m.message_id for m in sent]
    assert all(item["timestamp"] for item in items)


async def test_it_is_tried_again_until_it_is_taken(secret: Path):
    house = House(503, 500, 503)
    async with house.open() as port, publisher(port, secret) as out:
        await out.publish(messages("stf_gen"))
    assert len(house.taken) == 1


async def test_a_house_that_is_not_there_yet_is_waited_for(secret: Path):
    house = House()
    async with House().open() as port:
        pass
    async with publisher(port, secret) as out:
        sending = asyncio.create_task(out.publish(messages("stf_gen")))
        await asyncio.sleep(0.2)
        assert not sending.done()
        async with house.open(port):
            await sending
    assert len(house.taken) == 1


async def test_a_refused_token_is_renewed_once(secret: Path):
    house = House(accepts="t2")
    async with house.open() as port, publisher(port, secret) as out:
        await out.publish(messages("stf_gen"))
    assert (len(house.taken), house.tokens) == (1, 2)


async def test_a_second_refusal_of_the_token_is_an_error(secret: Path):
    house = House(accepts="t9")
    async with house.open() as port, publisher(port, secret) as out:
        with pytest.raises(NotAuthenticated, match="expired"):
            await out.publish(messages("stf_gen"))
    assert house.tokens == 2


async def test_a_refused_message_is_an_error_at_once(secret: Path):
    house = House(422)
    async with house.open() as port, publisher(port, secret) as out:
        with pytest.raises(InvalidMessage, match="no"):
            await out.publish(messages("stf_gen"))
    assert house.taken == []


async def test_a_secret_that_is_not_there_is_named(tmp_path: Path):
    async with House().open() as port, publisher(port, tmp_path / "none") as out:
        with pytest.raises(NotAuthenticated, match="cannot be read"):
            await out.publish(messages("stf_gen"))


async def test_the_command_line_opens_the_same_door(secret: Path):
    house = House()
    async with house.open() as port:
        url = f"http://127.0.0.1:{port}"
        async with open_publisher(Door(url, url, secret)) as out:
            await out.publish(messages("stf_gen"))
    assert len(house.taken) == 1


class Restarting:
    """A bus that is away twice, and then there."""

    def __init__(self) -> None:
        self.calls = 0

    async def publish(self, messages: list[Message]) -> None:
        self.calls += 1
        if self.calls < 3:
            raise BusUnavailable("The broker restarts.")


async def test_an_outage_of_the_bus_is_waited_out():
    bus = Restarting()
    await BusPublisher(bus, longest_wait_s=0.01).publish(messages("stf_gen"))
    assert bus.calls == 3
