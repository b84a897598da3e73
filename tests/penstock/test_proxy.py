"""A face in another process: what is asked of it arrives whole, and so does what it answers."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from penstock.proxy import Proxy


@pytest.fixture
def behind() -> FastAPI:
    app = FastAPI()

    @app.api_route("/{rest:path}", methods=["GET", "POST"])
    async def answer(request: Request, rest: str) -> StreamingResponse:
        body = await request.body()

        async def parts() -> Any:
            yield request.scope["raw_path"] + b"?" + request.scope["query_string"] + b" "
            yield body

        headers = {"x-host": request.headers["host"], "set-cookie": "a=b"}
        return StreamingResponse(parts(), 201, headers)

    return app


def through(http: httpx2.AsyncClient) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(Proxy(http))
    return httpx2.AsyncClient(transport=transport, base_url="http://front.test")


async def test_all_of_a_request_goes_on_and_all_of_the_answer_comes_back(behind: FastAPI) -> None:
    there = httpx2.ASGITransport(behind)
    async with (
        httpx2.AsyncClient(transport=there, base_url="http://dsm.test") as http,
        through(http) as client,
    ):
        answer = await client.post("/a%2Fb/c?x=1&y=%20", content=b"z" * 100_000)
        assert answer.status_code == 201
        assert answer.content == b"/a%2Fb/c?x=1&y=%20 " + b"z" * 100_000
        assert answer.headers["x-host"] == "front.test"
        assert answer.headers["set-cookie"] == "a=b"
        assert (await client.get("/plain")).content == b"/plain? "


async def test_where_nobody_answers_it_says_so_and_when_to_try_again() -> None:
    async with httpx2.AsyncClient(base_url="http://127.0.0.1:9") as http, through(http) as client:
        answer = await client.get("/x")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "http://127.0.0.1:9 does not answer" in answer.json()["detail"]
