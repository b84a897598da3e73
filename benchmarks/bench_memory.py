"""Resident memory of the idle embedded system, all its processes together."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure

SETTLE_S = 5


def run() -> list[Figure]:
    """Measure."""
    with TemporaryDirectory(prefix="penstock-bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "penstock", "up", "--data-dir", folder, "--port", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_until_up(process, Path(folder) / "url")
            time.sleep(SETTLE_S)
            mib = sum(rss_mib(pid) for pid in tree(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    return [Figure("memory of the idle system", round(mib, 1), "MiB", 350, at_least=False)]


def _wait_until_up(process: "subprocess.Popen[bytes]", url_file: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"penstock up ended with {process.returncode}")
        if url_file.exists() and (url := url_file.read_text()):
            with urllib.request.urlopen(f"{url}/health/live"):
                return
        time.sleep(0.1)
    raise TimeoutError("penstock up did not come up within 60 s")


def tree(pid: int) -> list[int]:
    """Return ``pid`` and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(p for child in children for p in tree(int(child)))]


def rss_mib(pid: int) -> float:
    """Return the resident memory of one process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
