"""Reads the text of a mask; what cannot be read, or can never match, is refused at its column.

::

    *            any characters, also none, dots too
    ?            any one character
    [ab] [0-9]   one of these; [!ab] one that is none of these
    {run}        a * with a name
    {run:[0-9]*} a glob with a name; captures do not nest
    else         the character itself; in a class every character stands for itself
"""

import re
from functools import lru_cache

from penstock_core.errors import InvalidMask
from penstock_core.masks.glob import NAME_CHARS, NAME_FIRST, Atom, Capture, Mask

MAX_LENGTH = 256
"""Longest mask, in characters."""

_CAPTURE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAMES_HOLD = "Dataset names hold only A-Z, a-z, 0-9, '.', '_' and '-'."
_INSTEAD = {
    "/": "Leave it out, or write '.' where the parts of the name meet.",
    " ": "Leave it out; to name several masks, give them as a list.",
    ",": "To name several masks, give them as a list.",
    "|": "To name several masks, give them as a list.",
    ":": "Leave out the scope: a mask is over the name alone.",
    "]": "Open the class with '[' or leave out the ']'.",
    "}": "Open the capture with '{' or leave out the '}'.",
    "\\": "Masks are globs and need no escapes: write the character itself.",
} | dict.fromkeys("^$+()", "Masks are globs, not regular expressions: write *, ?, [ab] or {name}.")


@lru_cache(maxsize=4096)
def parse_mask(text: str) -> Mask:
    """Return the mask that a text says; templates with one mask share it, and its expression.

    Raises
    ------
    InvalidMask
        Not a mask, or one that no dataset name can ever match; ``facts`` holds mask and column.
    """
    _check_whole(text)
    reader = _Reader(text)
    reader.read()
    _check_beginning(text, reader.atoms[0])
    return Mask(text, tuple(reader.atoms), tuple(reader.captures))


def _refusal(text: str, column: int, problem: str, hint: str) -> InvalidMask:
    return InvalidMask(
        f"Mask {text!r}, column {column}: {problem}.",
        hint=hint,
        facts={"mask": text, "column": column},
    )


def _check_whole(text: str) -> None:
    if not text:
        raise _refusal(text, 1, "it is empty", "Write * to take every dataset.")
    if len(text) > MAX_LENGTH:
        problem = f"it is longer than {MAX_LENGTH} characters"
        raise _refusal(text[:40] + "…", MAX_LENGTH + 1, problem, "Put a * for part of the name.")
    for column, char in enumerate(text, 1):
        if ord(char) < 32 or 127 <= ord(char) < 160:
            problem = f"the control character {char!r} can never match"
            raise _refusal(text, column, problem, "Remove it; it may have come by copy and paste.")


def _check_beginning(text: str, first: Atom) -> None:
    if not first.many and not first.chars & NAME_FIRST:
        problem = "it can never match, for every dataset name begins with a letter or a digit"
        raise _refusal(text, first.column, problem, "Put * before it, or begin with either.")


class _Reader:
    """Goes through the text once; ``at`` is the next character from 0, ``end`` where it stops."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.end = len(text)
        self.atoms: list[Atom] = []
        self.captures: list[Capture] = []

    def read(self) -> None:
        while self.at < len(self.text):
            if self.text[self.at] == "{":
                self._read_capture()
            else:
                self._read_atom()

    def _refusal(self, at: int, problem: str, hint: str) -> InvalidMask:
        return _refusal(self.text, at + 1, problem, hint)

    def _read_atom(self) -> None:
        begin = self.at
        self.at += 1
        char = self.text[begin]
        if char == "[":
            chars = self._read_class(begin)
        elif char in "*?":
            chars = NAME_CHARS
        elif char in NAME_CHARS:
            chars = frozenset(char)
        else:
            hint = f"{_INSTEAD.get(char, 'Leave it out.')} {_NAMES_HOLD}"
            raise self._refusal(begin, f"{char!r} can never match, no name holds it", hint)
        self.atoms.append(Atom(chars, char == "*", begin + 1))

    def _read_class(self, begin: int) -> frozenset[str]:
        end = self.text.find("]", self.at, self.end)
        if end < 0:
            raise self._refusal(begin, "the class is not closed", "Close it: [ab] or [0-9].")
        body = self.text[self.at : end]
        self.at = end + 1
        return self._class_chars(begin, body)

    def _class_chars(self, begin: int, body: str) -> frozenset[str]:
        members = body.removeprefix("!")
        if not members:
            raise self._refusal(begin, "the class is empty", "Write [ab], [0-9] or [!ab].")
        if members.startswith("^"):
            raise self._refusal(begin, "'^' is not how a class says not", f"Write [!{body[1:]}].")
        named = self._expand(begin, members)
        chars = NAME_CHARS - named if body.startswith("!") else NAME_CHARS & named
        if not chars:
            problem = f"[{body}] can never match, no name holds such a character"
            raise self._refusal(begin, problem, f"Change the class. {_NAMES_HOLD}")
        return chars

    def _expand(self, begin: int, members: str) -> set[str]:
        """Return the characters of a class, its ranges written out; '-' at an end is itself."""
        named: set[str] = set()
        at = 0
        while at < len(members):
            low, is_range = members[at], members[at + 1 : at + 2] == "-" and at + 2 < len(members)
            high = members[at + 2] if is_range else low
            if low > high:
                problem = f"the range {low}-{high} runs backwards"
                raise self._refusal(begin, problem, f"Write [{high}-{low}].")
            named.update(char for char in NAME_CHARS if low <= char <= high)
            at += 3 if is_range else 1
        return named

    def _read_capture(self) -> None:
        begin = self.at
        end = self._capture_end(begin)
        name, colon, body = self.text[begin + 1 : end].partition(":")
        self._check_capture(begin, name, body if colon else "*")
        start = len(self.atoms)
        if colon:
            self._read_body(begin + len(name) + 2, end)
        else:
            self.atoms.append(Atom(NAME_CHARS, True, begin + 1))
        self.at = end + 1
        self.captures.append(Capture(name, start, len(self.atoms)))

    def _read_body(self, begin: int, end: int) -> None:
        self.at, self.end = begin, end
        while self.at < end:
            self._read_atom()
        self.end = len(self.text)

    def _capture_end(self, begin: int) -> int:
        end = self.text.find("}", begin)
        if end < 0:
            hint = "Close it: {run} or {run:[0-9]*}."
            raise self._refusal(begin, "the capture is not closed", hint)
        inner = self.text.find("{", begin + 1, end)
        if inner >= 0:
            problem = "a capture cannot stand inside another"
            raise self._refusal(inner, problem, "Put one after the other: {a}.{b}.")
        return end

    def _check_capture(self, begin: int, name: str, body: str) -> None:
        if not _CAPTURE_NAME.match(name):
            problem = f"{name!r} cannot be the name of a capture"
            hint = "Write {run} or {run:[0-9]*}; to name several masks, give them as a list."
            raise self._refusal(begin, problem, hint)
        if any(capture.name == name for capture in self.captures):
            problem = f"there are two captures {name!r}"
            raise self._refusal(begin, problem, f"Rename one: {{{name}2}}.")
        if not body:
            problem = f"the capture {name!r} is empty"
            raise self._refusal(begin, problem, f"Write {{{name}}} or {{{name}:[0-9]*}}.")
