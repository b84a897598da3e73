"""The job document: a workflow of one step, plain JSON, that any CWL runner takes by itself.

The scatter is gone, for we own it; each source of the step has become an input of the document.
"""

import copy

from penstock_core.contracts.base import Json
from recipe.links import Wiring, source_key
from recipe.model import Link, Port
from recipe.shapes import file_type

_INHERITED = ("$namespaces", "requirements", "hints")
_READING = ("loadContents", "loadListing", "inputBinding", "secondaryFiles")


def job_document(
    whole: Json, name: str, wiring: Wiring, ports: tuple[Port, ...], bound: str = ""
) -> Json:
    """Return what one job of step ``name`` runs; its inputs are the keys of links and values.

    ``whole`` is the workflow as :func:`recipe.standalone.standalone` gives it; it stays as it is.
    ``bound`` is its input that takes the dataset.
    """
    [step] = [copy.deepcopy(one) for one in whole["steps"] if one["id"] == name]
    for key in ("scatter", "scatterMethod"):
        step.pop(key, None)
    _rewire(step, wiring)
    inputs = {one["id"]: one for one in whole["inputs"]}
    read = {key: one for key, one in inputs.get(bound, {}).items() if key in _READING}
    files = [(read if link.step == "" else {}) | _file_input(link, wiring) for link in wiring.links]
    values = [inputs[value.input] | {"id": value.key} for value in wiring.values]
    document = {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "inputs": files + values,
        "outputs": [_output(step, port) for port in ports],
        "steps": [step],
    }
    return document | {key: whole[key] for key in _INHERITED if whole.get(key)}


def _rewire(step: Json, wiring: Wiring) -> None:
    """Point the step's inputs at the document's own inputs, which bear their names."""
    links = {link.key: link for link in wiring.links}
    for one in step["in"]:
        name = one["id"]
        if link := links.get(name):
            one["source"] = name
            one.pop("linkMerge", None)
            if link.take == "each":
                one.pop("default", None)
            if name in wiring.broadcast:
                one["pickValue"] = "the_only_non_null"
        elif isinstance(one.get("source"), list):
            one["source"] = [source_key(name, n) for n in range(len(one["source"]))]
        elif "source" in one:
            one["source"] = name


def _file_input(link: Link, wiring: Wiring) -> Json:
    """Return the input for a link's files; a list that is picked from must not be typed.

    cwltool's checker takes pickValue into account for several sources only.
    """
    if link.key in wiring.broadcast:
        return {"id": link.key, "type": "Any"}
    files = {"type": "array", "items": "File"}
    return {"id": link.key, "type": "File" if link.take == "each" else files}


def _output(step: Json, port: Port) -> Json:
    [tool_port] = [o for o in step["run"]["outputs"] if o["id"] == port.name]
    cwl_type = ["null", "Any"] if port.kind == "object" else tool_port["type"]
    if port.kind == "file" and port.optional and not file_type(cwl_type).optional:
        cwl_type = ["null", cwl_type]
    return {"id": port.name, "type": cwl_type, "outputSource": f"{step['id']}/{port.name}"}
