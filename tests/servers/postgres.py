"""A private PostgreSQL, thrown away after the session."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from tests.servers.find import Programs
from tests.servers.process import GuardedProcess, answers, free_ports

# A crash of the machine may lose a test's data: durability is not what these tests ask of it.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """PostgreSQL on a free port; as root it runs under an account of its own, as it demands.

    ``settings`` are PostgreSQL's own, by name.
    """

    def __init__(self, programs: Programs, settings: Mapping[str, str] = _FAST) -> None:
        self._programs = programs
        self._settings = settings
        self._user = _unprivileged_user()
        self._folder = Path(tempfile.mkdtemp(prefix="penstock-postgres-"))
        [self.port] = free_ports(1)
        self._env = {**programs.env, "LC_ALL": "C.UTF-8"}

    def start(self) -> None:
        """Make a cluster and return once it answers."""
        if self._user:
            shutil.chown(self._folder, self._user)
        self._initialise()
        settings = {
            **self._settings,
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
            "max_connections": "200",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [self._programs["postgres"], "-D", str(self._folder / "data"), *options]
        self._process = GuardedProcess(command, self._folder, self._env, self._user, "SIGINT")
        self._process.wait_until(self._accepts)

    def stop(self) -> None:
        """End it and drop its files."""
        self._process.stop()
        shutil.rmtree(self._folder)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the SQLAlchemy URL of a new, empty database, dropped at the end."""
        name = f"test_{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql+psycopg://test@127.0.0.1:{self.port}/{name}"
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _initialise(self) -> None:
        words = ["-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"]
        subprocess.run(
            [self._programs["initdb"], "-D", str(self._folder / "data"), *words],
            check=True,
            capture_output=True,
            cwd=self._folder,
            env=self._env,
            user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
        )

    def _accepts(self) -> bool:
        if not answers(self.port):
            return False
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        address = f"host=127.0.0.1 port={self.port} user=test dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


def _unprivileged_user() -> str | None:
    if os.getuid() != 0:
        return None
    accounts = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in accounts else "nobody"
