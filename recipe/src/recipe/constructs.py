"""The one table of CWL's constructs and what becomes of each: the place to look, and to grow.

``dataset``: Penstock itself gives it meaning, over datasets. ``job``: it stays in the step's job
document, where cwltool gives it meaning. ``whole``: no steps over datasets can be made of it, so
the whole workflow runs as one job. ``refused``: at its line, with what to write instead.
"""

from dataclasses import dataclass
from typing import Any, Literal

from penstock_core.errors import InvalidTemplate
from recipe.bundle import shortened
from recipe.diagnostics import fault
from recipe.references import place


@dataclass(frozen=True)
class Treatment:
    """What becomes of a construct; ``note`` is its meaning, or what to write instead."""

    by: Literal["dataset", "job", "whole", "refused"]
    note: str


_PLAIN = "Give the value inside the step (default or valueFrom), or scatter over the File[]."
_ONE_STEP = "Put the steps that need it into one workflow, and run that as one step."

CONSTRUCTS: dict[str, Treatment] = {
    "scatter over one File[]": Treatment("dataset", "map: a job per file"),
    "scatterMethod dotproduct": Treatment("dataset", "map: files are zipped by index"),
    "File[] not scattered": Treatment("dataset", "merge: one job over the closed dataset"),
    "group of a File[] not scattered": Treatment("dataset", "merge: a job per group of files"),
    "linkMerge of one merged File": Treatment("dataset", "its dataset as File[], to merge again"),
    "File to File": Treatment("dataset", "map: a job per file of the producer's dataset"),
    "one File beside scattered ones": Treatment(
        "dataset", "every job gets the whole dataset's file"
    ),
    "inputs with defaults": Treatment("dataset", "values of the template"),
    "valueFrom": Treatment("job", "evaluated in the job"),
    "default": Treatment("job", "evaluated in the job"),
    "when": Treatment("job", "evaluated in the job; its outputs become optional"),
    "expressions": Treatment("job", "evaluated in the job, by QuickJS"),
    "ExpressionTool": Treatment("job", "one job"),
    "sub-workflow": Treatment("job", "one job runs it whole"),
    "InitialWorkDirRequirement": Treatment("job", "staged in the job"),
    "format of inputs": Treatment("job", "not checked: a dataset's files carry no format"),
    "scatterMethod flat_crossproduct": Treatment("whole", "Scatter over one input in this step."),
    "scatterMethod nested_crossproduct": Treatment("whole", "Scatter over one input in this step."),
    "scatter over values": Treatment("whole", _PLAIN),
    "scatter inside a chain that takes one File": Treatment(
        "whole", "Make the workflow's input a File[], or put the scatter into a sub-workflow."
    ),
    "lists of lists of files": Treatment("whole", _ONE_STEP),
    "several sources": Treatment("whole", "Gather with one step that has an input per source."),
    "linkMerge of a dataset": Treatment("whole", "Link one File[] and leave linkMerge out."),
    "groups of a merge beside other files": Treatment(
        "whole",
        "Gather the groups in a step of their own that takes a File[]: "
        "{source: [step/out], linkMerge: merge_nested}.",
    ),
    "pickValue of scattered files": Treatment("whole", "Pick in a step that takes the File[]."),
    "a link that is no File": Treatment("whole", f"Write the value to a file, or: {_ONE_STEP}"),
    "outputs that are no File": Treatment("dataset", "stored as JSON, with the files it names"),
    "secondaryFiles of a dataset": Treatment(
        "dataset", "files of the same dataset, by their names; a map waits for its close"
    ),
    "secondaryFiles by an expression": Treatment("refused", "Give a pattern, as .bai or ^.bai."),
    "secondaryFiles in groups": Treatment("refused", "Leave group out."),
    "filesPerJob": Treatment("refused", "Leave it out: a map makes a job per file."),
    "site": Treatment("refused", "Leave it out: everything runs on this machine."),
    "Operation": Treatment("refused", "Give a CommandLineTool that does it."),
    "a workflow without steps": Treatment("whole", "Add a step."),
    "InplaceUpdateRequirement": Treatment("whole", "Write a new file instead of changing one."),
    "dockerLoad": Treatment("refused", "Name the image by dockerPull."),
    "dockerImport": Treatment("refused", "Name the image by dockerPull."),
    "dockerFile": Treatment("refused", "Name the image by dockerPull."),
}


def at(holder: Any, key: Any) -> tuple[str, int, int]:
    """Return file, line and column of ``key`` in a node that cwltool loaded."""
    file = shortened(str(getattr(getattr(holder, "lc", None), "filename", None) or ""))
    return file, *place(holder, key)


def wrong(holder: Any, key: Any, message: str, hint: str = "") -> InvalidTemplate:
    """Return the error for a fault at ``key`` of a node that cwltool loaded."""
    return fault(*at(holder, key), message, hint)


class NotDivided(InvalidTemplate):
    """A construct that stands against dividing a workflow into steps; it may run whole."""


def not_divided(holder: Any, key: Any, construct: str, what: str = "") -> InvalidTemplate:
    """Return what says at which line, and why, a workflow runs whole."""
    detail = f" ({what})" if what else ""
    error = wrong(holder, key, f"{construct}{detail}", CONSTRUCTS[construct].note)
    return NotDivided(error.message, hint=error.hint, field=error.field, facts=error.facts)


def not_taken(holder: Any, key: Any, construct: str, what: str = "") -> InvalidTemplate:
    """Return the refusal of a construct of the table, at its line."""
    detail = f" ({what})" if what else ""
    return wrong(holder, key, f"not taken: {construct}{detail}", CONSTRUCTS[construct].note)
