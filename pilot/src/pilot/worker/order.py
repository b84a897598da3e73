"""A job's order, made ready as cwltool makes one ready that it reads from a file itself."""

from decimal import Decimal
from functools import partial
from typing import Any

from cwltool.process import Process, add_sizes
from cwltool.stdfsaccess import StdFsAccess
from cwltool.utils import (
    adjustDirObjs,
    normalizeFilesDirs,
    path_to_loc,
    trim_listing,
    visit_files,
    visit_files_directories,
)
from ruamel.yaml import YAML
from schema_salad.ref_resolver import Loader

REQUIREMENTS = "cwl:requirements"
_LARGEST_WHOLE = 1e21
"""From here on JavaScript writes numbers with an exponent."""


def prepared(order: dict[str, Any], process: Process) -> dict[str, Any]:
    """Return an order with sizes, plain numbers, and formats in full."""
    names: Any = process.metadata.get("$namespaces", {})
    loader = Loader({**order.get("$namespaces", {}), **names})

    def expand(file: Any) -> None:
        if "format" in file:
            file["format"] = loader.expand_url(file["format"], "")

    ready = {name: _plain(value) for name, value in order.items()}
    visit_files_directories(ready, path_to_loc)
    visit_files(ready, partial(add_sizes, StdFsAccess("")))
    visit_files(ready, expand)
    adjustDirObjs(ready, trim_listing)
    normalizeFilesDirs(ready)
    return ready


def _plain(value: Any) -> Any:
    """Return a value whose numbers are written without an exponent, as CWL wants them."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if not isinstance(value, float):
        return value
    if value.is_integer() and abs(value) < _LARGEST_WHOLE:
        return int(value)
    return YAML().load(format(Decimal(repr(value)), "f"))
