"""What a template asks people for: a JSON Schema of its values, and a form that asks for them.

Pure functions of a recipe's inputs. The schema takes exactly what :func:`recipe.values.fits` takes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from penstock_core.contracts.base import Json
from penstock_core.contracts.workflow.parameters import Field, Parameters, Widget
from recipe.model import REFERENCE, InputSpec
from recipe.shapes import shown
from recipe.values import INT_BITS, LONG_BITS, short

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: dict[str, Json] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(2**INT_BITS), "maximum": 2**INT_BITS - 1},
    "long": {"type": "integer", "minimum": -(2**LONG_BITS), "maximum": 2**LONG_BITS - 1},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "string": {"type": "string"},
}
_WIDGETS: dict[str, Widget] = {
    "boolean": "checkbox",
    **dict.fromkeys(("int", "long", "float", "double"), "number"),
    "string": "text",
    **dict.fromkeys(("File", "Directory"), "file"),
}


def parameters_of(inputs: Iterable[InputSpec]) -> Parameters:
    """Return what a recipe's inputs ask for."""
    specs = list(inputs)
    return Parameters(values=json_schema(specs), form=form(specs))


def json_schema(inputs: Iterable[InputSpec]) -> Json:
    """Return the JSON Schema (draft 2020-12) of a template's ``values``."""
    specs = list(inputs)
    return {
        "$schema": DRAFT,
        "type": "object",
        "properties": {spec.name: _described(spec) for spec in specs},
        "required": [spec.name for spec in specs if spec.required],
        "additionalProperties": False,
    }


def form(inputs: Iterable[InputSpec]) -> tuple[Field, ...]:
    """Return the fields of a form that asks for a template's ``values``."""
    return tuple(_field(spec) for spec in inputs)


def _described(spec: InputSpec) -> Json:
    said = {"title": spec.label, "description": spec.doc, "default": spec.default}
    return _schema(spec.type) | {key: one for key, one in said.items() if one not in ("", None)}


def _schema(cwl_type: Any) -> Json:
    if isinstance(cwl_type, list):
        return {"anyOf": [_schema(one) for one in cwl_type]}
    if isinstance(cwl_type, Mapping):
        return _compound(cwl_type)
    if cwl_type in ("File", "Directory"):
        return _file(cwl_type)
    return dict(_PLAIN.get(cwl_type, {}))


def _compound(cwl_type: Mapping[str, Any]) -> Json:
    match cwl_type.get("type"):
        case "array":
            return {"type": "array", "items": _schema(cwl_type["items"])}
        case "enum":
            return {"enum": _symbols(cwl_type)}
        case "record":
            fields = {short(field["name"]): field["type"] for field in cwl_type.get("fields", ())}
            return {
                "type": "object",
                "properties": {name: _schema(one) for name, one in fields.items()},
                "required": [name for name, one in fields.items() if not _may_be_null(one)],
                "additionalProperties": False,
            }
        case other:
            return _schema(other)


def _file(kind: str) -> Json:
    """Return the schema of a file: one of the template's own, or one that is told in place."""
    return {
        "type": "object",
        "properties": {
            "class": {"const": kind},
            "location": {"type": "string", "pattern": f"^{REFERENCE}"},
        },
        "required": ["class"],
    }


def _symbols(cwl_type: Mapping[str, Any]) -> list[str]:
    return [short(symbol) for symbol in cwl_type["symbols"]]


def _may_be_null(cwl_type: Any) -> bool:
    kinds = cwl_type if isinstance(cwl_type, list) else [cwl_type]
    return any(kind in ("null", "Any") for kind in kinds if isinstance(kind, str))


def _field(spec: InputSpec) -> Field:
    kinds = spec.type if isinstance(spec.type, list) else [spec.type]
    rest = [kind for kind in kinds if kind != "null"]
    only = rest[0] if len(rest) == 1 else None
    is_enum = isinstance(only, Mapping) and only.get("type") == "enum"
    widget = _WIDGETS.get(only, "structure") if isinstance(only, str) else "structure"
    return Field(
        name=spec.name,
        label=spec.label or spec.name,
        help=spec.doc,
        widget="select" if is_enum else widget,
        kind=shown(spec.type),
        required=spec.required,
        default=spec.default,
        choices=tuple(_symbols(only)) if isinstance(only, Mapping) and is_enum else (),
    )
