"""Stands in for a tool in a container: ``python -I -m pilot.worker.ask REQUEST IMAGE COMMAND …``.

Started by cwltool in the tool's place, with its streams; asks the pilot for the container, copies
what the tool printed, and ends as it ended.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import BinaryIO

from pilot.worker.files import ANSWER_NAME, ASK_NAME, STDERR_NAME, STDIN_NAME, STDOUT_NAME

_LOOK_EVERY_S = 0.02
_BLOCK = 1 << 20


def main() -> int:
    """Return the exit code of the tool."""
    asked, image, *command = sys.argv[1:]
    request = json.loads(Path(asked).read_text())
    folder, number = Path(asked).parent, request["number"]
    with (folder / f"{STDIN_NAME}{number}").open("wb") as given:
        shutil.copyfileobj(sys.stdin.buffer, given)
    _write(
        folder / f"{ASK_NAME}{number}", json.dumps(request | {"image": image, "command": command})
    )
    streams = [
        _Copied(folder / f"{STDOUT_NAME}{number}", sys.stdout.buffer),
        _Copied(folder / f"{STDERR_NAME}{number}", sys.stderr.buffer),
    ]
    answered = folder / f"{ANSWER_NAME}{number}"
    while not answered.exists():
        if not sum(stream.go_on() for stream in streams):
            time.sleep(_LOOK_EVERY_S)
    for stream in streams:
        stream.go_on()
    answer = json.loads(answered.read_text())
    if answer["error"]:
        print(answer["error"], file=sys.stderr)
    return int(answer["exit_code"])


class _Copied:
    """A file that grows, copied to a stream."""

    def __init__(self, source: Path, target: BinaryIO) -> None:
        self._source = source
        self._target = target
        self._opened: BinaryIO | None = None

    def go_on(self) -> bool:
        """Copy what has come since; return whether anything has."""
        if self._opened is None and self._source.exists():
            self._opened = self._source.open("rb")
        copied = False
        while self._opened and (block := self._opened.read(_BLOCK)):
            self._target.write(block)
            copied = True
        self._target.flush()
        return copied


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}")
    partial.write_text(text)
    os.replace(partial, path)


if __name__ == "__main__":
    sys.exit(main())
