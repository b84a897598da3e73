"""``penstock file provenance``: what a file was made of, and what was made of it."""

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, facts, show
from penstock.provenance import Lineage, to_prov, to_tree
from penstock.provenance.tree import FEW, plain_tree, summary
from penstock_core.clients.base import dump
from penstock_core.contracts.workflow import Way
from penstock_core.errors import InvalidInput
from penstock_core.provenance import DEEPEST


class Format(StrEnum):
    """How provenance is written."""

    TREE = "tree"
    JSON = "json"
    PROV = "prov"
    PROV_N = "prov-n"
    CRATE = "crate"


Name = Annotated[str, typer.Argument(metavar="NAME", help="Name or uid of the file.")]
Up = Annotated[
    bool, typer.Option("--up/--down", help="What it was made of, or what was made of it.")
]
How = Annotated[
    Format,
    typer.Option(
        "--format",
        case_sensitive=False,
        help="For people; JSON; W3C PROV as JSON or PROV-N; a Workflow Run RO-Crate.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        show_default="standard output",
        help="Write there; a crate is a folder, or one file if this ends in .zip.",
    ),
]


def provenance(
    name: Name,
    up: Up = True,
    how: How = Format.TREE,
    output: Output = None,
    with_files: Annotated[
        bool, typer.Option("--with-files", help="Put the files into the crate, where they can be.")
    ] = False,
    namespace: Annotated[str, typer.Option(help="Namespace of the file.")] = "default",
    depth: Annotated[int, typer.Option(min=1, max=DEEPEST, help="Jobs in a row.")] = DEEPEST,
    limit: Annotated[int, typer.Option(min=1, help="Uses of files at most.")] = 100_000,
    few: Annotated[
        int, typer.Option(min=0, help="Of more than these alike the tree counts the rest; 0: all.")
    ] = FEW,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show or export what a file was made of, or what was made of it, down to tool and host."""
    how = Format.JSON if as_json else how
    if how is Format.CRATE and output is None:
        raise InvalidInput(
            "A crate is a folder or a .zip, not text.",
            hint="Say where with -o, such as: -o provenance.zip",
            field="output",
        )
    with connect(url, data_dir) as penstock:
        way = Way.UP if up else Way.DOWN
        lineage = penstock.provenance(
            name,
            way,
            namespace=namespace,
            depth=depth,
            limit=limit,
            whole=how is not Format.TREE,
        )
        if how is Format.CRATE and output is not None:
            inside = penstock.save_crate(lineage, output, with_files=with_files)
            show(lineage, False, lambda: _crate_lines(lineage, output, inside))
            return
    if how is Format.TREE and output is None:
        show(lineage, False, lambda: _view(lineage, few))
        return
    _write(_text(lineage, how, few), output)


def _crate_lines(lineage: Lineage, output: Path, inside: int) -> Iterator[RenderableType]:
    kept = f"{inside} of {len(lineage.files)} files are inside" if inside else "files by their URL"
    yield f"{escape(str(output))}: {len(lineage.jobs)} jobs, {kept}."
    if lineage.cut:
        yield "[yellow]Cut:[/] there is more; raise --limit."


def _view(lineage: Lineage, few: int) -> Iterator[RenderableType]:
    yield to_tree(lineage, few)
    if not lineage.uses:
        did = "made" if lineage.way is Way.UP else "read"
        yield f"[bright_black]No job {did} it.[/]"
        return
    yield ""
    yield facts(summary(lineage))


def _text(lineage: Lineage, how: Format, few: int) -> str:
    if how is Format.JSON:
        return dump(lineage).decode()
    if how is Format.PROV:
        return str(to_prov(lineage).serialize(format="json", indent=1))
    if how is Format.PROV_N:
        return str(to_prov(lineage).get_provn())
    return plain_tree(lineage, few)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text + "\n")
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text + "\n")
