"""What a template asks for: the schema takes what the check takes, the form asks for it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from recipe.compile import compile
from recipe.model import InputSpec
from recipe.parameters import form, json_schema, parameters_of
from recipe.values import fits

SCALARS = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "string", "Any"])
ENUMS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True).map(
    lambda symbols: {"type": "enum", "symbols": symbols}
)


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.lists(st.sampled_from(["x", "y"]), unique=True, min_size=1)
    fields = names.flatmap(
        lambda ns: st.tuples(*(inner for _ in ns)).map(
            lambda kinds: [{"name": n, "type": k} for n, k in zip(ns, kinds, strict=True)]
        )
    )
    arrays = inner.map(lambda items: {"type": "array", "items": items})
    records = fields.map(lambda made: {"type": "record", "fields": made})
    return arrays | records | st.lists(inner, min_size=1, max_size=3)


TYPES = st.recursive(SCALARS | ENUMS, _compound, max_leaves=6)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.integers(-3, 3)
    | st.floats(allow_nan=False).filter(lambda number: not number.is_integer())
    | st.sampled_from(["a", "b", "z", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=5,
)


@given(TYPES, VALUES)
@settings(max_examples=500, deadline=None)
def test_the_schema_takes_what_the_check_takes(cwl_type: Any, value: Any) -> None:
    spec = InputSpec(name="one", type=cwl_type, required=True)
    schema = json_schema([spec])
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid({"one": value}) == fits(cwl_type, value)


DOCUMENT = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  raw: File
  count: {type: int?, label: How many, doc: Of each file.}
  mode: {type: {type: enum, symbols: [fast, exact]}, default: fast}
  names: string[]
  again: boolean
  table: {type: File, default: {class: File, location: table.txt}}
outputs: {}
"""


def test_a_form_asks_for_each_input() -> None:
    values = {"names": ["a"], "again": True}
    documents = {"tool.cwl": DOCUMENT, "table.txt": ""}
    asked = parameters_of(compile(documents, "tool.cwl", "raw", values=values).inputs)
    told = [(one.name, one.widget, one.kind, one.required, one.choices) for one in asked.form]
    assert told == [
        ("again", "checkbox", "boolean", True, ()),
        ("count", "number", "int?", False, ()),
        ("mode", "select", "enum", False, ("fast", "exact")),
        ("names", "structure", "string[]", True, ()),
        ("table", "file", "File", False, ()),
    ]
    assert (asked.form[1].label, asked.form[1].help) == ("How many", "Of each file.")
    assert asked.form[2].default == "fast"
    assert asked.values["required"] == ["again", "names"]
    assert asked.values["properties"]["mode"] == {"enum": ["fast", "exact"], "default": "fast"}
    assert asked.values["properties"]["count"]["title"] == "How many"


@pytest.mark.parametrize(("kind", "value"), [("int", 2**31), ("long", 2**63), ("int", True)])
def test_numbers_have_the_sizes_of_cwl(kind: str, value: Any) -> None:
    assert not fits(kind, value)


def test_nothing_to_ask_for_is_an_empty_form() -> None:
    assert form([]) == ()
    assert json_schema([])["properties"] == {}
