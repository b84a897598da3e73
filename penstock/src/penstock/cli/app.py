"""The application made of the table of commands, and its last line: errors without tracebacks."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from penstock.cli.output import complain
from penstock_core.errors import PenstockError

Command = Callable[..., Any]


@dataclass(frozen=True)
class Group:
    """Commands by their names, and the line of help above them."""

    commands: Mapping[str, Command]
    help: str = ""


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"penstock {metadata.version('penstock')}")
        raise typer.Exit


def build(groups: Mapping[str, Group]) -> typer.Typer:
    """Return the application; the group called "" holds the commands of the first level."""
    app = _typer("Take a detector's data stream to the computing.")
    app.callback()(_first_level)
    for name, group in groups.items():
        home = app if name == "" else _typer(group.help)
        for word, command in group.commands.items():
            home.command(word)(command)
        if home is not app:
            app.add_typer(home, name=name)
    return app


def _first_level(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Take a detector's data stream to the computing."""


def _typer(help: str) -> typer.Typer:
    return typer.Typer(
        help=help,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def run(app: typer.Typer) -> None:
    """Run ``app``; exit with 0, with 1 and a message, or with 2 for wrong usage."""
    try:
        app()
    except PenstockError as error:
        complain(error)
        sys.exit(1)
    except ValidationError as error:
        complain(_foreign(error))
        sys.exit(1)


def _foreign(error: ValidationError) -> PenstockError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return PenstockError(
        f"The answer is not what this command expects: {error.title} {place}: {first['msg']}.",
        hint="Is this the URL of a Penstock, and of the same version?",
    )
