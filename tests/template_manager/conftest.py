from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tests.template_manager import told, twins

from penstock_core.bus.local import LocalBus
from penstock_core.service import House
from penstock_core.settings import HouseSettings
from penstock_core.tokens import AUDIENCES, Signer, Verifier, make_key_pair
from penstock_core.topology import PENSTOCK
from template_manager.service import open_service

ORIGIN = "http://penstock.test"


@pytest.fixture
def facts() -> told.Facts:
    return told.Facts()


@pytest.fixture
def house(tmp_path: Path, facts: told.Facts) -> House:
    settings = HouseSettings(data_dir=tmp_path)
    private = tmp_path / "keys" / "private.pem"
    make_key_pair(private, settings.public_key)
    signer, public = Signer(private.read_text()), settings.public_key.read_text()
    house = House(settings, LocalBus(PENSTOCK, tmp_path / "bus.db"))
    house.doors["data-access"] = twins.data_access(facts, signer, Verifier(public, AUDIENCES[0]))
    house.doors["dsm"] = twins.dsm(facts, Verifier(public, AUDIENCES[1]))
    return house


@pytest.fixture
async def stranger(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser in which nobody is signed in; it sends Origin as browsers do."""
    async with open_service(house) as service:
        assert service.app is not None
        transport = httpx2.ASGITransport(app=service.app)
        async with httpx2.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}
        ) as client:
            yield client


@pytest.fixture
async def visitor(stranger: httpx2.AsyncClient) -> httpx2.AsyncClient:
    form = {"username": told.EMAIL, "password": told.PASSWORD}
    answer = await stranger.post("/ui/sign-in", data=form)
    assert answer.status_code == 303
    return stranger
