"""Where a document is wrong: a place, a message and what to write instead."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from penstock_core.errors import InvalidTemplate

_LONGEST = 1000
"""Characters of a message."""


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One fault of a document; ``line`` and ``column`` count from 1, 0 = the file as a whole."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


def invalid(diagnostics: Sequence[Diagnostic]) -> InvalidTemplate:
    """Return the error that carries these faults; the first one is its message and hint."""
    ordered = sorted(set(diagnostics))
    first, more = ordered[0], len(ordered) - 1
    also = f" (and {more} more)" if more else ""
    facts = {"diagnostics": [asdict(d) | {"text": str(d)} for d in ordered]}
    return InvalidTemplate(f"{first}{also}", hint=first.hint, facts=facts)


def fault(file: str, line: int, column: int, message: str, hint: str = "") -> InvalidTemplate:
    """Return the error that carries one fault."""
    return invalid([Diagnostic(_shown(file), line, column, _shown(message), _shown(hint))])


def _shown(text: str) -> str:
    """Return a text as a terminal and a log may have it: no control characters, not for ever."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escaped(c) for c in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
