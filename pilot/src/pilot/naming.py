"""Names of what jobs make: of dataset, index and port alone, so a second try makes them again."""

import hashlib
import re

from pilot.model import JobError

LONGEST = 250
_SHORTEST_STEM = 100
_LONGEST_EXTENSION = 32
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")


def output_name(dataset: str, index: int, port: str, basename: str, part: int | None) -> str:
    """Return the name of an output file: ``<dataset>.<index>[.<part>].<port>[.<extension>]``.

    ``part`` numbers the files of a port that may give several; None for one that gives one. The
    name never ends in a dot and digits, which PanDA would read as a retry.
    """
    numbers = f"{index:06d}" if part is None else f"{index:06d}.{part}"
    ending = ".".join(filter(None, [numbers, _word(port), _extension(basename)]))
    return _fitted(dataset, f".{ending}")


def log_name(dataset: str, index: int, round: int = 0) -> str:
    """Return the name of a job's log; what an operator had tried again is told apart."""
    again = f".again{round}" if round else ""
    return _fitted(dataset, f".{index:06d}{again}.log")


def folder_name(name: str) -> str:
    """Return ``name`` if it can be one folder's name; raises ``JobError``."""
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        raise JobError(f"{name!r} cannot be the name of a folder in the storage.", final=True)
    return name


def _extension(basename: str) -> str:
    suffix = basename.rpartition(".")[2] if "." in basename.lstrip(".") else ""
    return _word(suffix[:_LONGEST_EXTENSION]) if suffix else ""


def _word(text: str) -> str:
    """Return ``text`` in letters of file names; digits alone get a letter in front."""
    word = _FOREIGN.sub("_", text)
    return f"x{word}" if word.isdigit() else word


def _fitted(dataset: str, ending: str) -> str:
    """Return both together, a dataset's name that is too long replaced by a part and a hash."""
    room = max(LONGEST - len(ending), _SHORTEST_STEM)
    if len(dataset) > room:
        digest = hashlib.sha256(dataset.encode()).hexdigest()[:16]
        dataset = f"{dataset[: room - 17]}-{digest}"
    return dataset + ending
