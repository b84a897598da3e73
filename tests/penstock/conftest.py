"""A whole Penstock, served on a port from a thread, with its jobs held."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from penstock.cli import app
from penstock.cli.app import run
from penstock.client import Penstock
from penstock.house import open_house
from penstock.serve import serving
from penstock_core.settings import HouseSettings

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class System:
    """Where a running Penstock is, and its admin."""

    url: str
    data_dir: Path
    username: str
    password: str


class Served:
    """Opens the house in a thread of its own, as long as the tests need it."""

    def __init__(self, data_dir: Path) -> None:
        self._settings = HouseSettings(data_dir=data_dir, reconcile_every_s=0.2)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self.system: System | None = None

    def __enter__(self) -> System:
        self._thread.start()
        assert self._ready.wait(60)
        assert self.system is not None
        return self.system

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        try:
            async with (
                open_house(self._settings, hold_jobs=True) as house,
                serving(house.front, 0) as url,
            ):
                assert house.credentials is not None
                username, password = _pair(house.credentials)
                self.system = System(url, self._settings.data_dir, username, password)
                self._ready.set()
                await self._stop.wait()
        finally:
            self._ready.set()


def _pair(credentials: Any) -> tuple[str, str]:
    return credentials.username, credentials.password


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with Served(tmp_path_factory.mktemp("penstock")) as system:
        yield system


@pytest.fixture(scope="session")
def stocked(system: System) -> None:
    stock(system)


def stock(system: System) -> None:
    """Make a dataset that SPD's template takes, and one that nothing takes."""
    with Penstock(system.url, system.username, system.password) as penstock:
        penstock.upload(ROOT / "templates" / "spd" / "template.yaml")
        form = {"username": system.username, "password": system.password}
        token = httpx2.post(f"{system.url}/auth/jwt/login", data=form).json()["access_token"]
        names = ["run1.test.raw", "run2.other"]
        answer = httpx2.post(
            f"{system.url}/api/v1/dataset",
            json=[{"name": name, "producer": "daq"} for name in names],
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text
        deadline = time.monotonic() + 30
        while len(penstock.tasks()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def admin(system: System) -> Iterator[Penstock]:
    with Penstock(system.url, system.username, system.password) as penstock:
        yield penstock


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def command(capsys, monkeypatch, tmp_path) -> Callable[..., Ran]:
    """Run a command in this process, as somebody with an empty home."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)

    def run_command(*words: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["penstock", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            run(app)
        taken = capsys.readouterr()
        return Ran(left.value.code or 0, taken.out, taken.err)

    return run_command


@pytest.fixture
def signed_in(command, system, monkeypatch) -> Callable[..., Ran]:
    """Run commands as the admin, by environment variables."""
    monkeypatch.setenv("PENSTOCK_URL", system.url)
    monkeypatch.setenv("PENSTOCK_USERNAME", system.username)
    monkeypatch.setenv("PENSTOCK_PASSWORD", system.password)
    return command


@pytest.fixture
def templates() -> Path:
    return ROOT / "templates"
