"""Files that a template itself names: allowed inside the bundle, refused everywhere else."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from cwltool.process import Process
from cwltool.workflow import Workflow

from recipe.bundle import inside, path_of, url_of
from recipe.constructs import at, wrong
from recipe.paths import is_folder


def check_files(process: Process, documents: Mapping[str, str]) -> None:
    """Raise ``InvalidTemplate`` at a File or Directory, in any tool, that the bundle has not.

    A bundle's file that is named by ``path`` gets its ``location``, as cwltool would give it.
    """
    for node in _nodes(process.tool):
        _check_file(node, documents)
    for step in process.steps if isinstance(process, Workflow) else ():
        check_files(step.embedded_tool, documents)


def _check_file(node: Any, documents: Mapping[str, str]) -> None:
    key = "location" if "location" in node else "path"
    if key not in node:
        return
    named = str(node[key])
    is_url = urlsplit(named).scheme in ("file", "http", "https", "bundle")
    relative = unquote(named) if key == "location" else named
    path = path_of(named) if is_url else _joined(at(node, key)[0], relative)
    kind = str(node["class"])
    if path is None:
        text = f"{kind} {named} is outside the bundle"
        raise wrong(node, key, text, "Upload it with the template.")
    if not (path in documents if kind == "File" else is_folder(path, documents)):
        raise wrong(node, key, f"{kind} {path!r} is not in the bundle. {inside(documents)}")
    node["location"] = url_of(path)
    node.pop("path", None)


def _joined(document: str, named: str) -> str | None:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(document), named))
    return None if path.startswith(("..", "/")) else path


def _nodes(node: Any) -> Iterator[Any]:
    """Yield each File and Directory object in a loaded document."""
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, dict):
        if node.get("class") in ("File", "Directory"):
            yield node
        for value in list(node.values()):
            yield from _nodes(value)
