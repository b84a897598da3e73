"""Documents to recipe: a pure function, and the only road by which a template gets its meaning."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cwltool.process import Process, shortname
from cwltool.workflow import Workflow

from penstock_core.errors import InvalidTemplate
from recipe import bundle, spd
from recipe.chain import Chain
from recipe.constructs import not_taken, wrong
from recipe.diagnostics import fault
from recipe.files import check_files
from recipe.job_document import plain, standalone
from recipe.model import InputSpec, Recipe
from recipe.references import References, place, require_mapping
from recipe.salad_errors import translate
from recipe.shapes import Shape, file_type, shown
from recipe.values import check_values

MAX_BUNDLE_BYTES = 4 * 1024 * 1024
VERSIONS = ("v1.0", "v1.1", "v1.2")
_COPIED = ("type", "default", "label", "doc", "secondaryFiles", "loadContents", "loadListing")


def compile(
    documents: Mapping[str, str],
    main: str,
    input: str = "",
    *,
    masks: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
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
        The template's masks; SPD's dialect names the bound input by them.
    values
        What the template gives for the other inputs; checked against their types.
    """
    references = References(documents)
    document = _main(references, documents, main)
    if spd.is_dialect(document):
        return _compile_spd(documents, main, spd.translate(document, main, masks), values)
    references.check(main)
    _check_version(main, document)
    recipe = _recipe(documents, main, input, set(values or {}))
    check_values(recipe.inputs, values or {})
    return recipe


def _main(references: References, documents: Mapping[str, str], main: str) -> Any:
    size = sum(len(text.encode()) for text in documents.values())
    if size > MAX_BUNDLE_BYTES:
        message = f"the bundle is larger than {MAX_BUNDLE_BYTES // 1024} KiB ({size} bytes)"
        raise fault(main, 0, 0, message, "Give big files as data, by a dataset or a path.")
    if main not in documents:
        raise fault(main, 0, 0, f"there is no {main!r}. {bundle.inside(documents)}")
    return require_mapping(main, references.document(main))


def _check_version(main: str, document: Mapping[str, Any]) -> None:
    version = document.get("cwlVersion")
    if version in VERSIONS:
        return
    line, column = place(document, "cwlVersion") if version else (1, 1)
    message = f"cwlVersion {version!r} is not taken" if version else "cwlVersion is missing"
    hint = "Write `cwlVersion: v1.2`; cwl-upgrader rewrites documents of draft-3 and older."
    raise fault(main, line, column, message, hint)


def _compile_spd(
    documents: Mapping[str, str], main: str, meaning: spd.Meaning, values: Mapping[str, Any] | None
) -> Recipe:
    standard = {**documents, main: json.dumps(meaning.standard, indent=2)}
    try:
        recipe = compile(standard, main, meaning.input, values=values)
    except InvalidTemplate as error:
        hint = f"The lines are those of the standard CWL that it means. {error.hint}".strip()
        raise InvalidTemplate(
            error.message, hint=hint, field=error.field, facts=error.facts
        ) from error
    own = {"dialect": "spd", "documents": dict(documents), "standard": meaning.standard}
    return recipe.model_copy(update=own)


def _recipe(documents: Mapping[str, str], main: str, bound: str, given: set[str]) -> Recipe:
    process = _load(documents, main)
    if not isinstance(process, Workflow):
        wrapper = main + bundle.WRAPPER_SUFFIX
        around = json.dumps(_around(process, main))
        process = _load({**documents, wrapper: around}, wrapper)
    if not isinstance(process, Workflow):
        raise fault(main, 0, 0, "the document is neither a workflow nor a tool")
    check_files(process, documents)
    name = _bound_input(process, main, bound, given)
    chain = Chain(process, name)
    steps = chain.steps()
    inputs = tuple(_spec(node) for node in process.tool["inputs"])
    return Recipe(
        input=name,
        inputs=tuple(spec for spec in inputs if spec.name != name),
        steps=steps,
        documents=dict(documents),
        warnings=tuple(chain.warnings),
    )


def _load(documents: Mapping[str, str], main: str) -> Process:
    try:
        return bundle.load(documents, main)
    except MemoryError:
        raise
    except Exception as error:  # the boundary: cwltool raises many kinds, RecursionError among them
        raise translate(error, main) from error


def _around(tool: Process, main: str) -> dict[str, Any]:
    """Return the workflow of one step that a tool given by itself stands for."""
    if tool.tool["class"] == "Operation":
        raise not_taken(tool.tool, "class", "Operation")
    inner = standalone(tool)
    step = main.rsplit("/", 1)[-1].split("#")[0].rsplit(".", 1)[0]
    outputs = [o["id"] for o in inner["outputs"]]
    return {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "inputs": [_copied(i) for i in inner["inputs"]],
        "outputs": [],
        "steps": [
            {
                "id": step,
                "run": main.rsplit("/", 1)[-1],
                "in": [{"id": i["id"], "source": i["id"]} for i in inner["inputs"]],
                "out": outputs,
            }
        ],
    }


def _copied(node: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": node["id"]} | {k: node[k] for k in _COPIED if k in node}


def _bound_input(workflow: Workflow, main: str, asked: str, given: set[str]) -> str:
    nodes = {shortname(node["id"]): node for node in workflow.tool["inputs"]}
    if asked and asked not in nodes:
        message = f"the workflow has no input {asked!r} (it has: {', '.join(sorted(nodes))})"
        raise fault(main, 0, 0, message, "Name the input that takes the dataset.")
    if asked:
        if file_type(nodes[asked]["type"]).shape is Shape.OTHER:
            kind = shown(nodes[asked]["type"])
            message = f"input {asked!r} is {kind}; what takes the dataset is File or File[]"
            raise wrong(nodes[asked], "type", message, "Name another input, or change its type.")
        return asked
    files = [n for n, node in nodes.items() if file_type(node["type"]).shape is not Shape.OTHER]
    free = [n for n in files if "default" not in nodes[n] and n not in given]
    if len(free) == 1:
        return free[0]
    candidates = f"candidates: {', '.join(sorted(free or files)) or 'none'}"
    message = f"which input takes the dataset? It is not named, and not clear ({candidates})"
    raise fault(main, 0, 0, message, "Set `input` to a workflow input of type File or File[].")


def _spec(node: Mapping[str, Any]) -> InputSpec:
    cwl_type = plain(node["type"])
    optional = isinstance(cwl_type, list) and "null" in cwl_type
    return InputSpec(
        name=shortname(node["id"]),
        type=cwl_type,
        required=not optional and "default" not in node,
        default=plain(node.get("default")),
        label=str(node.get("label") or ""),
        doc=_text(node.get("doc")),
    )


def _text(doc: Any) -> str:
    return "\n".join(str(line) for line in doc) if isinstance(doc, list) else str(doc or "")
