"""What a face tells Prometheus: by templates of routes, never by names of data."""

import httpx2
import pytest
from prometheus_client import REGISTRY

from penstock_core.reconciler import Reconciler
from penstock_core.tokens import Verifier
from penstock_core.web import new_app


@pytest.fixture
def face() -> httpx2.AsyncClient:
    app = new_app("Penstock measured", Verifier("", "x"))

    @app.get("/thing/{name}")
    async def thing(name: str) -> str:
        return str(1 / len(name.strip("0")))

    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://measured")


def requests(route: str, status: int, method: str = "GET") -> float:
    labels = {"service": "measured", "method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("penstock_http_request_seconds_count", labels) or 0


async def test_requests_are_counted_by_the_template_of_their_route(face) -> None:
    before = requests("/thing/{name}", 200)
    for name in ("run.1", "run.2"):
        await face.get(f"/thing/{name}")
    assert requests("/thing/{name}", 200) == before + 2
    told = (await face.get("/metrics")).text
    assert "run.1" not in told
    await face.aclose()


async def test_a_defect_counts_as_500_and_what_meets_no_route_makes_no_label(face) -> None:
    before = requests("/thing/{name}", 500), requests("none", 404), requests("none", 404, "other")
    await face.get("/thing/0")
    await face.get("/nowhere/run.3")
    await face.request("WHATEVER", "/nowhere")
    after = requests("/thing/{name}", 500), requests("none", 404), requests("none", 404, "other")
    assert after == tuple(count + 1 for count in before)
    await face.aclose()


async def test_metrics_need_no_token(face) -> None:
    answer = await face.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    await face.aclose()


def test_a_loop_is_known_before_its_first_look() -> None:
    async def work() -> bool:
        return False

    Reconciler("measured:loop", work, 1)
    assert REGISTRY.get_sample_value("penstock_loop_failures_total", {"loop": "measured:loop"}) == 0
