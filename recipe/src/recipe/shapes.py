"""What a CWL type says about files: one, a list, or something that no dataset can hold."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Shape(Enum):
    """How many files a type holds; ``OTHER`` is every type that is not made of files alone."""

    FILE = "File"
    FILES = "File[]"
    OTHER = "other"


@dataclass(frozen=True)
class FileType:
    """A type's shape, and whether it may be null."""

    shape: Shape
    optional: bool = False


def file_type(cwl_type: Any) -> FileType:
    """Return the shape of a CWL type in cwltool's expanded form."""
    if isinstance(cwl_type, list):
        rest = [t for t in cwl_type if t != "null"]
        optional = len(rest) < len(cwl_type)
        return FileType(file_type(rest[0]).shape if len(rest) == 1 else Shape.OTHER, optional)
    if cwl_type in ("File", "stdout", "stderr"):
        return FileType(Shape.FILE)
    if isinstance(cwl_type, dict) and cwl_type.get("type") == "array":
        items = file_type(cwl_type["items"])
        return FileType(Shape.FILES if items.shape is Shape.FILE else Shape.OTHER)
    return FileType(Shape.OTHER)


def shown(cwl_type: Any) -> str:
    """Return a CWL type as an author would write it."""
    if isinstance(cwl_type, list):
        rest = [shown(t) for t in cwl_type if t != "null"]
        text = " | ".join(rest)
        return f"{text}?" if len(rest) < len(cwl_type) else text
    if isinstance(cwl_type, dict):
        if cwl_type.get("type") == "array":
            return f"{shown(cwl_type['items'])}[]"
        return shown(cwl_type.get("type", "Any"))
    return str(cwl_type).rsplit("#", 1)[-1].rsplit("/", 1)[-1]
