"""Doors: what is in this process is called in this process, all else over the network."""

from pathlib import Path

import pytest

from penstock_core.bus.local import LocalBus
from penstock_core.clients import RestClient
from penstock_core.errors import Defect, ServiceUnavailable
from penstock_core.service import House
from penstock_core.settings import HouseSettings
from penstock_core.tokens import Verifier
from penstock_core.topology import Topology
from penstock_core.web import new_app


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one door."""
    bus = LocalBus(Topology((), ()), ":memory:")
    return House(HouseSettings(data_dir=tmp_path), bus, {"dsm": new_app("dsm", Verifier("", "x"))})


async def test_a_service_of_this_process_is_called_inside_it(house: House) -> None:
    client = RestClient(house.http("http://dsm"))
    assert await client.call("GET", "/health/live", dict) == {"status": "alive"}
    await client.close()


async def test_a_door_may_open_after_its_client_was_made(house: House) -> None:
    client = RestClient(house.http("http://pilot"))
    house.doors["pilot"] = house.doors["dsm"]
    assert await client.call("GET", "/health/live", dict) == {"status": "alive"}
    await client.close()


async def test_what_does_not_answer_is_retriable_and_named(house: House) -> None:
    client = RestClient(house.http("http://127.0.0.1:9"))
    with pytest.raises(ServiceUnavailable, match=r"http://127.0.0.1:9/x - \[Errno 111\]"):
        await client.call("GET", "/x", dict)
    await client.close()


async def test_a_defect_behind_a_door_is_an_answer_and_no_exception_of_the_caller(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    app = new_app("broken", Verifier("", "x"))

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    house.doors["broken"] = app
    client = RestClient(house.http("http://broken"))
    with pytest.raises(Defect, match="GET /broken failed: ZeroDivisionError"):
        await client.call("GET", "/broken", None)
    await client.close()
    assert "ZeroDivisionError" in caplog.text
