"""The allow-list of programs that a task submitted over REST may run."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from penstock_core.errors import InvalidInput

VARIABLE = "PENSTOCK_EXECUTABLES_FILE"
_MAPPING: TypeAdapter[dict[str, list[str]]] = TypeAdapter(dict[str, list[str]])


def read_executables(file: Path | None) -> dict[str, list[str]]:
    """Return argument lists by name from a YAML or JSON mapping; no file, no program."""
    if file is None:
        return {}
    try:
        return _MAPPING.validate_python(yaml.safe_load(file.read_text()))
    except (OSError, ValidationError, yaml.YAMLError) as error:
        raise InvalidInput(
            f"The list of executables {file} cannot be read: {error}",
            hint="It maps names to argument lists: `md5sum: [md5sum, --tag]`.",
            field=VARIABLE,
        ) from error


def argv_of(executables: Mapping[str, list[str]], name: str) -> list[str]:
    """Return the argument list behind ``name``; raises ``InvalidInput``."""
    if name in executables:
        return executables[name]
    listed = f"Allowed are: {', '.join(sorted(executables))}." if executables else ""
    raise InvalidInput(
        f"{name} is not on the list of executables.",
        hint=listed or f"The list is empty: set {VARIABLE} to a YAML mapping of name to argv.",
        field="exec",
        facts={"allowed": sorted(executables)},
    )
