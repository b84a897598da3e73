"""CWL's types in the words of RO-Crate, as its profile maps them."""

from dataclasses import dataclass
from typing import Any

_WORDS = {
    "string": "Text",
    "int": "Integer",
    "long": "Integer",
    "float": "Float",
    "double": "Float",
    "boolean": "Boolean",
    "File": "File",
    "Directory": "Dataset",
    "Any": "DataType",
    "enum": "Text",
    "record": "PropertyValue",
}


@dataclass(frozen=True, slots=True)
class ParameterType:
    """What a parameter takes: ``additionalType`` in RO-Crate's words, and whether several."""

    words: tuple[str, ...]
    many: bool


def parameter_type(cwl: Any) -> ParameterType:
    """Return a CWL type, as a recipe stores it, in RO-Crate's words."""
    words: dict[str, None] = {}
    many = False
    for one in cwl if isinstance(cwl, list) else [cwl]:
        if isinstance(one, dict) and one.get("type") == "array":
            inner = parameter_type(one.get("items"))
            words |= dict.fromkeys(inner.words)
            many = True
        elif one != "null":
            name = one.get("type") if isinstance(one, dict) else one
            words[_WORDS.get(str(name), "DataType")] = None
    return ParameterType(tuple(words) or ("DataType",), many)
