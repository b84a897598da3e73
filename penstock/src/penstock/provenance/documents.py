"""The documents of a template version as they go into a crate."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from penstock_core.contracts.workflow import Chain
from recipe.model import Recipe

_STANDARD = "standard.cwl"


@dataclass(frozen=True, slots=True)
class Documents:
    """A template version's documents below a folder of a crate.

    ``main`` is the path of the workflow; ``texts`` has all documents by their path.
    """

    main: str
    texts: Mapping[str, str]


def documents_of(chain: Chain, recipe: Recipe) -> Documents:
    """Return the documents of a chain: for SPD's dialect with the standard CWL that it means."""
    whose = (
        f"{chain.template}.v{chain.version}" if chain.template else f"by-hand-{chain.workflow_id}"
    )
    folder = f"workflows/{whose}"
    texts = dict(recipe.documents)
    main = chain.main or next(iter(texts), "")
    if recipe.standard or main not in texts:
        texts[_STANDARD] = json.dumps(recipe.standard, indent=2)
        main = _STANDARD
    return Documents(f"{folder}/{main}", {f"{folder}/{name}": texts[name] for name in texts})


def workflow_outputs(documents: Documents, recipe: Recipe) -> dict[tuple[str, str], str]:
    """Return the workflow's outputs: by step and its port, the name of the output.

    A document that is one tool gives what the tool gives.
    """
    document = _load(documents.texts[documents.main])
    if document.get("class") != "Workflow":
        return {(step.name, port.name): port.name for step in recipe.steps for port in step.ports}
    found: dict[tuple[str, str], str] = {}
    for name, output in _named(document.get("outputs")):
        sources = output.get("outputSource", ()) if isinstance(output, dict) else ()
        for source in [sources] if isinstance(sources, str) else sources:
            step, _, port = str(source).rpartition("#")[2].rpartition("/")
            found[step, port] = name
    return found


def _load(text: str) -> dict[str, Any]:
    """Return a document; {} where it is YAML 1.2 that is no YAML 1.1."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return document if isinstance(document, dict) else {}


def _named(outputs: Any) -> Iterator[tuple[str, Any]]:
    """Give outputs by name, written as a mapping or as a list with ids."""
    if isinstance(outputs, dict):
        yield from outputs.items()
    elif isinstance(outputs, list):
        for output in outputs:
            yield str(output.get("id", "")).rpartition("#")[2].rpartition("/")[2], output
