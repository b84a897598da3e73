"""CWL's secondaryFiles of what takes a dataset: names of further files that go with each file."""

from collections.abc import Iterator, Mapping
from typing import Any

from recipe.constructs import not_taken
from recipe.model import Beside


def beside_of(node: Mapping[str, Any]) -> tuple[Beside, ...]:
    """Return what an input declares; raises ``InvalidTemplate`` for names that a script makes."""
    return tuple(_declared(node))


def _declared(node: Mapping[str, Any]) -> Iterator[Beside]:
    declared = node.get("secondaryFiles") or []
    for one in declared if isinstance(declared, list) else [declared]:
        pattern = one.get("pattern", "") if isinstance(one, Mapping) else one
        required = one.get("required") if isinstance(one, Mapping) else None
        if not isinstance(pattern, str) or "$" in f"{pattern}{required or ''}":
            raise not_taken(node, "secondaryFiles", "secondaryFiles by an expression")
        yield Beside(pattern=pattern, required=required is not False)
