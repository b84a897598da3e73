"""Stands in for a tool that runs in a container: ``python -I ask.py REQUEST IMAGE COMMAND …``.

Started by cwltool in the tool's place, with its streams; asks the pilot for the container, copies
what the tool printed, and ends as it ended. Needs the standard library alone.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import BinaryIO

_LOOK_EVERY_S = 0.02
_BLOCK = 1 << 20


def main() -> int:
    """Return the exit code of the tool."""
    asked, image, *command = sys.argv[1:]
    request = json.loads(Path(asked).read_text())
    names = request.pop("files")
    folder = Path(asked).parent
    number = request["number"]
    place = {kind: folder / f"{name}{number}" for kind, name in names.items()}
    with place["stdin"].open("wb") as given:
        shutil.copyfileobj(sys.stdin.buffer, given)
    _write(place["ask"], json.dumps(request | {"image": image, "command": command}))
    streams = [
        _Copied(place["stdout"], sys.stdout.buffer),
        _Copied(place["stderr"], sys.stderr.buffer),
    ]
    while not place["answer"].exists():
        if not sum(stream.go_on() for stream in streams):
            time.sleep(_LOOK_EVERY_S)
    for stream in streams:
        stream.go_on()
    answer = json.loads(place["answer"].read_text())
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
