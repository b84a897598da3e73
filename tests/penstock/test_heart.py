"""The heart of a process: it tells how services stand, and goes on whatever it meets."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY

from penstock.heart import heart
from penstock.loops import running
from penstock_core.bus.local import LocalBus
from penstock_core.bus.port import Message
from penstock_core.reconciler import Reconciler
from penstock_core.service import House, Service
from penstock_core.settings import HouseSettings
from penstock_core.tokens import Verifier
from penstock_core.topology import PENSTOCK
from penstock_core.web import add_readiness, new_app


class Told:
    """A door that takes heartbeats, unless it is broken."""

    def __init__(self) -> None:
        self.beats: list[list[dict[str, Any]]] = []
        self.refused = 0
        self.is_broken = False
        self.app = new_app("twin of data-access", Verifier("", "x"))
        self.app.add_api_route("/auth/service/token", self._sign_in, methods=["POST"])
        self.app.add_api_route("/services", self._take, methods=["PUT"])

    async def _sign_in(self) -> dict[str, Any]:
        return {"access_token": "t", "expires_in": 900}

    async def _take(self, body: list[dict[str, Any]]) -> None:
        if self.is_broken:
            self.refused += 1
            raise ZeroDivisionError
        self.beats.append(body)

    @property
    def states(self) -> list[str]:
        return [body[0]["state"] for body in self.beats]


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not seen():
            await asyncio.sleep(0.005)


async def a_house(folder: Path, door: Told) -> House:
    settings = HouseSettings(data_dir=folder)
    settings.secret_file("beaten").parent.mkdir()
    settings.secret_file("beaten").write_text("secret")
    bus = LocalBus(PENSTOCK, ":memory:")
    await bus.start()
    return House(settings, bus, {"data-access": door.app})


async def test_it_tells_from_starting_to_stopping_with_reasons(tmp_path: Path) -> None:
    door, waits_for = Told(), {"database": "away"}
    house = await a_house(tmp_path, door)
    app = new_app("Penstock beaten", Verifier("", "x"))

    async def ready() -> dict[str, str]:
        return dict(waits_for)

    add_readiness(app, ready)
    async with (
        heart(house, [Service("beaten", app)], "beaten", 0.01) as beating,
        running([beating]),
    ):
        await until(lambda: door.states[-1:] == ["STARTING"])
        assert door.beats[0][0]["waits_for"] == {"database": "away"}
        waits_for.clear()
        await until(lambda: door.states[-1:] == ["READY"])
        waits_for["broker"] = "away"
        await until(lambda: door.states[-1:] == ["WAITING"])
    assert door.states[-1] == "STOPPING"
    assert len({body[0]["instance"] for body in door.beats}) == 1
    await house.bus.close()


async def test_one_that_cannot_be_sent_stops_nothing(tmp_path: Path) -> None:
    door = Told()
    house = await a_house(tmp_path, door)
    door.is_broken = True
    async with (
        heart(house, [Service("beaten")], "beaten", 0.01) as beating,
        running([beating]) as stopped,
    ):
        await until(lambda: door.refused > 2)
        door.is_broken = False
        await until(lambda: len(door.beats) > 1)
        assert not stopped.done()
    await house.bus.close()


async def test_a_loop_that_fails_is_a_reason_until_it_goes_on(tmp_path: Path) -> None:
    door, faults = Told(), [ZeroDivisionError("no"), ZeroDivisionError("no")]
    house = await a_house(tmp_path, door)

    async def work() -> bool:
        if faults and door.beats:
            raise faults.pop()
        return False

    loop = Reconciler("beaten:loop", work, 0.01, 0.01)
    service = Service("beaten", loops=(loop.run,))
    async with (
        heart(house, [service], "beaten", 0.01) as beating,
        running([service, beating]),
    ):
        await until(lambda: "WAITING" in door.states)
        told = door.beats[door.states.index("WAITING")][0]
        assert told["waits_for"] == {"beaten:loop": "ZeroDivisionError: no"}
        await until(lambda: door.states[-1] == "READY")
    await house.bus.close()


async def test_it_measures_what_waits_on_the_queues_of_its_services(tmp_path: Path) -> None:
    house = await a_house(tmp_path, Told())
    await house.bus.publish([Message.of_json("daq", "stf_ready", {}, message_id="1")])
    waiting = {"queue": "dsm.daq"}
    async with heart(house, [Service("dsm")], "beaten") as beating, running([beating]):
        await until(lambda: REGISTRY.get_sample_value("penstock_queue_messages", waiting) == 1)
    await house.bus.close()
