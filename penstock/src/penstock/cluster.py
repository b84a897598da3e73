"""``penstock cluster``: every service in a process of its own on this machine, kept by supervisord.

The table of services says what runs; supervisord starts what ends, and keeps what each one prints.
"""

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from configparser import ConfigParser
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from supervisor.xmlrpc import SupervisorTransport

from penstock.data_folder import make_ready
from penstock.one_service import FRONT, NAMES, check
from penstock.serve import HOST
from penstock.services import PORT, ROOMS, url_setting, url_variable
from penstock_core.contracts.base import Frozen
from penstock_core.errors import Conflict, InvalidInput, NotFound, ServiceUnavailable
from penstock_core.settings import HouseSettings

_LONGEST_SOCKET = 100  # characters that the kernel takes
_LOG_BYTES = 10_000_000
_END_S = 40
_ASK_S = 2.0
_LOOK_EVERY_S = 0.2


class Member(Frozen):
    """One process as it is now. ``waits_for`` is why it is not ready, by name."""

    name: str
    state: str
    pid: int
    since: datetime | None
    url: str
    ready: bool
    waits_for: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The processes of one data folder.

    Attributes
    ----------
    port
        The front's; the services have those after it, in the order of the table.
    """

    data_dir: Path
    port: int = PORT

    @property
    def folder(self) -> Path:
        """Return where supervisord's own files are, and the log of each process."""
        return self.data_dir.absolute() / "cluster"

    def log(self, name: str) -> Path:
        """Return the log of a service; raises ``NotFound``."""
        if name not in NAMES:
            raise NotFound(f"There is no service {name!r}.", hint=f"There are: {', '.join(NAMES)}.")
        return self.folder / f"{name}.log"

    def urls(self) -> dict[str, str]:
        """Return where each process answers."""
        names = (FRONT, *(name for name in NAMES if name != FRONT))
        return {name: f"http://{HOST}:{self.port + n}" for n, name in enumerate(names)}

    def start(self, within_s: float, told: Callable[[int, int], None]) -> tuple[Member, ...]:
        """Start all and wait until each is ready; ``told`` hears how many are, of how many.

        Raises
        ------
        Conflict
            they run already.
        InvalidInput
            the environment does not name the servers, or the folder cannot be used.
        ServiceUnavailable
            not all were ready in time; they are left running, for their logs say why.
        """
        urls = self.urls()
        faces = {room: urls[room.name] for room in ROOMS if room.paths}
        given = {url_setting(room): url for room, url in faces.items()}
        check(HouseSettings(data_dir=self.data_dir).model_copy(update=given))
        make_ready(self.data_dir)
        if self._is_there():
            raise Conflict(
                f"The cluster of {self.data_dir} runs already.", hint="See penstock cluster status."
            )
        self.folder.mkdir(exist_ok=True, mode=0o700)
        configuration = self.folder / "supervisord.conf"
        with configuration.open("w") as stream:
            self._configuration().write(stream)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
        environment = os.environ | {url_variable(room): url for room, url in faces.items()}
        started = subprocess.run(  # noqa: S603
            command, env=environment, capture_output=True, text=True, check=False
        )
        if started.returncode:
            said = (started.stderr or started.stdout).strip()[-500:]
            raise InvalidInput(f"supervisord did not start: {said}", hint="See its message.")
        return self._until_ready(within_s, told)

    def _until_ready(self, within_s: float, told: Callable[[int, int], None]) -> tuple[Member, ...]:
        deadline = time.monotonic() + within_s
        while True:
            members = self.status()
            waiting = [member.name for member in members if not member.ready]
            told(len(members) - len(waiting), len(members))
            if not waiting:
                return members
            if time.monotonic() > deadline:
                raise ServiceUnavailable(
                    f"Not ready within {within_s:g} s: {', '.join(waiting)}.",
                    hint=f"Look at penstock cluster logs {waiting[0]}.",
                )
            time.sleep(_LOOK_EVERY_S)

    def status(self) -> tuple[Member, ...]:
        """Return all processes; raises ``NotFound`` where none runs."""
        urls = self.urls()
        found = self._call("getAllProcessInfo")
        infos = sorted(found, key=lambda info: NAMES.index(info["name"]))
        with ThreadPoolExecutor(len(NAMES)) as asking:  # one that starts answers late
            return tuple(asking.map(lambda info: _member(info, urls[info["name"]]), infos))

    def restart(self, names: Iterable[str], within_s: float) -> None:
        """Restart services one after the other, each once the one before is ready again."""
        for name in names:
            self.log(name)
            self._call("stopProcess", name)
            self._call("startProcess", name)
            self._until_ready(within_s, lambda _ready, _all: None)

    def stop(self) -> None:
        """End all, and supervisord; returns when they are gone. Raises ``NotFound``."""
        pid = self._call("getPID")
        self._call("shutdown")
        deadline = time.monotonic() + _END_S
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)

    def _configuration(self) -> ConfigParser:
        socket = self._socket()
        made = ConfigParser(interpolation=None)
        made["supervisord"] = {
            "logfile": _escaped(self.folder / "supervisord.log"),
            "pidfile": _escaped(self.folder / "supervisord.pid"),
            "childlogdir": _escaped(self.folder),
        }
        made["unix_http_server"] = {"file": _escaped(socket), "chmod": "0700"}
        factory = "supervisor.rpcinterface:make_main_rpcinterface"
        made["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
        for name, url in self.urls().items():
            port = url.rpartition(":")[2]
            line = [sys.executable, "-m", "penstock.one_service", name, "--port", port]
            line += ["--data-dir", str(self.data_dir.absolute())]
            made[f"program:{name}"] = {
                "command": _escaped(" ".join(f'"{word}"' for word in line)),
                "autorestart": "true",
                "startretries": "1000000",
                "stopwaitsecs": "30",
                "redirect_stderr": "true",
                "stdout_logfile": _escaped(self.log(name)),
                "stdout_logfile_maxbytes": str(_LOG_BYTES),
                "stdout_logfile_backups": "1",
            }
        return made

    def _socket(self) -> Path:
        socket = self.folder / "supervisor.sock"
        if len(str(socket)) > _LONGEST_SOCKET:
            raise InvalidInput(
                f"The path of {socket} is too long for a socket.",
                hint="Give --data-dir a shorter path.",
            )
        return socket

    def _is_there(self) -> bool:
        try:
            self._call("getPID")
        except NotFound:
            return False
        return True

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket()}")
        try:
            with xmlrpc.client.ServerProxy(f"http://{HOST}", transport=transport) as supervisord:
                return getattr(supervisord.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as error:
            raise Conflict(f"supervisord refused {method}: {error.faultString}.") from error
        except OSError as error:
            raise NotFound(
                f"No cluster runs in {self.data_dir}.", hint="Start it: penstock cluster start."
            ) from error


def _member(info: dict[str, Any], url: str) -> Member:
    runs = info["statename"] == "RUNNING"
    ready, waits_for = _asked(url)
    since = datetime.fromtimestamp(info["start"], tz=UTC) if runs else None
    return Member(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"],
        since=since,
        url=url,
        ready=runs and ready,
        waits_for=waits_for,
    )


def _asked(url: str) -> tuple[bool, dict[str, str]]:
    try:
        answer = httpx2.get(f"{url}/health/ready", timeout=_ASK_S, trust_env=False)
        return answer.is_success, dict(answer.json().get("waits_for", {}))
    except (httpx2.HTTPError, ValueError):
        return False, {"it": "does not answer"}


def _escaped(text: object) -> str:
    """Return a value as supervisord reads it: a percent sign begins an expression there."""
    return str(text).replace("%", "%%")
