"""supervisord: its configuration, and what is asked of it over the socket in its folder."""

import os
import subprocess
import sys
import xmlrpc.client
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from penstock.serve import BACKLOG, HOST
from penstock_core.errors import Conflict, InvalidInput, NotFound

_LONGEST_SOCKET = 107  # characters that the kernel takes
_OWN = "supervisor.sock"
_LOG_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """One service: the words that run it, the port that its processes share, how many at most.

    ``{slot}`` in a word is the number of the process.
    """

    name: str
    words: tuple[str, ...]
    port: int
    most: int


@dataclass(frozen=True, slots=True)
class Supervisord:
    """The supervisord whose files are in ``folder``; nothing runs until it is told to."""

    folder: Path

    def begin(self, programs: tuple[Program, ...], environment: Mapping[str, str]) -> None:
        """Run it, with the programs at rest; raises ``InvalidInput``."""
        self.folder.mkdir(exist_ok=True, mode=0o700)
        configuration = self.folder / "supervisord.conf"
        with configuration.open("w") as stream:
            self._configuration(programs).write(stream)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
        started = subprocess.run(  # noqa: S603
            command, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        if started.returncode:
            said = (started.stderr or started.stdout).strip()[-500:]
            raise InvalidInput(f"supervisord did not start: {said}", hint="See its message.")

    def call(self, method: str, *arguments: Any) -> Any:
        """Return its answer; raises ``NotFound`` where none runs, ``Conflict`` if it refuses."""
        transport = SupervisorTransport(None, None, f"unix://{self.socket(_OWN)}")
        try:
            with xmlrpc.client.ServerProxy(f"http://{HOST}", transport=transport) as supervisord:
                return getattr(supervisord.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as error:
            raise Conflict(f"supervisord refused {method}: {error.faultString}.") from error
        except OSError as error:
            raise NotFound(
                f"No cluster runs in {self.folder.parent}.",
                hint="Start it: penstock cluster start.",
            ) from error

    def is_there(self) -> bool:
        """Return whether one runs in the folder."""
        try:
            self.call("getPID")
        except NotFound:
            return False
        return True

    def socket(self, name: str) -> Path:
        """Return the socket of a process; raises ``InvalidInput`` where its path is too long."""
        socket = self.folder / name
        if len(str(socket)) > _LONGEST_SOCKET:
            raise InvalidInput(
                f"The path of {socket} is too long for a socket.",
                hint="Give --data-dir a shorter path.",
            )
        return socket

    def _configuration(self, programs: tuple[Program, ...]) -> ConfigParser:
        made = ConfigParser(interpolation=None)
        made["supervisord"] = {
            "logfile": _escaped(self.folder / "supervisord.log"),
            "pidfile": _escaped(self.folder / "supervisord.pid"),
            "childlogdir": _escaped(self.folder),
        }
        made["unix_http_server"] = {"file": _escaped(self.socket(_OWN)), "chmod": "0700"}
        factory = "supervisor.rpcinterface:make_main_rpcinterface"
        made["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
        made["rpcinterface:ports"] = {"supervisor.rpcinterface_factory": "penstock.held_ports:hold"}
        for program in programs:
            made[f"fcgi-program:{program.name}"] = self._section(program)
        return made

    def _section(self, program: Program) -> dict[str, str]:
        """Return a program whose processes share a port; supervisord calls that FastCGI."""
        line = " ".join(f'"{word}"' for word in program.words)
        log = self.folder / f"{program.name}.{{slot}}.log"
        return {
            "command": _numbered(line),
            "socket": f"tcp://{HOST}:{program.port}",
            "socket_backlog": str(BACKLOG),
            "process_name": _numbered(f"{program.name}.{{slot}}"),
            "numprocs": str(program.most),
            "autostart": "false",
            "autorestart": "true",
            "startretries": "1000000",
            "stopwaitsecs": "30",
            "redirect_stderr": "true",
            "stdout_logfile": _numbered(str(log)),
            "stdout_logfile_maxbytes": str(_LOG_BYTES),
            "stdout_logfile_backups": "1",
        }


def _escaped(text: object) -> str:
    """Return a value as supervisord reads it: a percent sign begins an expression there."""
    return str(text).replace("%", "%%")


def _numbered(text: str) -> str:
    return _escaped(text).replace("{slot}", "%(process_num)d")
