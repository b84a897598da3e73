"""A lineage as a Workflow Run RO-Crate: documents inside, files by reference or inside.

It keeps to the Process, Workflow and Provenance Run Crate profiles, version 0.5, on RO-Crate 1.1.
"""

from collections.abc import Mapping
from pathlib import Path

from rocrate.rocrate import ROCrate

from penstock.provenance.crate_files import Files
from penstock.provenance.crate_plans import Plan, add
from penstock.provenance.crate_runs import Runs
from penstock.provenance.lineage import Index, Lineage
from penstock_core.contracts.workflow import Way
from penstock_core.errors import InvalidInput

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"


def write_crate(lineage: Lineage, path: Path, copies: Mapping[str, Path] | None = None) -> None:
    """Write the crate to a folder, or to one file if ``path`` ends in ``.zip``. Blocking.

    ``copies`` are files to put into it, by name; all others stand in it by their URL.

    Raises
    ------
    InvalidInput
        no job made (or read) the file: there is no workflow that a crate could be about.
    """
    crate = make_crate(lineage, copies or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        crate.write_zip(path)
    else:
        crate.write(path)


def make_crate(lineage: Lineage, copies: Mapping[str, Path]) -> ROCrate:
    """Return the crate; raises ``InvalidInput`` where no job is in the lineage."""
    if not lineage.chains:
        raise _no_run(lineage)
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(CONTEXT)
    _describe(crate, lineage)
    index = Index(lineage)
    files = Files(crate, index, _add_plans(crate, index), copies)
    files.add()
    Runs(crate, index, files).add()
    return crate


def _describe(crate: ROCrate, lineage: Lineage) -> None:
    name = lineage.name
    made = f"What {name} was made of" if lineage.way is Way.UP else f"What was made of {name}"
    crate.name = made
    more = " There is more: the walk was cut." if lineage.cut else ""
    crate.description = f"{made}, by which jobs, down to tool, values and host.{more}"
    crate.license = add(
        crate,
        "#license",
        "CreativeWork",
        name="No license is stated",
        description="Penstock knows of no license of these data; ask those who took them.",
    )
    profiles = [
        add(crate, url, "CreativeWork", name=name, version=url.rpartition("/")[2])
        for url, name in PROFILES.items()
    ]
    crate.root_dataset["conformsTo"] = profiles


def _add_plans(crate: ROCrate, index: Index) -> dict[int, Plan]:
    """Add each template version once; the crate is about the one nearest to its file."""
    lineage = index.lineage
    nearest = (index.makers if lineage.way is Way.UP else index.readers)[lineage.name][0]
    main = index.chain_of(nearest.task_id)
    plans: dict[int, Plan] = {}
    added: set[str] = set()
    for chain in (main, *(each for each in lineage.chains if each != main)):
        recipe = lineage.recipes[chain.recipe_digest]
        tools = [t for t in lineage.tools if t.recipe_digest == chain.recipe_digest]
        plan = plans[chain.workflow_id] = Plan(crate, chain, recipe, tools)
        if plan.documents.main not in added:
            plan.add(main=chain == main)
            added.add(plan.documents.main)
    return plans


def _no_run(lineage: Lineage) -> InvalidInput:
    did, other = ("made", "--down") if lineage.way is Way.UP else ("read", "--up")
    return InvalidInput(
        f"No job {did} {lineage.name}: there is no run that a crate could hold.",
        hint=f"Look the other way with {other}, or at a file that a job {did}.",
        facts={"name": lineage.name, "way": str(lineage.way)},
    )
