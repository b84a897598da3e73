"""Whether the values of a template fit the inputs of its workflow."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from typing import Any

from penstock_core.errors import InvalidTemplate
from recipe.model import REFERENCE, InputSpec
from recipe.paths import is_folder

INT_BITS, LONG_BITS = 31, 63
REQUIREMENTS = "cwl:requirements"
"""Stands among the values where CWL lets an order have requirements of its own."""


def check_values(
    inputs: Iterable[InputSpec],
    values: Mapping[str, Any],
    documents: Collection[str],
    ranged: Container[str] = (),
) -> None:
    """Raise ``InvalidTemplate`` for a value without input, of a wrong type, or one that lacks.

    A File is one of the bundle's ``documents``, named ``bundle:<path>``, or has its contents.
    ``ranged`` inputs get their values by run.
    """
    specs = {spec.name: spec for spec in inputs}
    for name, value in values.items():
        if name == REQUIREMENTS:
            continue
        check_value(specs, name, value, documents, f"values.{name}")
    missing = [
        n for n, s in specs.items() if s.required and values.get(n) is None and n not in ranged
    ]
    if missing:
        names = ", ".join(sorted(missing))
        field = f"values.{missing[0]}"
        raise wrong_value(field, f"required inputs without value or default: {names}.")


def check_value(
    specs: Mapping[str, InputSpec], name: str, value: Any, documents: Collection[str], field: str
) -> None:
    """Raise ``InvalidTemplate`` at ``field`` unless the input ``name`` may have this value."""
    if name not in specs:
        has = ", ".join(sorted(specs)) or "none"
        message = f"there is no input {name!r} that takes a value (there is: {has})."
        raise wrong_value(field, message)
    if not fits(specs[name].type, value):
        kind = specs[name].type
        raise wrong_value(field, f"{value!r} does not fit input {name!r} of type {kind}.")
    for location in _locations(value):
        path = location.removeprefix(REFERENCE)
        if path == location or not (path in documents or is_folder(path, documents)):
            message = f"{location!r} is no file of the bundle; name it bundle:<path>."
            raise wrong_value(field, message)


def _locations(value: Any) -> Iterator[str]:
    """Yield where each file in a value is said to be."""
    children = value if isinstance(value, list) else []
    if isinstance(value, Mapping):
        children = list(value.values())
        if value.get("class") in ("File", "Directory"):
            yield from (str(value[key]) for key in ("location", "path") if key in value)
    for child in children:
        yield from _locations(child)


def wrong_value(field: str, message: str) -> InvalidTemplate:
    """Return the error for a value that the template gives, not its documents."""
    where = field.partition(".")[0]
    hint = f"Correct `{where}`, or give the input a default."
    return InvalidTemplate(f"{where}: {message}", hint=hint, field=field, facts={"diagnostics": []})


def fits(cwl_type: Any, value: Any) -> bool:
    """Return whether a JSON value is of a CWL type; a type by name alone takes what it is given."""
    if isinstance(cwl_type, list):
        return any(fits(one, value) for one in cwl_type)
    if isinstance(cwl_type, dict):
        return _fits_compound(cwl_type, value)
    return _SCALARS.get(cwl_type, lambda _: True)(value)


def _fits_compound(cwl_type: Mapping[str, Any], value: Any) -> bool:
    kind = cwl_type.get("type")
    if kind == "array":
        return isinstance(value, list) and all(fits(cwl_type["items"], v) for v in value)
    if kind == "enum":
        return value in [short(symbol) for symbol in cwl_type["symbols"]]
    if kind == "record":
        fields = {short(f["name"]): f["type"] for f in cwl_type.get("fields", ())}
        known = isinstance(value, Mapping) and value.keys() <= fields.keys()
        return known and all(fits(t, value.get(name)) for name, t in fields.items())
    return fits(kind, value)


def short(name: str) -> str:
    """Return the last part of a name that cwltool wrote out in full."""
    return name.rsplit("#", 1)[-1].rsplit("/", 1)[-1]


def _is_whole(bits: int) -> Callable[[Any], bool]:
    def is_whole(value: Any) -> bool:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and -(2**bits) <= value < 2**bits

    return is_whole


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is(kind: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Mapping) and value.get("class") == kind


_SCALARS: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "int": _is_whole(INT_BITS),
    "long": _is_whole(LONG_BITS),
    "float": _is_number,
    "double": _is_number,
    "string": lambda value: isinstance(value, str),
    "File": _is("File"),
    "Directory": _is("Directory"),
}
