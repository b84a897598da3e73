"""Every service its own process, on RabbitMQ and PostgreSQL; any of them may be killed."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from tests.servers.rabbitmq import VirtualHost

from penstock.one_service import FRONT, NAMES
from penstock.services import ROOMS
from penstock.template_file import read_template
from penstock_core.bus.local import LocalBus
from penstock_core.bus.policies import apply
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import NewStorage
from penstock_core.contracts.intake import PostedMessage
from penstock_core.service import House
from penstock_core.settings import HouseSettings
from penstock_core.topology import PENSTOCK

pytestmark = pytest.mark.servers
READY_WITHIN_S = 60


class Cluster:
    """The processes of all services, and what their environment says."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.ports = dict(zip(NAMES, _free_ports(len(NAMES)), strict=True))
        urls = {
            f"PENSTOCK_{room.name.replace('-', '_').upper()}_URL": self.url(room.name)
            for room in ROOMS
            if room.paths
        }
        self.environment = environment | urls | {"PENSTOCK_DATA_DIR": str(folder)}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, name: str) -> None:
        line = [sys.executable, "-m", "penstock", "serve", name, "--port", str(self.ports[name])]
        with (self.folder / f"{name}.log").open("ab") as log:
            environment = os.environ | self.environment
            self.processes[name] = subprocess.Popen(line, env=environment, stderr=log)

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self) -> list[int]:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        return [process.wait(30) for process in self.processes.values()]

    def until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        waiting = set(self.processes)
        while waiting:
            assert time.monotonic() < deadline, {n: self._log(n)[-2000:] for n in waiting}
            waiting = {name for name in waiting if not self._is_ready(name)}
            time.sleep(0.1)

    def _is_ready(self, name: str) -> bool:
        path = "/health/ready"
        try:
            return httpx2.get(self.url(name) + path, timeout=2).status_code == 200
        except httpx2.HTTPError:
            return False

    def _log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture
async def cluster(tmp_path: Path, rabbitmq: VirtualHost, database_url: str) -> Iterator[Cluster]:
    await apply(PENSTOCK, rabbitmq.management_url, rabbitmq.name)
    folder = tmp_path / "data"
    folder.mkdir()
    given = {"PENSTOCK_BROKER_URL": rabbitmq.url, "PENSTOCK_DATABASE_URL": database_url}
    made = Cluster(folder, given | {"PENSTOCK_RECONCILE_EVERY_S": "1"})
    for name in NAMES:
        made.start(name)
    try:
        made.until_ready()
        yield made
    finally:
        assert set(made.stop()) <= {0, -signal.SIGKILL}


async def test_a_chain_runs_whichever_services_are_killed(
    cluster: Cluster, tmp_path: Path, templates: Path, eventually: Callable
) -> None:
    settings = HouseSettings(data_dir=cluster.folder).model_copy(
        update={name: cluster.url(FRONT) for name in ("data_access_url", "dsm_url", "pilot_url")}
    )
    house = House(settings, LocalBus(PENSTOCK, tmp_path / "unused.db"))
    async with HouseClients(house, "operator") as clients:
        template = read_template(templates / "md5" / "template.yaml")
        await clients.data_access.create_template(template)
        storage = await clients.dsm.create_storage(NewStorage(name="in", base=str(tmp_path)))
        for run in range(4):
            await clients.dsm.post_messages(
                "dsm.register", "dataset.input", [_announced(tmp_path, storage.uid, run)]
            )
            for name in KILLED[run]:
                cluster.kill(name)
                cluster.start(name)
            cluster.until_ready()
        await eventually(
            clients.data_access.spd_tasks,
            lambda tasks: [task.status for task in tasks] == ["FINISHED"] * 4,
            90,
        )
        page = await eventually(
            lambda: clients.dsm.datasets(),
            lambda page: [d.state for d in page.items] == ["CLOSED"] * 12,
            30,
        )
        assert [d.files for d in page.items] == [2] * 12


KILLED = (
    ("task-generator", "task-manager"),
    ("dsm", "scheduler"),
    ("data-access", "pilot"),
    ("dsm-inspector", "template-manager", FRONT),
)


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


def test_without_servers_it_says_what_is_missing(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "penstock", "serve", "dsm", "--data-dir", str(tmp_path)]
    told = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert told.returncode != 0
    assert "PENSTOCK_BROKER_URL, PENSTOCK_DATABASE_URL" in told.stderr
    wrong = subprocess.run([*line[:4], "dms"], capture_output=True, text=True, timeout=60)
    assert "There is no service 'dms'" in wrong.stderr
