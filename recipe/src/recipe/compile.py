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
from recipe import panda_dialect, spd
from recipe.bundle import Bundle, inside
from recipe.chain import Chain
from recipe.constructs import NotDivided
from recipe.diagnostics import fault
from recipe.files import check_files
from recipe.gates import gate_warnings
from recipe.hints import task_hint
from recipe.model import Mode, Recipe
from recipe.paths import path_and_part
from recipe.plan import check_output_patterns
from recipe.references import References, place, require_mapping
from recipe.salad_errors import translate
from recipe.value_ranges import check_ranges
from recipe.values import check_values
from recipe.whole import whole_outputs, whole_step
from recipe.workflow_inputs import bound_input, input_specs

MAX_BUNDLE_BYTES = 4 * 1024 * 1024
MAX_PATH_BYTES = 200
VERSIONS = ("v1.0", "v1.1", "v1.2")


def compile(
    documents: Mapping[str, str],
    main: str,
    input: str = "",
    *,
    masks: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    value_ranges: ValueRanges | None = None,
    draft: bool = False,
) -> Recipe:
    """Return the recipe of a bundle; raises ``InvalidTemplate`` with its diagnostics.

    Parameters
    ----------
    documents
        The bundle: text of each file by its path, ``/`` between folders.
    main
        The path of the document that is the template; ``path#name`` for a part of a packed one.
    input
        The workflow input that takes the dataset; "" if there is one candidate only.
    masks
        The template's masks: output patterns may name what all of them catch, and SPD's dialect
        names the bound input by them.
    values
        What the template gives for the other inputs; checked against their types.
    value_ranges
        The same by ranges of the dataset's run.
    draft
        Whether what a template says beside its documents is still to come: values may be missing,
        and which input takes the dataset.
    """
    given, by_run = values or {}, value_ranges or {}
    main, part = path_and_part(main, documents)
    _check_bundle(documents, main)
    references = References(documents)
    document = require_mapping(main, references.document(main))
    panda_dialect.refuse(document, main)
    if spd.is_dialect(document):
        meaning = spd.translate(document, main, masks)
        return _compile_spd(documents, main, meaning, masks, given, by_run)
    references.check(main, part)
    _check_version(main, document)
    bundle = Bundle(documents, references.reached())
    recipe = _recipe(bundle, main, part, input, {*given, *by_run}, draft)
    later = {spec.name for spec in recipe.inputs} if draft else set()
    check_values(recipe.inputs, given, documents, {*by_run, *later})
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
    if path == "." or not is_inside or not path.isprintable() or "\\" in path:
        message = "the name leads out of the bundle, or is not plain"
        raise fault(path, 0, 0, message, "Name files relatively, as in tools/decode.cwl.")
    if len(path.encode()) > MAX_PATH_BYTES:
        message = f"the name is longer than {MAX_PATH_BYTES} bytes"
        raise fault(path, 0, 0, message, "Give it a shorter one.")
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


def _recipe(
    bundle: Bundle, main: str, part: str, asked: str, given: set[str], draft: bool
) -> Recipe:
    process = _load(bundle, main, part)
    check_files(process, bundle.documents)
    bound = bound_input(process, main, asked, given, draft=draft)
    return Recipe(
        input=bound,
        inputs=tuple(spec for spec in input_specs(process) if spec.name != bound),
        documents=dict(bundle.documents),
        **_meaning(process, main, bound, given),
    )


def _meaning(process: Process, main: str, bound: str, given: set[str]) -> dict[str, Any]:
    """Return steps, outputs and warnings: of a tool, of a workflow's steps, or of it as a whole.

    Where steps have settings of their own, somebody means them to be tasks: that is not undone.
    """
    if not isinstance(process, Workflow):
        return _whole(process, main.rsplit("/", 1)[-1].rsplit(".", 1)[0], bound, given)
    chain = Chain(process, bound)
    try:
        steps = chain.steps()
    except NotDivided as reason:
        own = task_hint(process)
        if any(task_hint(step.embedded_tool) != own for step in process.steps):
            raise
        return _whole(process, "workflow", bound, given, reason)
    return {"steps": steps, "outputs": chain.outputs(), "warnings": tuple(chain.warnings)}


def _whole(
    process: Process, name: str, bound: str, given: set[str], reason: NotDivided | None = None
) -> dict[str, Any]:
    step, notes = whole_step(process, name, bound, given)
    warnings = [f"step {name}: {note}" for note in notes]
    if reason is not None:
        each = "a job for each file" if step.mode is Mode.MAP else "one job"
        told = f"The whole workflow runs as {each}: {reason.message}. To divide it: {reason.hint}"
        warnings.insert(0, told)
    if not bound:
        warnings.append("no step reads the dataset")
    return {"steps": (step,), "outputs": whole_outputs(step), "warnings": tuple(warnings)}


def _load(bundle: Bundle, main: str, part: str) -> Process:
    try:
        return bundle.load(main, part)
    except MemoryError:
        raise
    except Exception as error:  # the boundary: cwltool raises many kinds, RecursionError among them
        raise translate(error, main) from error


def _captures(masks: Iterable[str]) -> set[str]:
    """Return the names that every mask catches."""
    names = [{capture.name for capture in parse_mask(mask).captures} for mask in masks]
    return set.intersection(*names) if names else set()
