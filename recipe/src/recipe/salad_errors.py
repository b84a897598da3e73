"""cwltool's exceptions, told as diagnostics: the bundle's own paths, and nothing internal."""

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches

from schema_salad.exceptions import SchemaSaladException

from penstock_core.errors import InvalidTemplate
from recipe.bundle import shortened
from recipe.diagnostics import Diagnostic, invalid
from recipe.shapes import shown

_LOADER = re.compile(r"\(\d{6,}\)\s*")
_TRIED = re.compile(r", tried \S.*$")
_PLACE = re.compile(r"(?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+):\s+")
_MISMATCH = re.compile(
    r"Source '(?P<source>[^']+)' of type (?P<gives>.+?) is incompatible "
    r"(?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+): +"
    r"with sink '(?P<sink>[^']+)' of type (?P<takes>.+?)(?= \S+:\d+:\d+: +Source '|$)"
)
_NO_TYPE = re.compile(r"Field '(?:type|items)' references unknown identifier '(?P<type>[^']*)'")
_TYPES = (
    *("File", "Directory", "string", "int", "long", "float", "double", "boolean", "Any", "null"),
    *("stdout", "stderr"),
)
_HINTS = {
    "draft-": "Only v1.0, v1.1 and v1.2 are taken; cwl-upgrader rewrites older documents.",
    "incompatible": "The types must agree: scatter the step, or gather with a File[] input.",
    "circular dependency": "A step may not wait for itself.",
    "unknown identifier": "Correct the name: an input of the workflow, or `step/output`.",
    "undefined reference": "Correct the name.",
    "invalid field": "Correct or remove the field.",
}


def translate(error: BaseException, main: str) -> InvalidTemplate:
    """Return what cwltool refused as our error, with a diagnostic for each of its leaves."""
    if isinstance(error, SchemaSaladException):
        found = [one for leaf in error.leaves() for one in _leaf(leaf, main)]
    else:
        text = f"cwltool cannot read it ({type(error).__name__}: {error})"
        found = [_diagnostic(main, 0, 0, text)]
    return invalid(found or [_diagnostic(main, 0, 0, str(error))])


def _leaf(leaf: SchemaSaladException, main: str) -> Iterator[Diagnostic]:
    mismatches = list(_MISMATCH.finditer(_clean(leaf.message)))
    for found in mismatches:
        gives, takes = _type(found["gives"]), _type(found["takes"])
        message = f"{found['source']!r} gives {gives}, incompatible with {found['sink']!r}: {takes}"
        yield _diagnostic(found["file"], int(found["line"]), int(found["column"]), message)
    if not mismatches:
        line, column = leaf.start or (0, 0)
        yield _diagnostic(leaf.file or main, line, column, leaf.message)


def _diagnostic(file: str, line: int, column: int, text: str) -> Diagnostic:
    file, message = shortened(file), _clean(text)
    # A message within a message: the innermost place is where it is wrong.
    for match in _PLACE.finditer(message):
        file, line, column = match["file"], int(match["line"]), int(match["column"])
        message = match.string[match.end() :]
    return Diagnostic(file, line, column, _TRIED.sub("", message), _hint(message))


def _clean(text: str) -> str:
    return " ".join(_LOADER.sub("", shortened(text)).split())


def _type(text: str) -> str:
    try:
        return shown(json.loads(text))
    except ValueError:
        return text


def _hint(message: str) -> str:
    if no_type := _NO_TYPE.search(message):
        return _type_hint(no_type["type"])
    return next((hint for sign, hint in _HINTS.items() if sign in message), "")


def _type_hint(name: str) -> str:
    """Return the type that is nearest to ``name``, and all that there are."""
    by_lower = {known.lower(): known for known in _TYPES}
    near = get_close_matches(name.lower(), by_lower, n=1)
    meant = f"Did you mean {by_lower[near[0]]}? " if near else ""
    every = ", ".join(_TYPES[:-2])
    return f"{meant}The types are {every}; File[] is an array, File? may be left out."
