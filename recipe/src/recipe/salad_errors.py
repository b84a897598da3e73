"""cwltool's exceptions, told as diagnostics: the bundle's own paths, and nothing internal."""

import os
import re
from collections.abc import Iterator

from schema_salad.exceptions import SchemaSaladException

from penstock_core.errors import InvalidTemplate
from recipe.bundle import ROOT
from recipe.diagnostics import Diagnostic, invalid

# cwltool shows addresses relative to its working directory: ../../penstock-bundle/a.cwl
_FOLDER = ROOT.removeprefix("file://").strip("/")
_ROOT = re.compile(rf"(?:file://)?[./]*/?{_FOLDER}/")
_LOADER = re.compile(r"\(\d{6,}\)\s*")
_PLACE = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+):\s*(?P<rest>.*)$", re.S)
_UPGRADE = "Only v1.0, v1.1 and v1.2 are taken; cwl-upgrader rewrites older documents."


def translate(error: BaseException, main: str) -> InvalidTemplate:
    """Return what cwltool refused as our error, with a diagnostic for each of its leaves."""
    if isinstance(error, SchemaSaladException):
        found = list(_leaves(error, main))
    else:
        found = [_diagnostic(main, 0, 0, str(error) or type(error).__name__)]
    return invalid(found or [_diagnostic(main, 0, 0, str(error))])


def _leaves(error: SchemaSaladException, main: str) -> Iterator[Diagnostic]:
    for leaf in error.leaves():
        line, column = leaf.start or (0, 0)
        yield _diagnostic(_clean(leaf.file or main), line, column, leaf.message)


def _diagnostic(file: str, line: int, column: int, text: str) -> Diagnostic:
    message = " ".join(_clean(text).split())
    if line == 0 and (match := _PLACE.match(message)):
        file, message = match["file"], match["rest"]
        line, column = int(match["line"]), int(match["column"])
    return Diagnostic(file, line, column, message, _hint(message))


def _clean(text: str) -> str:
    return _LOADER.sub("", _ROOT.sub("", text.replace(os.getcwd() + "/", "")))


def _hint(message: str) -> str:
    if "cwlVersion" in message or "draft-3" in message:
        return _UPGRADE
    if "incompatible" in message:
        return "The types must agree: scatter the step, or gather with a File[] input."
    if "unknown identifier" in message or "undefined reference" in message:
        return "Correct the name: it must be an input of the workflow or `step/output`."
    return ""
