"""Paths of a bundle: names of its documents, with ``/`` between folders."""

from collections.abc import Iterable


def is_folder(path: str, documents: Iterable[str]) -> bool:
    """Return whether ``path`` is a folder of the bundle."""
    return any(name.startswith(f"{path.rstrip('/')}/") for name in documents)
