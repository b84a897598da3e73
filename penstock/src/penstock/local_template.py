"""A template on disk in any of its forms: ``template.yaml``, or a CWL or SPD document alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from penstock.template_file import read_template
from penstock_core.contracts.workflow import NewTemplate
from penstock_core.errors import InvalidInput

DOCUMENTS = (".cwl", ".json")


def is_local(template: str) -> bool:
    """Return whether ``template`` names a file here, not a template of a running Penstock."""
    return Path(template).suffix in (*DOCUMENTS, ".yaml", ".yml")


def read_local(path: Path, name: str = "", masks: Sequence[str] = ()) -> NewTemplate:
    """Return the template of a file; ``name`` and ``masks``, where given, count before its own.

    A document alone brings along what it names: tools that it runs, files that it takes.
    Raises ``InvalidInput``.
    """
    given: dict[str, Any] = {"name": name} if name else {}
    if masks:
        given["masks"] = tuple(masks)
    if path.suffix not in DOCUMENTS:
        return read_template(path).model_copy(update=given)
    return NewTemplate(
        **({"name": path.name.split(".")[0]} | given), main=path.name, documents=gather(path)
    )


def gather(main: Path) -> dict[str, str]:
    """Return the texts of a document and of all files that it names inside its folder.

    What cannot be read is left out: the compiler says at which line it is missing.
    """
    folder = main.parent.resolve()
    found = {main.name: _read_main(main)}
    todo = [main.name]
    while todo:
        name = todo.pop()
        for path in _named(folder, name, found[name]):
            key = path.relative_to(folder).as_posix()
            text = None if key in found else _text(path)
            if text is not None:
                found[key] = text
                todo.append(key)
    return found


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


def _named(folder: Path, name: str, text: str) -> Iterator[Path]:
    if not name.endswith((*DOCUMENTS, ".yaml", ".yml")):
        return
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    for reference in _references(content):
        bare = reference.partition("#")[0]
        path = (folder / name).parent / bare
        if bare and not urlsplit(bare).scheme and path.resolve().is_relative_to(folder):
            yield path.resolve()


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
