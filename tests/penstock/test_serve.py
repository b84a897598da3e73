"""What is served answers at once, on a port or a file, and to the end."""

import asyncio
import time

import httpx2
import pytest

from penstock.serve import Door, listening, serving_on


def test_an_answer_does_not_wait_for_an_acknowledgement(system):
    with httpx2.Client(base_url=system.url, trust_env=False) as http:
        fastest_s = min(_answered_within_s(http) for _ in range(20))
    assert fastest_s < 0.03, "Nagle's algorithm would hold each answer for 40 ms"


def _answered_within_s(http: httpx2.Client) -> float:
    began = time.perf_counter()
    assert http.get("/health/live").status_code == 200
    return time.perf_counter() - began


async def test_a_server_that_ends_answers_on_until_its_clients_have_let_go():
    with listening(0) as listener:
        served = serving_on(listener, _hello, drain_s=5)
        url = await served.__aenter__()
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
            assert "connection" not in (await http.get("/")).headers
            ending = asyncio.create_task(served.__aexit__(None, None, None))
            await asyncio.sleep(0.3)
            last = await http.get("/")  # by the connection that it has
            assert (last.text, last.headers["connection"]) == ("hello", "close")
            await asyncio.wait_for(ending, 2)  # and no longer: nobody is connected
            with pytest.raises(httpx2.ConnectError):
                await http.get("/")


async def test_a_process_answers_on_a_socket_of_its_own_too(tmp_path):
    with Door(own=tmp_path / "own").listeners() as (first, own):
        async with serving_on(first, _hello, own) as url:
            reader, writer = await asyncio.open_unix_connection(tmp_path / "own")
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert (await reader.read()).endswith(b"hello")
            writer.close()
            await writer.wait_closed()
            async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
                assert (await http.get("/")).text == "hello"


async def _hello(scope, receive, send):
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})
