"""A checkout of a public conformance suite: its tests, and the files that each of them needs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

from cwltest.utils import load_and_validate_tests
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from recipe.model import REFERENCE

_LISTS = ("conformance_tests.y*ml", "conformance_test_v*.y*ml", "v1.*/conformance_test*.y*ml")
_REFERENCES = ("run", "$import", "$include", "$mixin")


@dataclass(frozen=True)
class Test:
    """One test: run ``tool`` with the values of ``order``; files there are relative to its folder.

    ``process`` is the part of a packed document that is meant, or "".
    """

    id: str
    tool: Path
    process: str
    order: Mapping[str, Any]
    order_folder: Path
    expected: Mapping[str, Any]
    should_fail: bool
    tags: tuple[str, ...]


def read_suite(folder: Path) -> list[Test]:
    """Return the tests of the list in ``folder``, in its order."""
    found = [path for pattern in _LISTS for path in sorted(folder.glob(pattern))]
    if not found:
        raise SystemExit(f"{folder} has no conformance_tests.yaml: give a checkout of a CWL suite.")
    tests, _ = load_and_validate_tests(str(found[0]))
    return [_test(test, n) for n, test in enumerate(tests, 1)]


def _test(test: Mapping[str, Any], number: int) -> Test:
    address, process = urldefrag(str(test["tool"]))
    order = _path(str(test["job"])) if test.get("job") else None
    return Test(
        id=str(test.get("id") or number).rpartition("#")[2],
        tool=_path(address),
        process=process,
        order=_read(order) or {} if order else {},
        order_folder=(order or _path(address)).parent,
        expected=test.get("output") or {},
        should_fail=bool(test.get("should_fail")),
        tags=tuple(test.get("tags") or ()),
    )


def _path(address: str) -> Path:
    return Path(unquote(urlsplit(address).path))


def _read(path: Path) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(path.read_text())
    except (YAMLError, UnicodeDecodeError):
        return None


class Bundle:
    """The documents that a test uploads: its tool's, and the files that its values name."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.documents: dict[str, str] = {}

    def name_of(self, path: Path) -> str:
        """Return what a file of the suite is called in the bundle."""
        return path.resolve().relative_to(self._root.resolve()).as_posix()

    def add_document(self, path: Path) -> None:
        """Add a document and all that it refers to."""
        if self._add(path) and (content := _read(path)) is not None:
            for key, reference in _references(content):
                self._follow(path, key, reference)

    def _follow(self, path: Path, key: str, reference: str) -> None:
        address = unquote(urldefrag(reference)[0])
        target = path.parent / address
        if not address or urlsplit(address).scheme or not target.exists():
            return
        if key in ("run", "$import", "$mixin"):
            self.add_document(target)
        else:
            self.add_data(target)

    def add_data(self, path: Path) -> None:
        """Add a file with those beside it that are called alike, or a folder."""
        if path.is_dir():
            for inner in path.rglob("*"):
                self._add(inner)
            return
        self._add(path)
        stem = path.name.partition(".")[0]
        for beside in path.parent.glob(f"{stem}*"):
            if beside.name.partition(".")[0] == stem:
                self._add(beside)

    def _add(self, path: Path) -> bool:
        """Return whether it is a new text; a bundle holds no others."""
        name = self.name_of(path)
        if not path.is_file() or name in self.documents:
            return False
        try:
            self.documents[name] = path.read_text()
        except UnicodeDecodeError:
            return False
        return True

    def value(self, node: Any, folder: Path) -> Any:
        """Return a value of an order with its files in the bundle."""
        if isinstance(node, list):
            return [self.value(item, folder) for item in node]
        if not isinstance(node, dict):
            return node
        rest = {k: self.value(v, folder) for k, v in node.items() if k not in ("location", "path")}
        where = file_of(node, folder)
        if where is None:
            return rest
        self.add_data(where)
        return rest | {"location": REFERENCE + self.name_of(where)}


def file_of(node: Any, folder: Path) -> Path | None:
    """Return where the File or Directory of an order lies; None for anything else."""
    if not isinstance(node, dict) or node.get("class") not in ("File", "Directory"):
        return None
    named = node.get("location", node.get("path"))
    if not named or str(named).startswith("_:"):
        return None
    scheme = urlsplit(str(named)).scheme
    return _path(str(named)) if scheme == "file" else folder / unquote(str(named))


def _references(node: Any) -> Iterator[tuple[str, str]]:
    """Yield each name of another file that a document holds, with the key under which it stands."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    if not isinstance(node, dict):
        return
    is_file = node.get("class") in ("File", "Directory")
    for key, value in node.items():
        if isinstance(value, str) and (key in _REFERENCES or (is_file and key in _WHERE)):
            yield key, value
        else:
            yield from _references(value)


_WHERE = ("location", "path")


def as_text(value: Any) -> str:
    """Return a JSON value in one line, cut where it is long."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 300 else f"{text[:300]}…"
