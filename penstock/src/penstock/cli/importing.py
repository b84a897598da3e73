"""``penstock template import-panda``: PanDA's dialect of CWL, rewritten into standard CWL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.output import AsJson, show
from penstock_core.contracts.base import Frozen
from penstock_core.errors import InvalidInput
from recipe.panda_dialect import rewrite


class Written(Frozen):
    """Where the standard CWL went, and what has no counterpart in it."""

    file: str
    left_out: tuple[str, ...]


def import_panda(
    file: Annotated[Path, typer.Argument(help="A workflow whose steps run prun.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the CWL is written.")],
    as_json: AsJson = False,
) -> None:
    """Rewrite PanDA's dialect of CWL (run: prun) into standard CWL, which any runner takes."""
    try:
        imported = rewrite(file.read_text(), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}.", hint="Give a CWL file.") from error
    if output.exists():
        raise InvalidInput(f"{output} is there already.", hint="Remove it, or write elsewhere.")
    head = f"# Rewritten from {file.name}, a workflow of PanDA's dialect.\n"
    output.write_text(head + yaml.safe_dump(imported.workflow, sort_keys=False))
    written = Written(file=str(output), left_out=tuple(map(str, imported.left_out)))
    show(written, as_json, lambda: _view(written))


def _view(written: Written) -> Iterator[RenderableType]:
    for line in written.left_out:
        yield f"[yellow]note[/]  {escape(line)}"
    yield f"[green]good[/]  {escape(written.file)}: try it with penstock template test"
