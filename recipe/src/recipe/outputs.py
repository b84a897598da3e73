"""What a workflow gives as its own: each output with the steps' ports that it is linked to."""

from collections.abc import Mapping
from typing import Any

from cwltool.process import shortname
from cwltool.workflow import Workflow

from recipe.model import Origin, Output


def linked_outputs(workflow: Workflow, steps: Mapping[str, Origin]) -> tuple[Output, ...]:
    """Return the outputs of a workflow; ``steps`` has the origin of each full id of a step's."""
    return tuple(_output(node, steps) for node in workflow.tool["outputs"])


def _output(node: Any, steps: Mapping[str, Origin]) -> Output:
    source = node.get("outputSource") or []
    names = [str(name) for name in (source if isinstance(source, list) else [source])]
    return Output(
        name=shortname(node["id"]),
        origins=tuple(steps.get(name) or Origin(port=shortname(name)) for name in names),
        listed=isinstance(source, list),
        link_merge=str(node.get("linkMerge") or ""),
        pick_value=str(node.get("pickValue") or ""),
    )
