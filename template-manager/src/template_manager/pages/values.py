"""The values of a template: a form of its inputs, and what comes back as a new version."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from penstock_core.contracts.workflow import Template, TemplateChange
from penstock_core.contracts.workflow.parameters import Field
from penstock_core.errors import InvalidInput
from penstock_core.rights import Right
from template_manager.rendering import render
from template_manager.session import CurrentVisitor, Visitor

router = APIRouter()
_AS_IT_IS = ("text", "select")
_AS_JSON = ("file", "structure")


@dataclass(frozen=True, slots=True)
class Asked:
    """One input as the form asks for it: ``text`` is what its field holds, "" for nothing."""

    field: Field
    text: str
    by_run: bool
    is_wrong: bool = False

    @property
    def default(self) -> str:
        """Return the default, as it would be written."""
        return "" if self.field.default is None else written(self.field, self.field.default)


def asked(
    template: Template, fields: tuple[Field, ...], texts: Mapping[str, str], wrong: str = ""
) -> list[Asked]:
    """Return the inputs that take values, not the dataset.

    ``texts`` are what was sent, if anything was, and ``wrong`` the field that was refused of it.
    """
    return [
        Asked(
            field,
            texts.get(field.name, _now(template, field)),
            _is_by_run(template, field),
            is_wrong=field.name == wrong.removeprefix("values."),
        )
        for field in fields
        if field.name != template.input
    ]


def _now(template: Template, field: Field) -> str:
    values = template.values
    return written(field, values[field.name]) if field.name in values else ""


def _is_by_run(template: Template, field: Field) -> bool:
    return field.name in template.value_ranges


def written(field: Field, value: Any) -> str:
    """Return a value as people write it into its field."""
    is_plain = field.widget in _AS_IT_IS and isinstance(value, str)
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def read(fields: tuple[Field, ...], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that were sent; an empty field gives none, and the default holds.

    Whether a value fits its input is data-access's to say. Raises ``InvalidInput`` for what is no
    JSON where JSON is asked for.
    """
    return dict(_values(fields, texts))


def _values(fields: tuple[Field, ...], texts: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for field in fields:
        text = texts.get(field.name, "").strip()
        if not text:
            continue
        if field.widget in _AS_IT_IS:
            yield field.name, text
            continue
        try:
            yield field.name, json.loads(text)
        except ValueError as error:
            if field.widget not in _AS_JSON:  # "ten" is no number, which data-access says better
                yield field.name, text
                continue
            raise InvalidInput(
                f"{field.label}: {text[:60]!r} is no JSON: {error}.",
                hint="Write JSON: lists in [ ], records in { }, texts in double quotes.",
                field=field.name,
            ) from error


@router.get("/templates/{template_id}/values")
async def ask(request: Request, visitor: CurrentVisitor, template_id: int) -> Response:
    """Return the form, with the values as they are."""
    visitor.identity.require(Right.WRITE_TEMPLATES)
    return await _page(request, visitor, template_id, {})


@router.post("/templates/{template_id}/values")
async def change(request: Request, visitor: CurrentVisitor, template_id: int) -> Response:
    """Make a new version with these values, and go to it; what does not fit is said beside it."""
    visitor.identity.require(Right.WRITE_TEMPLATES)
    texts = {name: str(text) for name, text in (await request.form()).items()}
    fields = (await visitor.workflows.parameters(template_id)).form
    try:
        values = read(fields, texts)
        wish = TemplateChange(values=values)
        changed = await visitor.workflows.change_template(template_id, wish)
    except InvalidInput as error:
        return await _page(request, visitor, template_id, texts, error)
    return RedirectResponse(f"/ui/templates/{changed.template_id}", 303)


async def _page(
    request: Request,
    visitor: Visitor,
    template_id: int,
    texts: Mapping[str, str],
    error: InvalidInput | None = None,
) -> Response:
    template = await visitor.workflows.template(template_id)
    fields = (await visitor.workflows.parameters(template_id)).form
    inputs = asked(template, fields, texts, error.field if error else "")
    status = error.status if error else 200
    shown: dict[str, Any] = {"template": template, "inputs": inputs, "error": error}
    return render(request, "values.html", status=status, **shown)
