"""The reference of the command line as Markdown, made of the commands themselves.

``python -m penstock.cli.reference > docs/reference/cli.md`` writes it anew.
"""

import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import typer

from penstock.cli import app

HEAD = """# Command line

Made by `python -m penstock.cli.reference` from the commands themselves.

Every command ends with 0 when it was done, 1 when it was refused or failed (message and hint on
standard error), 2 when it was called wrongly. With `--json` standard output is one JSON document
and nothing else.

Where Penstock is: `--url` or `--data-dir`, else `PENSTOCK_URL` or `PENSTOCK_DATA_DIR`, else the
embedded Penstock of `penstock-data` here, else where `penstock login` signed in last. A folder that
is named is meant: if no Penstock runs there, that is an error.

Who one is: `PENSTOCK_USERNAME` with `PENSTOCK_PASSWORD` or `PENSTOCK_PASSWORD_FILE`, else the
operator of the embedded Penstock (who can read its data folder), else what `penstock login` keeps
in `$XDG_CONFIG_HOME/penstock/credentials.json`, readable by its owner alone.
"""


def reference() -> str:
    """Return the whole reference."""
    parts = [HEAD, *_commands(typer.main.get_command(app), "penstock")]
    return "\n".join(parts)


def _commands(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children is None:
        yield _section(command, path)
        return
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}")


def _section(command: Any, path: str) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    words = [path, *(_usage(argument) for argument in arguments), "[options]" * bool(options)]
    lines = [f"## {path}", "", f"    {' '.join(filter(None, words))}", "", command.help or ""]
    rows = [_row(_usage(a).strip("[]."), a) for a in arguments] + [
        _row(", ".join([*o.opts, *o.secondary_opts]), o) for o in options
    ]
    return "\n".join([*lines, "", "| | | default |", "| --- | --- | --- |", *rows, ""])


def _usage(argument: Any) -> str:
    word = (argument.metavar or argument.name).upper()
    word += "…" if argument.nargs == -1 else ""
    return word if argument.required else f"[{word}]"


def _row(name: str, parameter: Any) -> str:
    choices = _choices(parameter.type_descriptor.annotation)
    one_of = f" One of {', '.join(choices)}." if choices else ""
    variable = f" Also `{parameter.envvar}`." if parameter.envvar else ""
    return f"| `{name}` | {parameter.help or ''}{one_of}{variable} | {_default(parameter)} |"


def _choices(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return [str(choice) for choice in get_args(annotation) if isinstance(choice, str)]


def _default(parameter: Any) -> str:
    value = parameter.default
    if isinstance(parameter.show_default, str):
        said = parameter.show_default
        return said if " " in said else f"`{said}`"
    if parameter.required:
        return "must be given"
    if isinstance(value, Path) and value.is_absolute():
        # Where a checkout lies differs from machine to machine.
        return f"`{value.name}` of the checkout"
    return "" if value in (None, "", False, ()) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
