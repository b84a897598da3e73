"""The two real programs of a soak: the house, and the simulators that feed it."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path

from benchmarks.bench_memory import tree
from benchmarks.soak.campaigns import Campaign
from daqsim.account import Record
from penstock_core.clock import now

START_S = 90


class House:
    """``penstock up`` in a data folder of its own, on the same port at each of its ``starts``."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self._port = _free_port()
        self._errors = folder / "up.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.starts: list[datetime] = []

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """Return its process, as long as it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def start(self) -> None:
        """Return when it answers.

        Raises
        ------
        RuntimeError
            it ended by itself, or does not answer.
        """
        words = ("up", "--data-dir", str(self.data_dir), "--port", str(self._port))
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "penstock", *words],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                env=os.environ | {"PENSTOCK_RECONCILE_EVERY_S": "1"},
                start_new_session=True,
            )
        self.starts.append(now())
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self.pid is None or time.monotonic() > deadline:
                raise RuntimeError(f"The house does not stand:\n{self._errors.read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it cleanly."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)

    def kill(self, *, with_children: bool) -> None:
        """Kill it with SIGKILL; its children too, or they are left to notice."""
        if self._process is None or self.pid is None:
            return
        pids = tree(self._process.pid)
        for pid in pids if with_children else pids[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(60)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/live", timeout=2):
                return True
        except (OSError, urllib.error.URLError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Sender:
    """One campaign being sent; killed in the middle now and then, and taken up again."""

    def __init__(self, what: Campaign, folder: Path, house: House, dice: random.Random) -> None:
        self.campaign = what
        self._folder = folder / "daq" / what.name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._house = house
        self._dice = dice
        self._dies_at = time.monotonic() + dice.uniform(1, 6) if dice.random() < 0.3 else 0.0
        self.kills = 0
        self._process = self._start()

    def is_over(self) -> bool:
        """Return whether all is sent; kills it at its time, and starts it again when it is down."""
        if self._dies_at and time.monotonic() > self._dies_at:
            self._dies_at = 0.0
            self.kills += self._process.poll() is None
            self._process.kill()
        status = self._process.poll()
        if status in (None, 0):
            return status == 0
        if status != -signal.SIGKILL:
            raise RuntimeError(f"The DAQ ended with {status}: {self._log.read_text()[-2000:]}")
        self._process = self._start()
        return False

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def record(self) -> Record:
        """Return what was done."""
        file = self._folder / f"mischief-{self.campaign.first_run}.json"
        return Record.model_validate_json(file.read_bytes())

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _start(self) -> "subprocess.Popen[bytes]":
        secret = self._house.data_dir / "secrets" / "daq"
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [
                    *(sys.executable, "-m", "daqsim", "--out", str(self._folder)),
                    *("--url", self._house.url, "--secret-file", str(secret)),
                    *self.campaign.options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
