"""What a bundle's documents refer to, looked at before cwltool follows it.

Remote and missing references get their own line in the message, and a workflow that runs itself
(or a diamond that unfolds into millions of tools) is refused instead of being unfolded.
"""

import io
import posixpath
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from penstock_core.errors import InvalidTemplate
from recipe.diagnostics import fault
from recipe.yaml_guard import check_yaml, syntax_fault

MAX_PROCESSES = 1000
IMPORTS = ("$import", "$include", "$mixin")


class References:
    """Walks the documents that ``main`` reaches; every file is guarded, parsed and walked once."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._documents = documents
        self._parsed: dict[str, Any] = {}
        self._sizes: dict[tuple[str, str], int] = {}
        self._open: list[tuple[str, str]] = []
        self._included: set[str] = set()

    def reached(self) -> frozenset[str]:
        """Return the files that were looked at; nothing else is to be loaded."""
        return frozenset(self._parsed) | self._included

    def document(self, path: str) -> Any:
        """Return the parsed document at ``path``, guarded; raises ``InvalidTemplate``."""
        if path not in self._parsed:
            check_yaml(path, self._documents[path])
            self._parsed[path] = parse(path, self._documents[path])
        return self._parsed[path]

    def check(self, path: str, fragment: str = "") -> int:
        """Return how many processes this one unfolds to; raises ``InvalidTemplate``."""
        node = (path, fragment)
        if node not in self._sizes:
            self._open.append(node)
            self._sizes[node] = self._unfolded(path, self._process(path, fragment))
            self._open.pop()
        return self._sizes[node]

    def _process(self, path: str, fragment: str) -> Any:
        """Return the process of a packed document that is meant, or the document itself."""
        document = self.document(path)
        graph = document.get("$graph") if isinstance(document, dict) else None
        if not isinstance(graph, list):
            return document
        found = {str(p["id"]).lstrip("#"): p for p in graph if isinstance(p, dict) and "id" in p}
        name = fragment or "main"
        if name not in found:
            message = f"$graph has no process with the id {name!r} (it has: {', '.join(found)})"
            hint = "Give the process to start with the id `main`."
            raise fault(path, *place(document, "$graph"), message, hint)
        return found[name]

    def _unfolded(self, path: str, process: Any) -> int:
        size = 1
        for holder, key in _references(process):
            line, column = place(holder, key)
            size += self._follow(path, key, str(holder[key]), (line, column))
            if size > MAX_PROCESSES:
                message = f"unfolds to more than {MAX_PROCESSES} tools"
                raise fault(path, line, column, message, "Use fewer nested workflows.")
        return size

    def _follow(self, path: str, key: str, reference: str, at: tuple[int, int]) -> int:
        target = self._resolve(path, key, reference, at)
        if key == "$include":
            self._included.add(target[0])
            return 0
        if target in self._open:
            ring = " → ".join(_shown(*node) for node in [*self._open, target])
            message = f"{key}: the document runs itself: {ring}"
            raise fault(path, *at, message, "A workflow may not contain itself.")
        if key == "run":
            require_mapping(target[0], self.document(target[0]))
        return self.check(*target)

    def _resolve(self, path: str, key: str, reference: str, at: tuple[int, int]) -> tuple[str, str]:
        address, fragment = urllib.parse.urldefrag(reference)
        if urllib.parse.urlsplit(address).scheme or address.startswith("/"):
            raise self._outside(path, key, reference, at)
        folder = posixpath.dirname(path)
        address = urllib.parse.unquote(address)
        target = posixpath.normpath(posixpath.join(folder, address)) if address else path
        if target.startswith(".."):
            raise self._outside(path, key, reference, at)
        if target not in self._documents:
            has = ", ".join(sorted(self._documents))
            message = f"{key}: file {target!r} is not in the bundle (it has: {has})"
            raise fault(path, *at, message, "Upload it with the template, or correct the name.")
        return target, fragment

    def _outside(self, path: str, key: str, reference: str, at: tuple[int, int]) -> InvalidTemplate:
        message = f"{key}: {reference} is outside the bundle; nothing is fetched for a template"
        return fault(path, *at, message, "Put the file into the bundle and name it relatively.")


def parse(path: str, text: str) -> Any:
    """Return a document with line numbers; raises ``InvalidTemplate``. Guard the text first."""
    try:
        return YAML().load(io.StringIO(text))
    except YAMLError as error:
        raise syntax_fault(path, error) from error


def require_mapping(path: str, document: Any) -> CommentedMap:
    """Return the document, if it is a mapping; raises ``InvalidTemplate``."""
    if isinstance(document, CommentedMap):
        return document
    kind = "a list" if isinstance(document, list) else "a plain value"
    hint = "A template starts with `class: Workflow` or `class: CommandLineTool`."
    raise fault(path, 1, 1, f"the top level is {kind}, it must be a mapping", hint)


def place(holder: Any, key: Any) -> tuple[int, int]:
    """Return line and column, from 1, of ``key`` in a parsed mapping or list; (0, 0) if unknown."""
    data = getattr(getattr(holder, "lc", None), "data", None) or {}
    if key in data:
        line, column = data[key][:2]
        return line + 1, column + 1
    mark = getattr(holder, "lc", None)
    return (mark.line + 1, mark.col + 1) if mark is not None and mark.line is not None else (0, 0)


def _references(node: Any, *, is_step: bool = False) -> Iterator[tuple[Any, str]]:
    """Yield each mapping that refers to another document, with the key that does."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item, is_step=is_step)
    elif isinstance(node, dict):
        for key, value in node.items():
            # `run` is a reference in a step alone; an input may be called `run` as well.
            if isinstance(value, str) and (key in IMPORTS or (key == "run" and is_step)):
                yield node, key
            elif key == "steps" and isinstance(value, dict):
                yield from _references(list(value.values()), is_step=True)
            else:
                yield from _references(value, is_step=key == "steps")


def _shown(path: str, fragment: str) -> str:
    return f"{path}#{fragment}" if fragment else path
