"""The production form, for measuring: a cluster of all services on a RabbitMQ and a PostgreSQL.

Both servers are private, thrown away afterwards, and durable as a laboratory would run them: fsync
is on. PostgreSQL keeps the time of each commit, so that latencies are those of what was stored.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

sys.path.append(str(Path(__file__).parents[2]))

from tests.servers.find import find_postgres, find_rabbitmq
from tests.servers.postgres import PostgresServer
from tests.servers.process import free_ports
from tests.servers.rabbitmq import RabbitServer

from penstock.cluster import Cluster
from penstock.services import ROOMS, url_setting
from penstock_core.bus.local import LocalBus
from penstock_core.bus.rabbit import RabbitBus
from penstock_core.clients.house import HouseClients
from penstock_core.service import House
from penstock_core.settings import HouseSettings
from penstock_core.topology import PENSTOCK

OWNERS = ("data-access", "dsm", "pilot")
START_WITHIN_S = 180
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "track_commit_timestamp": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True)
class World:
    """A cluster that runs, clients of its operator, and a way to look at its stores.

    Attributes
    ----------
    bus
        The broker, for sending what a DAQ sends.
    databases
        How libpq finds each owner's database.
    """

    cluster: Cluster
    clients: HouseClients
    bus: RabbitBus
    databases: dict[str, str]

    def query(self, owner: str, statement: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        """Return the rows of a statement on an owner's store."""
        with psycopg.connect(self.databases[owner], autocommit=True) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def count(self, owner: str, table: str) -> int:
        """Return how many rows a table has."""
        return int(self.query(owner, f"SELECT count(*) FROM {table}")[0][0])


@asynccontextmanager
async def measured_cluster() -> AsyncIterator[World]:
    """Give a cluster with nothing in it, its pilot held: tasks are submitted, jobs wait."""
    with (
        TemporaryDirectory(prefix="penstock-bench-", dir="/var/tmp") as folder,
        _servers() as (broker_url, management_url, databases),
    ):
        os.environ |= {
            "PENSTOCK_BROKER_URL": broker_url,
            "PENSTOCK_MANAGEMENT_URL": management_url,
            "PENSTOCK_DATABASE_URL": databases,
        }
        cluster = Cluster(Path(folder), free_ports(1)[0])
        await asyncio.to_thread(cluster.start, {}, START_WITHIN_S, lambda _ready, _all: None)
        try:
            async with _clients(cluster) as clients:
                bus = RabbitBus(PENSTOCK, broker_url)
                await bus.start()
                await clients.pilot.hold(held=True)
                plain = databases.replace("postgresql+psycopg", "postgresql")
                found = {owner: plain.format(owner=owner) for owner in OWNERS}
                try:
                    yield World(cluster, clients, bus, found)
                finally:
                    await bus.close()
        finally:
            await asyncio.to_thread(cluster.stop)


@contextmanager
def _servers() -> Iterator[tuple[str, str, str]]:
    """Give the URLs of a broker, of its management API, and of the owners' databases."""
    rabbitmq, postgres = find_rabbitmq(), find_postgres()
    if rabbitmq is None or postgres is None:
        raise SystemExit("RabbitMQ or PostgreSQL is missing: run scripts/setup_servers.py.")
    broker, store = RabbitServer(rabbitmq), PostgresServer(postgres, SETTINGS)
    broker.start()
    store.start()
    try:
        address = f"postgresql://test@127.0.0.1:{store.port}"
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            for owner in OWNERS:
                connection.execute(f'CREATE DATABASE "{owner}"'.encode())
        with broker.virtual_host() as host:
            url = address.replace("postgresql:", "postgresql+psycopg:") + "/{owner}"
            yield host.url, host.management_url, url
    finally:
        store.stop()
        broker.stop()


@asynccontextmanager
async def _clients(cluster: Cluster) -> AsyncIterator[HouseClients]:
    urls = cluster.urls()
    faces = {url_setting(room): urls[room.name] for room in ROOMS if room.paths}
    settings = HouseSettings(data_dir=cluster.data_dir).model_copy(update=faces)
    house = House(settings, LocalBus(PENSTOCK, cluster.data_dir / "unused.db"))
    async with HouseClients(house, "operator") as clients:
        yield clients
