"""``penstock cluster``: every service in processes of its own on this machine, kept by supervisord.

The table of services says what runs; supervisord starts what ends, and keeps what each one prints.
The replicas of a service share its port, which supervisord holds as long as it runs.
"""

import json
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from penstock.data_folder import make_ready
from penstock.one_service import FRONT, NAMES, check
from penstock.serve import HOST, listening
from penstock.services import PORT, ROOMS, url_setting, url_variable
from penstock.supervisord import Program, Supervisord
from penstock_core.contracts.base import Frozen
from penstock_core.errors import Conflict, InvalidInput, NotFound, ServiceUnavailable
from penstock_core.settings import HouseSettings

MOST_REPLICAS = 8
ALONE = frozenset(room.name for room in ROOMS if room.alone)
_END_S = 40
_ASK_S = 2.0
_LOOK_EVERY_S = 0.2


class Member(Frozen):
    """One process as it is now: the ``slot``-th of its service.

    ``waits_for`` is why it is not ready, by name.
    """

    name: str
    slot: int
    state: str
    pid: int
    since: datetime | None
    url: str
    ready: bool
    waits_for: dict[str, str] = {}

    @property
    def process(self) -> str:
        """Return what supervisord calls it."""
        return _process(self.name, self.slot)


def replicas(said: Iterable[str]) -> dict[str, int]:
    """Return how many of each service are wanted, of words as ``2`` and ``dsm=3``.

    A number alone holds for all services that there may be several of. Raises ``InvalidInput``, or
    ``NotFound`` for a name that no service has.
    """
    every, named = {}, {}
    for name, _, count in (word.rpartition("=") for word in said):
        if not (count.isdecimal() and 1 <= int(count) <= MOST_REPLICAS):
            raise InvalidInput(
                f"{count!r} is no number of replicas.", hint=f"Give one from 1 to {MOST_REPLICAS}."
            )
        if name in ALONE and count != "1":
            raise InvalidInput(
                f"There is one {name} at a time.", hint="Let it run more jobs: PENSTOCK_PILOT_…"
            )
        if name:
            named[_known(name)] = int(count)
        else:
            every = {one: 1 if one in ALONE else int(count) for one in NAMES}
    return every | named


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

    @property
    def supervisord(self) -> Supervisord:
        """Return what keeps them."""
        return Supervisord(self.folder)

    def logs(self, name: str) -> list[Path]:
        """Return the logs of a service's processes; raises ``NotFound``."""
        return sorted(self.folder.glob(f"{_known(name)}.[0-9].log"))

    def urls(self) -> dict[str, str]:
        """Return where each service answers."""
        names = (FRONT, *(name for name in NAMES if name != FRONT))
        return {name: f"http://{HOST}:{self.port + n}" for n, name in enumerate(names)}

    def start(
        self, wanted: dict[str, int], within_s: float, told: Callable[[int, int], None]
    ) -> tuple[Member, ...]:
        """Start all and wait until each is ready; ``told`` hears how many are, of how many.

        Raises
        ------
        Conflict
            they run already, or a port is taken.
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
        if self.supervisord.is_there():
            raise Conflict(
                f"The cluster of {self.data_dir} runs already.", hint="See penstock cluster status."
            )
        for url in urls.values():
            with listening(_port(url)):
                pass
        environment = {url_variable(room): url for room, url in faces.items()}
        self.supervisord.begin(self._programs(), environment)
        return self.scale(dict.fromkeys(NAMES, 1) | wanted, within_s, told)

    def scale(
        self, wanted: Mapping[str, int], within_s: float, told: Callable[[int, int], None]
    ) -> tuple[Member, ...]:
        """Run as many processes of these services as are wanted; returns once all are ready."""
        for name, count in wanted.items():
            members = self._of(name)
            for slot in self._free(members)[: max(0, count - len(members))]:
                self._call("startProcess", _process(name, slot), False)
            for member in members[count:]:
                self._call("stopProcess", member.process)
        return self._until_ready(within_s, told)

    def status(self) -> tuple[Member, ...]:
        """Return all processes; raises ``NotFound`` where none runs."""
        urls = self.urls()
        infos = [info for info in self._call("getAllProcessInfo") if info["statename"] != "STOPPED"]
        infos.sort(key=lambda info: (NAMES.index(info["group"]), info["name"]))
        with ThreadPoolExecutor(len(NAMES)) as asking:  # one that starts answers late
            return tuple(asking.map(lambda info: self._member(info, urls[info["group"]]), infos))

    def restart(self, names: Iterable[str], within_s: float) -> None:
        """Restart services, one process after the other: the new one is there before the old goes.

        Of a service that stands alone the new one waits for the old one to go.
        """
        for name in names:
            for member in self._of(name):
                self._call("startProcess", _process(name, self._free(self._of(name))[0]))
                if name not in ALONE:
                    self._until_ready(within_s, lambda _ready, _all: None)
                self._call("stopProcess", member.process)
                self._until_ready(within_s, lambda _ready, _all: None)

    def stop(self) -> None:
        """End all, and supervisord; returns when they are gone. Raises ``NotFound``."""
        pid = self._call("getPID")
        self._call("stopAllProcesses")  # together; by itself it ends one service after the other
        self._call("shutdown")
        deadline = time.monotonic() + _END_S
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)

    def _programs(self) -> tuple[Program, ...]:
        return tuple(
            Program(name, self._words(name), _port(url), MOST_REPLICAS + 1)  # one more, to restart
            for name, url in self.urls().items()
        )

    def _words(self, name: str) -> tuple[str, ...]:
        own = self.supervisord.socket(f"{name}.0").with_suffix(".{slot}")
        words = (sys.executable, "-m", "penstock.one_service", name, "--shared")
        return (*words, "--own", str(own), "--data-dir", str(self.data_dir.absolute()))

    def _call(self, method: str, *arguments: Any) -> Any:
        return self.supervisord.call(method, *arguments)

    def _of(self, name: str) -> list[Member]:
        """Return a service's processes; raises ``NotFound``."""
        return [member for member in self.status() if member.name == _known(name)]

    @staticmethod
    def _free(members: Iterable[Member]) -> list[int]:
        taken = {member.slot for member in members}
        return [slot for slot in range(MOST_REPLICAS + 1) if slot not in taken]

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

    def _member(self, info: dict[str, Any], url: str) -> Member:
        runs = info["statename"] == "RUNNING"
        ready, waits_for = _asked(self.supervisord.socket(info["name"]))
        since = datetime.fromtimestamp(info["start"], tz=UTC) if runs else None
        return Member(
            name=info["group"],
            slot=int(info["name"].rpartition(".")[2]),
            state=info["statename"],
            pid=info["pid"],
            since=since,
            url=url,
            ready=runs and ready,
            waits_for=waits_for,
        )


class _Itself(HTTPConnection):
    """A connection to one process: its port leads to any of its replicas."""

    def __init__(self, file: Path) -> None:
        super().__init__("itself", timeout=_ASK_S)
        self._file = file

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._file))


def _asked(file: Path) -> tuple[bool, dict[str, str]]:
    with closing(_Itself(file)) as itself:
        try:
            itself.request("GET", "/health/ready")
            answer = itself.getresponse()
            return answer.status == HTTPStatus.OK, json.loads(answer.read()).get("waits_for", {})
        except (OSError, HTTPException, ValueError):
            return False, {"it": "does not answer"}


def _known(name: str) -> str:
    if name not in NAMES:
        raise NotFound(f"There is no service {name!r}.", hint=f"There are: {', '.join(NAMES)}.")
    return name


def _process(name: str, slot: int) -> str:
    return f"{name}:{name}.{slot}"


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])
