"""``penstock cluster``: started, looked at, restarted and stopped as the handbook says."""

import asyncio
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import httpx2
import pytest
from tests.servers.rabbitmq import VirtualHost

from penstock.cluster import Cluster, Member, replicas
from penstock.one_service import NAMES
from penstock.services import ROOMS, url_variable
from penstock.template_file import read_template
from penstock_core.bus.local import LocalBus
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import NewStorage
from penstock_core.contracts.intake import PostedMessage
from penstock_core.contracts.services import ServiceRow
from penstock_core.errors import InvalidInput, NotFound
from penstock_core.service import House
from penstock_core.settings import HouseSettings
from penstock_core.topology import PENSTOCK

pytestmark = pytest.mark.servers
KILLED = (
    ("task-generator", "dsm", "pilot", "template-manager"),
    ("task-manager", "scheduler", "data-access", "dsm-inspector", "front", "auditor"),
)
"""Together, one after the other; supervisord starts them again."""
RESTARTED = ("front", "data-access", "dsm", "pilot", "template-manager", "task-generator")
CHAINS = 12


class Here:
    """The command, in a folder whose environment names real servers."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = os.environ | environment
        self.port = str(_free_block(len(NAMES)))

    def run(self, *words: str, code: int = 0) -> str:
        line = [sys.executable, "-m", "penstock", "cluster", *words, "--data-dir", str(self.folder)]
        if words[0] != "logs":
            line += ["--port", self.port]
        done = subprocess.run(
            line, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == code, done.stderr[-3000:]
        return done.stdout + (done.stderr if code else "")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def status(self) -> tuple[Member, ...]:
        return Cluster(self.folder, int(self.port)).status()

    def clients(self) -> HouseClients:
        faces = dict.fromkeys(("data_access_url", "dsm_url", "pilot_url"), self.url)
        settings = HouseSettings(data_dir=self.folder).model_copy(update=faces)
        house = House(settings, LocalBus(PENSTOCK, self.folder / "unused.db"))
        return HouseClients(house, "operator")


def _free_block(count: int) -> int:
    """Return a port with ``count`` free ones from it on."""
    for first in range(21000, 30000, 20):
        try:
            for port in range(first, first + count):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


@pytest.fixture
def here(tmp_path: Path, rabbitmq: VirtualHost, database_url: str) -> Iterator[Here]:
    given = {
        "PENSTOCK_BROKER_URL": rabbitmq.url,
        "PENSTOCK_MANAGEMENT_URL": rabbitmq.management_url,
        "PENSTOCK_DATABASE_URL": database_url,
        "PENSTOCK_RECONCILE_EVERY_S": "1",
    }
    made = Here(tmp_path / "data", given)
    yield made
    if (made.folder / "cluster" / "supervisord.pid").exists():
        made.run("stop")


async def test_a_cluster_is_started_killed_restarted_and_stopped(
    here: Here, templates: Path, eventually: Callable
) -> None:
    assert "No cluster runs" in here.run("status", code=1)
    started = json.loads(here.run("start", "--json"))
    assert {one["name"] for one in started} == set(NAMES)
    assert all(one["ready"] for one in started)
    assert "runs already" in here.run("start", code=1)
    assert "data-access answers at" in here.run("logs", "data-access")
    assert {one["name"] for one in json.loads(here.run("status", "--json"))} == set(NAMES)
    await _chains_run_whatever_is_killed(here, templates, eventually)
    last = here.status()
    here.run("stop")
    assert "No cluster runs" in here.run("status", code=1)
    assert not [one for one in last if Path(f"/proc/{one.pid}").exists()]
    configuration = (here.folder / "cluster" / "supervisord.conf").read_text()
    assert here.environment["PENSTOCK_BROKER_URL"] not in configuration


async def _chains_run_whatever_is_killed(here: Here, templates: Path, eventually: Callable) -> None:
    async with here.clients() as clients:
        files, storage = await _ready_for_chains(here, clients, templates)
        for run, names in enumerate(KILLED):
            await clients.dsm.post_messages(
                "dsm.register", "dataset.input", [_announced(files, storage, run)]
            )
            pids = {one.pid for one in here.status() if one.name in names}
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            _until_ready(here, pids)
        await _each_chain_has_run_once(clients, len(KILLED), eventually)
        await eventually(clients.data_access.services, _each_started_twice, 30)
        for member in here.status():
            told = httpx2.get(f"{member.url}/metrics", trust_env=False)
            assert "process_resident_memory_bytes" in told.text, member.name


async def test_replicas_share_the_work_and_are_restarted_under_load_without_an_error(
    here: Here, templates: Path, eventually: Callable
) -> None:
    here.run("start", "--replicas", "2", "--replicas", "dsm=1", "--wait-s", "140")
    assert Counter(one.name for one in here.status()) == _each(2, dsm=1, pilot=1)
    here.run("scale", "dsm=2", "auditor=1", "dsm-inspector=1", "scheduler=1")
    before = {one.pid for one in here.status()}
    async with here.clients() as clients:
        files, storage = await _ready_for_chains(here, clients, templates)
        announced = partial(_announced, files, storage)
        load = asyncio.create_task(_load(clients, here.url, announced))
        await asyncio.to_thread(here.run, "restart", *RESTARTED)
        counts = Counter(one.name for one in here.status() if one.pid not in before)
        assert counts == {name: 1 if name == "pilot" else 2 for name in RESTARTED}
        load.cancel()
        with pytest.raises(asyncio.CancelledError):
            await load  # any error of a request would be raised here
        await _each_chain_has_run_once(clients, CHAINS, eventually)


async def _ready_for_chains(here: Here, clients: HouseClients, templates: Path) -> tuple[Path, str]:
    await clients.data_access.create_template(read_template(templates / "md5" / "template.yaml"))
    files = here.folder.parent
    storage = await clients.dsm.create_storage(NewStorage(name="in", base=str(files)))
    return files, storage.uid


async def _each_chain_has_run_once(clients: HouseClients, count: int, eventually: Callable) -> None:
    await eventually(
        clients.data_access.spd_tasks,
        lambda tasks: [task.status for task in tasks] == ["FINISHED"] * count,
        90,
    )
    page = await eventually(
        lambda: clients.dsm.datasets(),
        lambda page: [d.state for d in page.items] == ["CLOSED"] * 3 * count,
        30,
    )
    assert [d.files for d in page.items] == [2] * 3 * count


def _each(count: int, **others: int) -> dict[str, int]:
    return dict.fromkeys(NAMES, count) | others


async def _load(clients: HouseClients, url: str, announced: Callable[[int], PostedMessage]) -> None:
    """Read and write through the front without end, by connections that are kept and new ones."""
    for number in count():
        if number < CHAINS:
            await clients.dsm.post_messages("dsm.register", "dataset.input", [announced(number)])
        await clients.data_access.spd_tasks()
        await clients.data_access.services()
        await clients.dsm.datasets()
        await clients.pilot.live_jobs()
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as new:
            (await new.get("/ui/sign-in", follow_redirects=True)).raise_for_status()
        await asyncio.sleep(0.1)


def _each_started_twice(page: Page[ServiceRow]) -> bool:
    """Return whether each service has a row for both of its starts, and is ready in the second."""
    rows = sorted(page.items, key=lambda row: (row.name, row.started_at))
    names = [row.name for row in rows]
    assert len(set(zip(names, (row.pid for row in rows), strict=True))) == len(rows)
    second = [row.state for row in rows[1::2]]
    return names == sorted(2 * [r.name for r in ROOMS]) and set(second) == {"READY"}


def _announced(folder: Path, storage: str, run: int) -> PostedMessage:
    files = []
    for number in range(2):
        path = folder / f"{run}.{number}.raw"
        path.write_text(f"file {number} of {run}")
        checksum = hashlib.md5(path.read_bytes()).hexdigest()
        told = {"storageId": storage, "path": str(path), "size": path.stat().st_size}
        files.append(told | {"checksum": checksum})
    body = {"datasetName": f"run{run}.md5.raw", "files": files, "closed": True}
    return PostedMessage(body=body)


def _until_ready(here: Here, gone: Collection[int]) -> None:
    """Return once each process is ready, and none of them is of those that are gone."""
    deadline = time.monotonic() + 60
    while True:
        found = here.status()
        if all(one.ready and one.pid not in gone for one in found):
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_without_servers_nothing_is_started(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("PENSTOCK_BROKER_URL", raising=False)
    with pytest.raises(InvalidInput, match="PENSTOCK_BROKER_URL, PENSTOCK_DATABASE_URL"):
        Cluster(tmp_path / "data").start({}, 1, lambda _ready, _all: None)
    assert not (tmp_path / "data").exists()
    with pytest.raises(NotFound, match="no service 'x'"):
        Cluster(tmp_path).logs("x")


def test_replicas_are_said_for_all_or_by_name() -> None:
    assert replicas(["dsm=3"]) == {"dsm": 3}
    assert replicas(["2", "dsm=3"]) == _each(2, dsm=3, pilot=1)
    with pytest.raises(InvalidInput, match="one pilot at a time"):
        replicas(["pilot=2"])
    for wrong in ("0", "dsm=", "dsm=99", "-1"):
        with pytest.raises(InvalidInput, match="no number of replicas"):
            replicas([wrong])
    with pytest.raises(NotFound, match="no service 'x'"):
        replicas(["x=1"])


def test_a_service_without_servers_says_what_is_missing(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "penstock", "serve", "dsm", "--data-dir", str(tmp_path)]
    told = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert told.returncode != 0
    assert "PENSTOCK_BROKER_URL, PENSTOCK_DATABASE_URL" in told.stderr
    wrong = subprocess.run([*line[:4], "dms"], capture_output=True, text=True, timeout=60)
    assert "There is no service 'dms'" in wrong.stderr


def test_a_service_that_waits_for_others_ends_when_it_is_told_to(tmp_path: Path) -> None:
    given = {"PENSTOCK_BROKER_URL": "amqp://x", "PENSTOCK_DATABASE_URL": "postgresql+psycopg://x"}
    given |= {url_variable(room): "http://127.0.0.1:9" for room in ROOMS}
    line = [sys.executable, "-m", "penstock.one_service", "dsm", "--data-dir", str(tmp_path)]
    with subprocess.Popen(
        line, env=os.environ | given, stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stderr is not None
        assert "waits for data-access to make" in waiting.stderr.readline()
        waiting.terminate()
        assert waiting.wait(20) == 0
