"""What every REST face answers to what it cannot read."""

import httpx2
import pytest

from penstock_core.contracts.base import Frozen
from penstock_core.tokens import Verifier
from penstock_core.web import new_app


class Thing(Frozen):
    name: str


@pytest.fixture
def http():
    app = new_app("test", Verifier("", "test"), prefix="/here")

    @app.post("/here/thing")
    async def thing(body: Thing) -> str:
        return body.name

    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("{bad", "line 1 column 2"),
        ('{"a": x}', "line 1 column 7"),
        ('{"a": 1,\n  "b": x}', "line 2 column 8"),
        ('{"a": 1', "line 1 column 8"),
    ],
)
async def test_a_body_that_is_no_json_is_told_with_its_place(http, body, place):
    async with http:
        headers = {"content-type": "application/json"}
        answer = await http.post("/here/thing", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"the body is not JSON: {place}: ")
    assert answer.json()["field"] == ""


async def test_a_wrong_field_is_named_with_the_page_that_lists_it(http):
    async with http:
        answer = await http.post("/here/thing", json={"name": 3})
        nowhere = await http.get("/here/nothing")
    assert answer.json()["field"] == "name"
    assert "/here/openapi.json" in answer.json()["hint"]
    assert "/here/openapi.json" in nowhere.json()["hint"]
