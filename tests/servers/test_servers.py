"""The launchers of the real servers keep their own promises."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest
from tests.servers.postgres import PostgresServer
from tests.servers.process import GuardedProcess, answers
from tests.servers.rabbitmq import RabbitServer, VirtualHost

pytestmark = pytest.mark.servers


def test_each_test_has_a_database_of_its_own(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as one, postgres_server.database() as other:
        assert one != other
        with psycopg.connect(one.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_each_test_has_a_virtual_host_of_its_own(
    rabbitmq: VirtualHost, rabbitmq_server: RabbitServer
) -> None:
    hosts = rabbitmq_server.manage("GET", "vhosts")
    assert isinstance(hosts, list)
    assert rabbitmq.name in {host["name"] for host in hosts}


def test_a_killed_session_leaves_no_server_behind(tmp_path: Path) -> None:
    session = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_SESSION), str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert session.stdout is not None
    with session, session.stdout as out:
        port = int(out.readline())
        assert answers(port)
        session.kill()
    _eventually_silent(port)


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "raise SystemExit('no such setting')"]
    process = GuardedProcess(words, tmp_path, {})
    with pytest.raises(RuntimeError, match="no such setting"):
        process.wait_until(lambda: False)


_SESSION = """
    import sys, time
    from pathlib import Path
    from tests.servers.process import GuardedProcess, answers, free_ports

    [port] = free_ports(1)
    words = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    process = GuardedProcess(words, Path(sys.argv[1]), {})
    process.wait_until(lambda: answers(port))
    print(port, flush=True)
    time.sleep(60)
"""


def _eventually_silent(port: int) -> None:
    deadline = time.monotonic() + 10
    while answers(port):
        assert time.monotonic() < deadline, "the server outlived its session"
        time.sleep(0.05)
