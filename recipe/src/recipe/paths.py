"""Paths of a bundle: names of its documents, with ``/`` between folders."""

from collections.abc import Container, Iterable


def is_folder(path: str, documents: Iterable[str]) -> bool:
    """Return whether ``path`` is a folder of the bundle."""
    return any(name.startswith(f"{path.rstrip('/')}/") for name in documents)


def path_and_part(main: str, documents: Container[str]) -> tuple[str, str]:
    """Return a document's path, and the process of it that ``path#name`` means ("" = its main one).

    A path may hold the sign that stands between them.
    """
    path, _, part = (main, "", "") if main in documents else main.rpartition("#")
    return (path, part) if path in documents else (main, "")
