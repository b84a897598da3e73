"""Penstock as real processes, for tests that stop and kill it."""

import os
import subprocess
import sys
from pathlib import Path

SPEED = "4"


def start_demo(data_dir: Path, *options: str) -> "subprocess.Popen[bytes]":
    """Start the demonstration, which takes up where the last one in this folder ended."""
    given = ("--exit", "--json", "--speed", SPEED, *options)
    return _start("demo", data_dir, *given)


def start_up(data_dir: Path, *options: str) -> "subprocess.Popen[bytes]":
    """Start ``penstock up``."""
    return _start("up", data_dir, *options)


def _start(command: str, data_dir: Path, *options: str) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "-m", "penstock", command, "--data-dir", str(data_dir), "--port", "0"]
    return subprocess.Popen([*line, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def descendants(pid: int) -> list[int]:
    """Return all processes below ``pid``."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [p for child in children for p in (int(child), *descendants(int(child)))]


def is_alive(pid: int) -> bool:
    """Return whether ``pid`` still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
