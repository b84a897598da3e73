"""The pilot's storage: ``<base>/<namespace>/<dataset>/<file>``, each file whole or not there."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pilot import plain
from pilot.checksum import copy
from pilot.naming import folder_name

Copier = Callable[[BinaryIO, BinaryIO], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the storage; ``path`` is relative to the storage's base."""

    path: str
    checksum: str
    size_bytes: int


class Storage:
    """Files below one base folder. All methods block."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def put(
        self, source: Path, namespace: str, dataset: str, name: str, copier: Copier = copy
    ) -> Stored:
        """Copy ``source`` to its place, over what a dead attempt left; safe when this returns.

        ``sync_folder`` makes the name itself safe.
        """
        folder = self.base / folder_name(namespace) / folder_name(dataset)
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{name}.partial"
        with plain.opened(source) as reading, partial.open("wb") as writing:
            checksum, size = copier(reading, writing)
            writing.flush()
            os.fsync(writing.fileno())
        partial.replace(folder / name)
        return Stored(f"{namespace}/{dataset}/{name}", checksum, size)

    def sync_folder(self, namespace: str, dataset: str) -> None:
        """Have the names in a dataset's folder survive a power cut."""
        descriptor = os.open(self.base / namespace / dataset, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
