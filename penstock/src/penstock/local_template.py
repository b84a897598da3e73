"""A template on disk in any of its forms: ``template.yaml``, a document alone, a zip of either."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from penstock.template_file import read_template
from penstock.zipped import unpacked
from penstock_core.contracts.workflow import NewTemplate
from penstock_core.errors import InvalidInput

DOCUMENTS = (".cwl", ".json")


def is_local(template: str) -> bool:
    """Return whether ``template`` names a file here, not a template of a running Penstock."""
    return Path(template).suffix in (*DOCUMENTS, ".yaml", ".yml", ".zip")


def read_local(path: Path, name: str = "", masks: Sequence[str] = ()) -> NewTemplate:
    """Return the template of a file; ``name`` and ``masks``, where given, count before its own.

    A document alone brings along what it names: tools that it runs, files that it takes.
    Raises ``InvalidInput``.
    """
    given: dict[str, Any] = {"name": name} if name else {}
    if masks:
        given["masks"] = tuple(masks)
    if path.suffix == ".zip":
        with unpacked(path) as inner:
            return read_local(inner, name, masks)
    if path.suffix not in DOCUMENTS:
        return read_template(path).model_copy(update=given)
    name, documents = gather(path)
    return NewTemplate(**({"name": _plain_name(path)} | given), main=name, documents=documents)


def _plain_name(path: Path) -> str:
    return path.name.split(".")[0]


def gather(main: Path) -> tuple[str, dict[str, str]]:
    """Return a document's name, and the texts of it and of all files that it names, by theirs.

    Names are relative to the innermost folder that holds them all. Outside of the document's own
    folder only CWL is taken: what strangers wrote must not name private files into an upload. What
    is left out, or cannot be read, the compiler says at which line it is missing.
    """
    first = main.resolve()
    found = {first: _read_main(main)}
    todo = [first]
    while todo:
        document = todo.pop()
        for path in _named(document, found[document]):
            is_taken = path.is_relative_to(first.parent) or path.suffix == ".cwl"
            text = _text(path) if is_taken and path not in found else None
            if text is not None:
                found[path] = text
                todo.append(path)
    folder = Path(os.path.commonpath([path.parent for path in found]))
    names = {path: path.relative_to(folder).as_posix() for path in found}
    return names[first], {names[path]: text for path, text in found.items()}


def _read_main(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", hint="Give a CWL file.") from error


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None


def _named(document: Path, text: str) -> Iterator[Path]:
    if document.suffix not in (*DOCUMENTS, ".yaml", ".yml"):
        return
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    for reference in _references(content):
        bare = reference.partition("#")[0]
        if bare and not urlsplit(bare).scheme and not bare.startswith("/"):
            yield (document.parent / bare).resolve()


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        keys = ["run", "$import", "$include"]
        if node.get("class") == "File":
            keys += ["location", "path"]
        yield from (node[key] for key in keys if isinstance(node.get(key), str))
        for value in node.values():
            yield from _references(value)
