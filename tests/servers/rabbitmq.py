"""A private RabbitMQ with its management plugin, thrown away after the session."""

import json
import os
import secrets
import shutil
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.find import Programs
from tests.servers.process import GuardedProcess, answers, free_ports

_AMQP_GREETING = b"AMQP\x00\x00\x09\x01"
_ERLANG_FLAGS = (
    "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"
)


@dataclass(frozen=True)
class VirtualHost:
    """An empty world of exchanges and queues on the session's broker."""

    name: str
    url: str
    management_url: str


class RabbitServer:
    """RabbitMQ on free ports, in a folder of its own, with no trace of the system's settings."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="penstock-rabbitmq-"))
        self.port, self.management_port, self._dist_port, self._epmd_port = free_ports(4)
        self.management_url = f"http://guest:guest@127.0.0.1:{self.management_port}"

    def start(self) -> None:
        """Return once it answers; a second call after :meth:`kill` finds the same data."""
        _write_settings(self._folder, self.port, self.management_port)
        env = self._environment()
        erlang_port_mapper = shutil.which("epmd", path=env["PATH"]) or "epmd"
        words = [erlang_port_mapper, "-port", str(self._epmd_port), "-address", "127.0.0.1"]
        self._epmd = GuardedProcess(words, self._folder, env)
        self._process = GuardedProcess([self._programs["rabbitmq-server"]], self._folder, env)
        self._process.wait_until(lambda: answers(self.port, _AMQP_GREETING))
        self._process.wait_until(lambda: answers(self.management_port))

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.stop()
        self._epmd.stop()

    def stop(self) -> None:
        """End it and drop its files."""
        self.kill()
        shutil.rmtree(self._folder)

    @contextmanager
    def virtual_host(self) -> Iterator[VirtualHost]:
        """Yield a new one, dropped at the end with all that is in it."""
        name = f"test-{uuid.uuid4().hex}"
        self.manage("PUT", f"vhosts/{name}")
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.manage("PUT", f"permissions/{name}/guest", everything)
        try:
            url = f"amqp://guest:guest@127.0.0.1:{self.port}/{name}"
            yield VirtualHost(name, url, self.management_url)
        finally:
            self.manage("DELETE", f"vhosts/{name}")

    def manage(self, method: str, path: str, body: object = None) -> object:
        """Return what the management API answers to this request."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.management_port}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q=", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def _environment(self) -> dict[str, str]:
        folder = self._folder
        return {
            "HOME": str(folder),
            **self._programs.env,
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_INETRC": str(folder / "inetrc"),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG_FLAGS,
        }


def _write_settings(folder: Path, port: int, management_port: int) -> None:
    for name in ("mnesia", "log", "generated", "schema"):
        (folder / name).mkdir(exist_ok=True)
    cookie = folder / ".erlang.cookie"
    if not cookie.exists():
        cookie.write_text(secrets.token_hex(16))
        os.chmod(cookie, 0o400)
    (folder / "env.conf").touch()
    (folder / "inetrc").write_text(
        '{host, {127,0,0,1}, ["localhost"]}.\n{lookup, [file, native]}.\n'
    )
    (folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        "management.tcp.ip = 127.0.0.1\n"
        f"management.tcp.port = {management_port}\n"
        "vm_memory_high_watermark.absolute = 1GiB\n"
        "disk_free_limit.absolute = 50MB\n"
    )
