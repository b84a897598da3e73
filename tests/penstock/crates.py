"""What the Workflow Run Crate profile requires, asked of a crate as rocrate reads it."""

from collections.abc import Iterator
from typing import Any

from rocrate.rocrate import ROCrate

PERMALINKS = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/ro/wfrun/provenance/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
DATA = ("File", "CreativeWork", "PropertyValue")


def many(value: Any) -> list[Any]:
    """Return a property's values as a list: RO-Crate writes a single one bare."""
    return [] if value is None else value if isinstance(value, list) else [value]


def kinds(entity: Any) -> list[str]:
    return many(entity.type)


def refs(entity: Any, name: str) -> list[Any]:
    """Return the entities that a property refers to; each must be in the crate."""
    found = many(entity.get(name))
    assert [each for each in found if isinstance(each, str)] == [], (entity.id, name, found)
    return found


def of_kind(crate: ROCrate, kind: str) -> list[Any]:
    return [each for each in crate.get_entities() if kind in kinds(each)]


def problems(crate: ROCrate) -> list[str]:
    """Return what is not as the profiles want it; they say MUST or SHOULD of all that is asked."""
    return [
        *_of_root(crate),
        *_of_workflow(crate, crate.mainEntity),
        *(text for action in of_kind(crate, "CreateAction") for text in _of_run(crate, action)),
        *(text for action in of_kind(crate, "ControlAction") for text in _of_step(action)),
        *(text for action in of_kind(crate, "OrganizeAction") for text in _of_engine(action)),
        *(text for each in of_kind(crate, "FormalParameter") for text in _of_parameter(each)),
    ]


def _of_root(crate: ROCrate) -> Iterator[str]:
    root = crate.root_dataset
    profiles = {each.id: each for each in refs(root, "conformsTo")}
    for permalink in PERMALINKS:
        profile = profiles.get(permalink)
        if profile is None or "CreativeWork" not in kinds(profile):
            yield f"the root does not conform to {permalink}"
    for name in ("name", "description", "datePublished", "license"):
        if not root.get(name):
            yield f"the root has no {name}"
    mentioned = {each.id for each in refs(root, "mentions")}
    if lost := {each.id for each in of_kind(crate, "CreateAction")} - mentioned:
        yield f"the root does not mention {sorted(lost)}"
    metadata = [
        each if isinstance(each, str) else each.id for each in many(crate.metadata["conformsTo"])
    ]
    if PERMALINKS[3] not in metadata:
        yield "the descriptor does not conform to Workflow RO-Crate"


def _of_workflow(crate: ROCrate, workflow: Any) -> Iterator[str]:
    wanted = {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"}
    if not wanted <= set(kinds(workflow)):
        yield f"the main entity is {kinds(workflow)}"
    if not workflow.get("programmingLanguage"):
        yield "the workflow has no programmingLanguage"
    tools = {each.id for each in refs(workflow, "hasPart") if "SoftwareApplication" in kinds(each)}
    for step in refs(workflow, "step"):
        if not {each.id for each in refs(step, "workExample")} <= tools:
            yield f"{step.id} is no step of a tool of the workflow"
    if not any(each.get("instrument") is workflow for each in of_kind(crate, "CreateAction")):
        yield "no action is a run of the main workflow"


def _of_run(crate: ROCrate, action: Any) -> Iterator[str]:
    (instrument,) = refs(action, "instrument")
    if not {"SoftwareApplication", "ComputationalWorkflow"} & set(kinds(instrument)):
        yield f"{action.id} has the instrument {instrument.id}"
    for name in ("name", "description", "startTime", "endTime", "agent", "result"):
        if not action.get(name):
            yield f"{action.id} has no {name}"
    for agent in refs(action, "agent"):
        if "Person" not in kinds(agent):
            yield f"{action.id} has the agent {agent.id}"
    inputs = {each.id for each in refs(instrument, "input")}
    outputs = {each.id for each in refs(instrument, "output")}
    for name, parameters in (("object", inputs), ("result", outputs)):
        for each in refs(action, name):
            if not set(kinds(each)) & set(DATA):
                yield f"{action.id} has {each.id} as {name}"
            if not parameters & {parameter.id for parameter in refs(each, "exampleOfWork")}:
                yield f"{each.id} is an example of no {name} of {instrument.id}"
    known = {
        each["@id"] if isinstance(each, dict) else each for each in many(action.get("actionStatus"))
    }
    if bool(action.get("error")) != any("Failed" in str(each) for each in known):
        yield f"{action.id} has an error and is {known}"


def _of_step(action: Any) -> Iterator[str]:
    if [kind for each in refs(action, "instrument") for kind in kinds(each)] != ["HowToStep"]:
        yield f"{action.id} is of no step"
    if not refs(action, "object"):
        yield f"{action.id} controls nothing"


def _of_engine(action: Any) -> Iterator[str]:
    if {kind for each in refs(action, "object") for kind in kinds(each)} != {"ControlAction"}:
        yield f"{action.id} organizes what is no step"
    if {kind for each in refs(action, "result") for kind in kinds(each)} != {"CreateAction"}:
        yield f"{action.id} results in no run"
    if not refs(action, "instrument"):
        yield f"{action.id} is of no engine"


def _of_parameter(parameter: Any) -> Iterator[str]:
    for name in ("additionalType", "name"):
        if not parameter.get(name):
            yield f"{parameter.id} has no {name}"
