"""Fixtures shared by all tests: the real servers, one of each for a whole session.

A server that is not installed skips its tests at home and fails them where ``CI`` is set.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

# The launchers are plain modules; at the end of the path they shadow no package of ours.
sys.path.append(str(Path(__file__).parent))

from tests.servers.find import find_postgres, find_rabbitmq
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitServer, VirtualHost


def _missing(server: str) -> NoReturn:
    message = f"{server} is not installed here; run scripts/setup_servers.py"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitServer]:
    """Yield the session's broker."""
    programs = find_rabbitmq()
    if programs is None:
        _missing("RabbitMQ")
    server = RabbitServer(programs)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rabbitmq(rabbitmq_server: RabbitServer) -> Iterator[VirtualHost]:
    """Yield an empty virtual host of the session's broker."""
    with rabbitmq_server.virtual_host() as virtual_host:
        yield virtual_host


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Yield the session's PostgreSQL."""
    programs = find_postgres()
    if programs is None:
        _missing("PostgreSQL")
    server = PostgresServer(programs)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def postgres_dsn(postgres_server: PostgresServer) -> Iterator[str]:
    """Yield the SQLAlchemy URL of a new, empty database."""
    with postgres_server.database() as url:
        yield url
