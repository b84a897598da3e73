"""Documents to recipe: a pure function, and the only road by which a template gets its meaning."""

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cwltool.process import Process
from cwltool.workflow import Workflow

from penstock_core.contracts.workflow import ValueRanges
from penstock_core.errors import InvalidTemplate
from penstock_core.masks import parse_mask
from recipe import spd
from recipe.bundle import WRAPPER_SUFFIX, Bundle, inside
from recipe.chain import Chain
from recipe.constructs import NotDivided
from recipe.diagnostics import fault
from recipe.files import check_files
from recipe.gates import gate_warnings
from recipe.hints import task_hint
from recipe.model import Mode, Recipe, Step
from recipe.plan import check_output_patterns
from recipe.references import References, place, require_mapping
from recipe.salad_errors import translate
from recipe.single_tool import workflow_around
from recipe.value_ranges import check_ranges
from recipe.values import check_values
from recipe.whole import whole_step
from recipe.workflow_inputs import bound_input, input_specs

MAX_BUNDLE_BYTES = 4 * 1024 * 1024
VERSIONS = ("v1.0", "v1.1", "v1.2")
_MEANS_MORE = frozenset("#%?:\\")
"""Characters that mean something in a reference."""


def compile(
    documents: Mapping[str, str],
    main: str,
    input: str = "",
    *,
    masks: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    value_ranges: ValueRanges | None = None,
) -> Recipe:
    """Return the recipe of a bundle; raises ``InvalidTemplate`` with its diagnostics.

    Parameters
    ----------
    documents
        The bundle: text of each file by its path, ``/`` between folders.
    main
        The path of the document that is the template.
    input
        The workflow input that takes the dataset; "" if there is one candidate only.
    masks
        The template's masks: output patterns may name what all of them catch, and SPD's dialect
        names the bound input by them.
    values
        What the template gives for the other inputs; checked against their types.
    value_ranges
        The same by ranges of the dataset's run.
    """
    given, by_run = values or {}, value_ranges or {}
    _check_bundle(documents, main)
    references = References(documents)
    document = require_mapping(main, references.document(main))
    if spd.is_dialect(document):
        meaning = spd.translate(document, main, masks)
        return _compile_spd(documents, main, meaning, masks, given, by_run)
    references.check(main)
    _check_version(main, document)
    valued = {*given, *by_run}
    recipe = _recipe(Bundle(documents, references.reached()), main, input, valued)
    check_values(recipe.inputs, given, documents, by_run)
    check_ranges(recipe.inputs, by_run, documents)
    captures = _captures(masks)
    check_output_patterns(recipe, captures)
    more = gate_warnings(recipe, captures) if masks else ()
    return recipe.model_copy(update={"warnings": (*recipe.warnings, *more)})


def _check_bundle(documents: Mapping[str, str], main: str) -> None:
    size = sum(len(text.encode(errors="replace")) for text in documents.values())
    if size > MAX_BUNDLE_BYTES:
        message = f"the bundle is larger than {MAX_BUNDLE_BYTES // 1024} KiB ({size} bytes)"
        raise fault(main, 0, 0, message, "Give big files as data, by a dataset or a path.")
    if main not in documents:
        message = f"there is no {main!r}. {inside(documents)}"
        raise fault(main, 0, 0, message, "Name the template's own document with main.")
    for path in documents:
        _check_path(path, documents)


def _check_path(path: str, documents: Iterable[str]) -> None:
    is_inside = path == posixpath.normpath(path) and not path.startswith(("/", ".."))
    if path == "." or not is_inside or not path.isprintable() or _MEANS_MORE & set(path):
        message = "the name leads out of the bundle, or is not plain (it may hold none of #%?:\\)"
        raise fault(path, 0, 0, message, "Name files relatively, as in tools/decode.cwl.")
    if any(other.startswith(f"{path}/") for other in documents):
        raise fault(path, 0, 0, "the name is a file and a folder", "Rename one of them.")


def _check_version(main: str, document: Mapping[str, Any]) -> None:
    version = document.get("cwlVersion")
    if version in VERSIONS:
        return
    line, column = place(document, "cwlVersion") if version else (1, 1)
    message = f"cwlVersion {version!r} is not taken" if version else "cwlVersion is missing"
    hint = "Write `cwlVersion: v1.2`; cwl-upgrader rewrites documents of draft-3 and older."
    raise fault(main, line, column, message, hint)


def _compile_spd(
    documents: Mapping[str, str],
    main: str,
    meaning: spd.Meaning,
    masks: Sequence[str],
    values: Mapping[str, Any],
    ranges: ValueRanges,
) -> Recipe:
    standard = {**documents, main: json.dumps(meaning.standard, indent=2)}
    try:
        recipe = compile(
            standard, main, meaning.input, masks=masks, values=values, value_ranges=ranges
        )
    except InvalidTemplate as error:
        hint = f"The lines are those of the standard CWL that it means. {error.hint}".strip()
        raise InvalidTemplate(
            error.message, hint=hint, field=error.field, facts=error.facts
        ) from error
    own = {"dialect": "spd", "documents": dict(documents), "standard": meaning.standard}
    return recipe.model_copy(update=own)


def _recipe(bundle: Bundle, main: str, asked: str, given: set[str]) -> Recipe:
    workflow = _workflow(bundle, main)
    check_files(workflow, bundle.documents)
    bound = bound_input(workflow, main, asked, given)
    steps, warnings = _steps(workflow, bound)
    return Recipe(
        input=bound,
        inputs=tuple(spec for spec in input_specs(workflow) if spec.name != bound),
        steps=steps,
        documents=dict(bundle.documents),
        warnings=warnings,
    )


def _steps(workflow: Workflow, bound: str) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Return the workflow's steps, or the one that runs it whole; and what is to be told.

    Where steps have settings of their own, somebody means them to be tasks: that is not undone.
    """
    chain = Chain(workflow, bound)
    try:
        return chain.steps(), tuple(chain.warnings)
    except NotDivided as reason:
        own = task_hint(workflow)
        if any(task_hint(step.embedded_tool) != own for step in workflow.steps):
            raise
        step = whole_step(workflow, bound)
        each = "a job for each file" if step.mode is Mode.MAP else "one job"
        told = f"The whole workflow runs as {each}: {reason.message}. To divide it: {reason.hint}"
        return (step,), (told,)


def _workflow(bundle: Bundle, main: str) -> Workflow:
    process = _load(bundle, main)
    if not isinstance(process, Workflow):
        around = json.dumps(workflow_around(process, main))
        wrapper = main + WRAPPER_SUFFIX
        process = _load(bundle.with_file(wrapper, around), wrapper)
    assert isinstance(process, Workflow)  # noqa: S101 (by its class)
    return process


def _load(bundle: Bundle, main: str) -> Process:
    try:
        return bundle.load(main)
    except MemoryError:
        raise
    except Exception as error:  # the boundary: cwltool raises many kinds, RecursionError among them
        raise translate(error, main) from error


def _captures(masks: Iterable[str]) -> set[str]:
    """Return the names that every mask catches."""
    names = [{capture.name for capture in parse_mask(mask).captures} for mask in masks]
    return set.intersection(*names) if names else set()
