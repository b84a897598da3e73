"""Which files a job's result names: a function of CWL's output object and of the step's ports."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pilot import plain
from pilot.model import JobError
from recipe.model import Port

MOST_OBJECT_BYTES = 1024 * 1024
"""Of an output that is stored as JSON."""
MOST_FILES = 10_000
"""That one output may name."""


@dataclass(frozen=True, slots=True)
class Made:
    """One file that a job made. ``part`` is None where the port gives one file."""

    port: str
    part: int | None
    path: Path
    basename: str


Named = Callable[[Made], str]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Reads a job's result. All methods block.

    Attributes
    ----------
    allowed
        Folders below one of which a file must lie when all links are followed.
    folder
        Where what exists as contents alone is written.
    named
        Gives the name under which a file will be stored.
    """

    allowed: tuple[Path, ...]
    folder: Path
    named: Named

    def files(self, outputs: Mapping[str, Any], ports: Iterable[Port]) -> list[Made]:
        """Return the files of ``outputs`` in the order of ``ports``; raises ``JobError``."""
        return [made for port in ports for made in self._of_port(port, outputs.get(port.name))]

    def _of_port(self, port: Port, value: Any) -> Iterator[Made]:
        if port.kind == "object":
            yield from self._object(port.name, value)
            return
        values = value if isinstance(value, list) else [value]
        files = [one for one in values if one is not None]
        for part, one in enumerate(files):
            _check_kind(port, one)
            yield self._file(port.name, one, part if port.many else None, f"{part}")

    def _object(self, port: str, value: Any) -> Iterator[Made]:
        """Give the files that a value names, then the value as JSON, which tells their names."""
        if value is None:
            return
        files: list[Made] = []
        text = json.dumps(self._stored(port, value, files), indent=1)
        if len(text) > MOST_OBJECT_BYTES:
            raise JobError(
                f"Output {port} has {len(text)} characters of JSON; at most {MOST_OBJECT_BYTES} "
                "are stored. Write it to a file.",
                final=True,
            )
        path = self.folder / f"{port}.object.json"
        plain.write(path, text + "\n")
        yield from files
        yield Made(port, None, path, f"{port}.json")

    def _stored(self, port: str, value: Any, files: list[Made]) -> Any:
        """Return ``value`` with each file under the name that it is stored by; add it to files."""
        if isinstance(value, list):
            return [self._stored(port, one, files) for one in value]
        if not isinstance(value, dict):
            return value
        if value.get("class") == "File":
            part = len(files) + 1
            if part > MOST_FILES:
                text = f"Output {port} names more than {MOST_FILES} files. Pack them into one."
                raise JobError(text, final=True)
            made = self._file(port, value, part, f"{part}")
            files.append(made)
            beside = [self._stored(port, one, files) for one in value.get("secondaryFiles") or ()]
            more = {key: value[key] for key in ("format",) if key in value}
            more |= {"secondaryFiles": beside} if beside else {}
            name = {"basename": made.basename, "location": self.named(made)}
            return {"class": "File", **name, **more}
        if value.get("class") == "Directory":
            listing = [self._stored(port, one, files) for one in self._listing(port, value)]
            return {"class": "Directory", "basename": _basename(value), "listing": listing}
        return {key: self._stored(port, one, files) for key, one in value.items()}

    def _listing(self, port: str, directory: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what is in a folder: as it lies on disk, or else as it is told."""
        if _on_disk(directory) is None:
            return list(directory.get("listing") or ())
        path = self._real(port, directory)
        if not path.is_dir():
            raise JobError(f"Output {port} is no folder.", final=True)
        inside = sorted(path.iterdir())
        linked = [one for one in inside if one.is_symlink() and one.is_dir()]
        if linked:
            text = f"Output {port} holds {linked[0].name}, a link to a folder: refused."
            raise JobError(text, final=True)
        return [
            {"class": "Directory" if one.is_dir() else "File", "location": one.as_uri()}
            for one in inside
        ]

    def _file(self, port: str, file: Mapping[str, Any], part: int | None, literal: str) -> Made:
        path = self._path(port, file, self.folder / f"{port}.{literal}.contents")
        return Made(port, part, path, _basename(file) or path.name)

    def _path(self, port: str, file: Mapping[str, Any], literal: Path) -> Path:
        if "contents" in file and _on_disk(file) is None:
            plain.write(literal, file["contents"])
            return literal
        path = self._real(port, file)
        if not path.is_file():
            raise JobError(f"Output {port} is no regular file.", final=True)
        return path

    def _real(self, port: str, value: Mapping[str, Any]) -> Path:
        path = Path(os.path.realpath(_on_disk(value) or "/"))
        if not any(path.is_relative_to(root) for root in self.allowed):
            raise JobError(
                f"Output {port} is a link to {path}, outside of the job's folder: refused.",
                final=True,
            )
        return path


def _on_disk(value: Mapping[str, Any]) -> str | None:
    """Return where a File or Directory lies, which cwltool tells as an address or as a path."""
    location = str(value.get("location") or "")
    if location.startswith("file:"):
        return unquote(urlsplit(location).path)
    return location if location.startswith("/") else None


def _basename(value: Mapping[str, Any]) -> str:
    path = _on_disk(value) or ""
    return str(value.get("basename") or path.rstrip("/").rpartition("/")[2])


def _check_kind(port: Port, value: Any) -> None:
    kind = value.get("class") if isinstance(value, dict) else type(value).__name__
    if kind != "File":
        raise JobError(
            f"Output {port.name} is declared as a file, and is {kind}.",
            final=True,
        )
    if value.get("secondaryFiles"):
        raise JobError(
            f"Output {port.name} has secondaryFiles that its tool does not declare. "
            "Declare them, or make each of them an output of its own.",
            final=True,
        )
