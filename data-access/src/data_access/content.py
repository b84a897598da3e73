"""What makes a template version: its masks, documents and values, in one normal form."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import yaml

from penstock_core.contracts.base import Frozen, Json
from penstock_core.contracts.workflow import (
    CatchUp,
    DatasetRef,
    NewTemplate,
    TemplateChange,
    ValueRanges,
)
from penstock_core.contracts.workflow.templates import CATCH_UP_AFTER_S
from penstock_core.errors import InvalidInput, InvalidMask
from penstock_core.masks import Selector, parse_condition, parse_mask
from recipe.paths import path_and_part

MAIN = "template.cwl"
SHOWN = (
    "exclude",
    "where",
    "namespace",
    "value_ranges",
    "takes_outputs",
    "catch_up",
    "catch_up_after_s",
)
"""What matching needs of a content, besides its masks, and everybody is shown as it is."""


class Content(Frozen):
    """A template version's content; a version is immutable, so it never changes."""

    name: str
    masks: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    namespace: str = "*"
    documents: dict[str, str]
    main: str
    input: str = ""
    values: Json = {}
    value_ranges: ValueRanges = {}
    takes_outputs: bool = False
    catch_up: CatchUp = CatchUp.ALL
    catch_up_after_s: float = CATCH_UP_AFTER_S


def content_of(new: NewTemplate) -> Content:
    """Return the content that either form says; raises ``InvalidInput`` at the field."""
    taken = (*SHOWN, "name", "input", "values")
    documents, main = _documents(new.description, new.documents, new.main)
    return checked(
        Content(
            masks=_masks(new.inner_dataset_mask, new.masks),
            documents=documents,
            main=main,
            **{name: getattr(new, name) for name in taken},
        )
    )


def changed(before: Content, change: TemplateChange) -> Content:
    """Return ``before`` with what ``change`` gives put in its place."""
    own = TemplateChange.model_fields.keys() - {"status", "effective_from"}
    given = {n: value for n in own if (value := getattr(change, n)) is not None}
    if "inner_dataset_mask" in given or "masks" in given:
        given["masks"] = _masks(given.pop("inner_dataset_mask", ""), given.get("masks", ()))
    if "description" in given or "documents" in given:
        given["documents"], given["main"] = _documents(
            given.pop("description", ""), given.get("documents", {}), given.get("main", "")
        )
        given.setdefault("input", "")
    return checked(Content(**before.model_dump() | given))


def checked(content: Content) -> Content:
    """Return ``content`` if its masks and conditions are sound; raises ``InvalidMask``."""
    for number, text in enumerate(content.masks):
        _at(f"masks.{number}", parse_mask, text)
    for number, text in enumerate(content.exclude):
        _at(f"exclude.{number}", parse_mask, text)
    for number, text in enumerate(content.where):
        _at(f"where.{number}", parse_condition, text)
    _at("masks", lambda _: selector_of(content), "")
    return content


def selector_of(content: Content) -> Selector:
    """Return the selector that the content's masks and conditions say."""
    return Selector.parse(content.masks, content.exclude, content.where, content.namespace)


def caught(content: Content, ref: DatasetRef) -> Mapping[str, str]:
    """Return what the content's mask catches of a dataset's name; nothing where it does not fit."""
    facts = {"name": ref.seen_as, **ref.metadata}
    return selector_of(content).decide(ref.seen_as, ref.namespace, facts).captures


def shown_mask(content: Content) -> str:
    """Return SPD's ``inner_dataset_mask``: the mask, or several with commas between."""
    return ", ".join(content.masks)


def shown_description(content: Content) -> Any:
    """Return the main document as JSON. Only for documents that compiled: they are tame."""
    text = content.documents[path_and_part(content.main, content.documents)[0]]
    with suppress(ValueError):
        return json.loads(text)
    try:
        return json.loads(json.dumps(yaml.safe_load(text), default=str))
    except yaml.YAMLError:  # YAML 1.2 that is no YAML 1.1
        return text


def _masks(mask: str, masks: tuple[str, ...]) -> tuple[str, ...]:
    if mask and masks:
        raise InvalidInput(
            "Both inner_dataset_mask and masks are given.",
            hint="Give one of them.",
            field="inner_dataset_mask",
        )
    found = tuple(masks) or ((mask,) if mask else ())
    if not found:
        raise InvalidMask(
            "The template has no mask, so it could never take a dataset.",
            hint="Give inner_dataset_mask, such as *.test.*",
            field="inner_dataset_mask",
        )
    return found


def _documents(
    description: Json | str, documents: Mapping[str, str], main: str
) -> tuple[dict[str, str], str]:
    if bool(description) == bool(documents):
        said = "Both description and documents are" if description else "No document is"
        raise InvalidInput(
            f"{said} given.",
            hint="Give description (CWL as JSON or text), or documents with main.",
            field="description",
        )
    if description:
        text = description if isinstance(description, str) else _as_text(description)
        return {MAIN: text}, MAIN
    if not main and len(documents) > 1:
        raise InvalidInput(
            "There are several documents, and main does not say which is the template.",
            hint=f"Set main to one of: {', '.join(sorted(documents))}.",
            field="main",
        )
    return dict(documents), main or next(iter(documents))


def _as_text(description: Json) -> str:
    return json.dumps(description, indent=2, ensure_ascii=False)


def _at(field: str, parse: Any, text: str) -> None:
    """Call ``parse``; an error that names no field is given this one."""
    try:
        parse(text)
    except InvalidInput as error:
        error.field = error.field or field
        raise
