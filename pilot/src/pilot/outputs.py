"""Which files a job's result names: a function of CWL's output object and of the step's ports."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pilot.model import JobError
from recipe.model import Port


@dataclass(frozen=True, slots=True)
class Made:
    """One file that a job made. ``part`` is None where the port gives one file."""

    port: str
    part: int | None
    path: Path
    basename: str


def made_files(
    outputs: Mapping[str, Any], ports: Iterable[Port], allowed: tuple[Path, ...], folder: Path
) -> list[Made]:
    """Return the files of ``outputs`` in the order of ``ports``.

    A file must lie below one of the ``allowed`` folders when all links are followed; one that
    exists as ``contents`` alone is written into ``folder``. Raises ``JobError``. Blocking.
    """
    return [made for port in ports for made in _of_port(port, outputs, allowed, folder)]


def _of_port(
    port: Port, outputs: Mapping[str, Any], allowed: tuple[Path, ...], folder: Path
) -> Iterator[Made]:
    value = outputs.get(port.name)
    values = value if isinstance(value, list) else [value]
    files = [one for one in values if one is not None]
    for part, one in enumerate(files):
        _check_kind(port, one)
        path = _path(port, one, allowed, folder / f"{port.name}.{part}.contents")
        basename = str(one.get("basename") or path.name)
        yield Made(port.name, part if port.many else None, path, basename)


def _check_kind(port: Port, value: Any) -> None:
    kind = value.get("class") if isinstance(value, dict) else type(value).__name__
    if kind != "File":
        raise JobError(
            f"Output {port.name} is {kind}, not File: this pilot stores files alone. "
            "Let the tool pack it into one file.",
            final=True,
        )
    if value.get("secondaryFiles"):
        raise JobError(
            f"Output {port.name} has secondaryFiles, which this pilot does not store yet. "
            "Make each of them an output of its own.",
            final=True,
        )


def _path(port: Port, file: Mapping[str, Any], allowed: tuple[Path, ...], literal: Path) -> Path:
    location = str(file.get("location") or "")
    if "contents" in file and not location.startswith("file:"):
        literal.write_text(file["contents"])
        return literal
    path = Path(os.path.realpath(unquote(urlsplit(location).path)))
    if not any(path.is_relative_to(root) for root in allowed):
        raise JobError(
            f"Output {port.name} is a link to {path}, outside of the job's folder: refused.",
            final=True,
        )
    if not path.is_file():
        raise JobError(f"Output {port.name} is no regular file.", final=True)
    return path
