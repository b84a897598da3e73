"""Compiling a template here, without a running Penstock, and telling what is wrong with it."""

import asyncio
import os
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penstock.cli.chain_notes import notes
from penstock.local_template import DOCUMENTS, read_local
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.workflow import NewTemplate
from penstock_core.contracts.workflow.parameters import Field, Parameters
from penstock_core.errors import InvalidTemplate, PenstockError
from penstock_core.masks import Selector
from recipe.compiler import CompileRequest, WarmCompiler
from recipe.model import Recipe
from recipe.parameters import parameters_of


class Fault(Frozen):
    """One thing that is wrong; line and column count from 1, 0 = the file as a whole."""

    file: str
    line: int
    column: int
    message: str
    hint: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}"


class Checked(Frozen):
    """What became of one file: its steps and what is particular about them, or what is wrong."""

    file: str
    ok: bool
    faults: tuple[Fault, ...] = ()
    warnings: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parameters: Parameters | None = None


def check_files(paths: Sequence[Path], masks: tuple[str, ...] = ()) -> tuple[Checked, ...]:
    """Return what the compiler says of each template's file; several are compiled at once."""

    async def check_all() -> tuple[Checked, ...]:
        async with WarmCompiler(_sandbox()) as compiler:
            checks = (_check(compiler, path, masks) for path in paths)
            return tuple(await asyncio.gather(*checks))

    return asyncio.run(check_all())


async def _check(compiler: WarmCompiler, path: Path, masks: tuple[str, ...]) -> Checked:
    try:
        template = read_local(path, masks=masks)
        recipe = await _compile(compiler, template, draft=_is_alone(path))
    except PenstockError as error:
        faults = _faults(path, error)
        if not masks:
            faults = tuple(_with_mask_option(path, fault) for fault in faults)
        return Checked(file=str(path), ok=False, faults=faults)
    steps = tuple(step.name for step in recipe.steps)
    said = tuple(notes(recipe, template.value_ranges))
    asked = parameters_of(recipe.inputs)
    if _is_alone(path) and recipe.input:
        said = (f"the dataset goes to {recipe.input}", *said)
    given = {*template.values, *template.value_ranges}
    said += tuple(_asked(field) for field in asked.form if field.name not in given)
    return Checked(
        file=str(path),
        ok=True,
        warnings=recipe.warnings,
        steps=steps,
        notes=said,
        parameters=asked,
    )


def _is_alone(path: Path) -> bool:
    """Return whether documents come without what a template says beside them."""
    return path.suffix not in (".yaml", ".yml")


def _asked(field: Field) -> str:
    default = "required" if field.required else f"default {field.default!r}"
    choices = f", one of {', '.join(field.choices)}" if field.choices else ""
    return f"asks for {field.name}: {field.kind}{choices}, {default}"


def compile_here(template: NewTemplate) -> Recipe:
    """Return the recipe of a template; raises ``InvalidMask`` or ``InvalidTemplate``."""

    async def compile_one() -> Recipe:
        async with WarmCompiler(_sandbox()) as compiler:
            return await _compile(compiler, template)

    return asyncio.run(compile_one())


def _sandbox() -> str:
    return os.environ.get("PENSTOCK_SANDBOX", "auto")


async def _compile(compiler: WarmCompiler, template: NewTemplate, *, draft: bool = False) -> Recipe:
    if template.masks:
        Selector.parse(template.masks, template.exclude, template.where, template.namespace)
    request = CompileRequest(
        documents=template.documents,
        main=template.main,
        input=template.input,
        masks=template.masks,
        values=template.values,
        value_ranges=template.value_ranges,
        draft=draft,
    )
    return await compiler(request)


def _faults(path: Path, error: PenstockError) -> tuple[Fault, ...]:
    listed = error.facts.get("diagnostics") if isinstance(error, InvalidTemplate) else None
    if not listed:
        whole = Fault(file=str(path), line=0, column=0, message=error.message, hint=error.hint)
        return (whole,)
    return tuple(_fault(path.parent, diagnostic) for diagnostic in listed)


def _with_mask_option(path: Path, fault: Fault) -> Fault:
    """Return the fault; where a document alone misses its mask, the hint tells how to give it."""
    if path.suffix not in DOCUMENTS or "mask" not in fault.hint:
        return fault
    hint = f"{fault.hint} A document alone has none: give it with --mask."
    return fault.model_copy(update={"hint": hint})


def _fault(folder: Path, diagnostic: dict[str, Any]) -> Fault:
    return Fault(
        file=posixpath.normpath(folder / diagnostic["file"]),
        line=diagnostic["line"],
        column=diagnostic["column"],
        message=diagnostic["message"],
        hint=diagnostic["hint"],
    )
