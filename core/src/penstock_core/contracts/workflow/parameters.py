"""What a template asks people for, beside the dataset."""

from typing import Any, Literal

from penstock_core.contracts.base import Frozen, Json

Widget = Literal["checkbox", "number", "text", "select", "file", "structure"]


class Field(Frozen):
    """One field of a form, in the order of the inputs: cwltool reads those of a mapping by name.

    Attributes
    ----------
    widget
        How to ask: ``select`` has ``choices``; ``structure`` is a list, a record or a union, asked
        for as JSON.
    kind
        The CWL type as its author would write it.
    required
        Whether it must be given: it has no default, and may not be left out.
    """

    name: str
    label: str
    help: str
    widget: Widget
    kind: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()


class Parameters(Frozen):
    """What a template asks for: a JSON Schema of its ``values``, and a form that asks for them."""

    values: Json
    form: tuple[Field, ...]
