"""Where a document is wrong: a place, a message and what to write instead."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from penstock_core.errors import InvalidTemplate


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
    return invalid([Diagnostic(file, line, column, message, hint)])
