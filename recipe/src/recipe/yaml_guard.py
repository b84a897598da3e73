"""A look at YAML's events before anything is built from them: bombs end here, in a millisecond."""

import io
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from penstock_core.errors import InvalidTemplate
from recipe.diagnostics import fault

MAX_BYTES = 512 * 1024
MAX_NODES = 50_000
MAX_DEPTH = 40


def check_yaml(path: str, text: str) -> None:
    """Raise ``InvalidTemplate`` unless ``text`` is one document of bounded size and depth."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise fault(
            path, 0, 0, f"larger than {MAX_BYTES // 1024} KiB", "Split it into several files."
        )
    if not text.strip():
        raise fault(path, 0, 0, "the file is empty", "It must hold a CWL document.")
    depth = 0
    for count, event in enumerate(_events(path, text)):
        depth += _step(event)
        reason, hint = _refusal(event, depth, count)
        if reason:
            mark = event.start_mark
            raise fault(path, mark.line + 1, mark.column + 1, reason, hint)


def _events(path: str, text: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(io.StringIO(text))
    except YAMLError as error:
        raise syntax_fault(path, error) from error
    except RecursionError as error:
        raise fault(path, 0, 0, f"nested deeper than {MAX_DEPTH} levels") from error


def syntax_fault(path: str, error: YAMLError) -> InvalidTemplate:
    """Return the error of text that is not YAML, at the place where the parser gave up."""
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return fault(path, line, column, f"not YAML: {problem}", "Check indentation and brackets.")


def _step(event: Event) -> int:
    if isinstance(event, CollectionStartEvent):
        return 1
    return -1 if isinstance(event, MappingEndEvent | SequenceEndEvent) else 0


def _refusal(event: Event, depth: int, count: int) -> tuple[str, str]:
    if isinstance(event, AliasEvent):
        return (
            "YAML aliases (*name) are not taken",
            "Write the value out, and put a mask in quotes.",
        )
    if depth > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH} levels", "Move inner parts to files of their own."
    if count > MAX_NODES:
        return f"more than {MAX_NODES} YAML nodes", "Split it into several files."
    tag = str(getattr(event, "ctag", None) or "")
    if (tag.startswith("!") and tag != "!") or tag.startswith("tag:yaml.org,2002:python"):
        return f"YAML tag {tag} is not taken", "Write a plain value."
    if isinstance(event, ScalarEvent) and not _is_unicode(event.value):
        return "half of a surrogate pair, which is no character", "Write the character itself."
    return "", ""


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
