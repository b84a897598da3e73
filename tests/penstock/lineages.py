"""A lineage made by hand: two files decoded with a value, then merged in a container."""

from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.provenance.gathering import tool_of
from penstock.provenance.lineage import Lineage, LineageFile
from penstock_core.contracts.dsm import File
from penstock_core.contracts.inspection import Holder
from penstock_core.contracts.workflow import (
    Chain,
    Environment,
    FileRole,
    FileUse,
    JobReport,
    Task,
    Way,
)
from penstock_core.states import DatasetKind, DatasetState, FileState, JobState
from recipe.compile import compile
from recipe.model import Recipe

AT = datetime(2026, 11, 26, 2, 20, tzinfo=UTC)
WORKFLOW = """
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs:
  raw: File[]
  threshold: {type: float, doc: The least energy., default: 0.5}
  labels: string[]?
steps:
  decode:
    run: decode.cwl
    scatter: raw
    in: {raw: raw, threshold: threshold}
    out: [events]
  merge:
    run: merge.cwl
    in: {parts: decode/events}
    out: [all]
outputs:
  result: {type: File, outputSource: merge/all}
"""
DECODE = """
cwlVersion: v1.2
class: CommandLineTool
label: Decode
baseCommand: decode
hints:
  SoftwareRequirement: {packages: {spdroot: {version: ["4.1"]}}}
inputs:
  raw: {type: File, inputBinding: {position: 1}}
  threshold: {type: float, inputBinding: {position: 2}}
outputs:
  events: {type: File, outputBinding: {glob: "*.events"}}
"""
MERGE = """
cwlVersion: v1.2
class: CommandLineTool
label: Merge
baseCommand: merge
hints:
  DockerRequirement: {dockerPull: "quay.io/spd/merge:2"}
inputs:
  parts: {type: "File[]", inputBinding: {position: 1}}
outputs:
  all: {type: File, outputBinding: {glob: "*.events"}}
"""
DOCUMENTS = {"main.cwl": WORKFLOW, "decode.cwl": DECODE, "merge.cwl": MERGE}
HERE = Environment(
    system="penstock-pilot 0.1.0",
    engine="cwltool 3.3",
    python="3.11.7",
    platform="Linux",
    sandbox="rlimits",
)
IN_CONTAINER = HERE.model_copy(update={"container": "quay.io/spd/merge:2"})
MASKED, DECODED, MERGED = "run.1", "run.1.energy.decode.v3", "run.1.energy.merge.v3"
PLACES = {
    "a.raw": (MASKED, ""),
    "b.raw": (MASKED, ""),
    "a.events": (DECODED, "events"),
    "b.events": (DECODED, "events"),
    "all.events": (MERGED, "all"),
    "all.log": (f"{MERGED}.log", ""),
}


def lineage(way: Way = Way.UP, name: str = "all.events", **other: Any) -> Lineage:
    """Return the lineage of ``name``; ``other`` replaces parts of it."""
    recipe = compile(DOCUMENTS, "main.cwl")
    digest = "sha256:abc"
    parts = {
        "namespace": "default",
        "scope": "daq",
        "name": name,
        "way": way,
        "uses": uses(),
        "cut": False,
        "jobs": (job(1, 0), job(1, 1), job(2, 0, environment=IN_CONTAINER)),
        "tasks": (task(1, "decode", MASKED, DECODED), task(2, "merge", DECODED, MERGED)),
        "chains": (chain(digest),),
        "files": tuple(file(each) for each in PLACES),
        "recipes": {digest: recipe},
        "tools": tools(digest, recipe),
    }
    return Lineage(**parts | other)


def tools(digest: str, recipe: Recipe) -> tuple[Any, ...]:
    return tuple(tool_of(digest, recipe.step(step.name)) for step in recipe.steps)


def uses() -> tuple[FileUse, ...]:
    told = (
        (1, 0, "in", "a.raw"),
        (1, 0, "out", "a.events"),
        (1, 1, "in", "b.raw"),
        (1, 1, "out", "b.events"),
        (2, 0, "in", "a.events"),
        (2, 0, "in", "b.events"),
        (2, 0, "out", "all.events"),
        (2, 0, "log", "all.log"),
    )
    return tuple(
        FileUse(use_id=n, task_id=t, index=i, role=FileRole(role), name=name)
        for n, (t, i, role, name) in enumerate(told, 1)
    )


def job(task_id: int, index: int, **other: Any) -> JobReport:
    facts: dict[str, Any] = {
        "state": JobState.FINISHED,
        "attempts": 1,
        "exit_code": 0,
        "reason": "",
        "host": "node7",
        "started_at": AT,
        "ended_at": AT + timedelta(seconds=90),
        "command": f"tool {task_id}.{index}",
        "environment": HERE,
    }
    return JobReport(task_id=task_id, index=index, **facts | other)


def task(number: int, step: str, reads: str, makes: str) -> Task:
    return Task(
        task_id=number,
        wflow_id=1,
        exec=step,
        args="",
        rank=1,
        device="CPU",
        mode="map",
        retry=2,
        datas_in_id=1,
        datas_out_id=2,
        datas_log_id=3,
        status="FINISHED",
        step=step,
        namespace="default",
        template_id=5,
        input_name=reads,
        output_name=makes,
        log_name=f"{makes}.log",
        paused=False,
        external_id="",
        jobs=1,
        running=0,
        finished=1,
        failed=0,
        reason="",
        waits_for=(),
        created_at=AT,
        submitted_at=AT,
        ended_at=AT + timedelta(minutes=2),
    )


def chain(digest: str, **other: Any) -> Chain:
    facts: dict[str, Any] = {
        "workflow_id": 1,
        "template_id": 5,
        "template": "energy",
        "version": 3,
        "created_by": "anna@spd.example",
        "main": "main.cwl",
        "recipe_digest": digest,
        "values": {"threshold": 0.7},
        "namespace": "default",
        "scope": "daq",
        "dataset": MASKED,
        "rerun": 0,
        "created_at": AT,
    }
    return Chain(**facts | other)


def file(name: str, state: FileState = FileState.REGISTERED) -> LineageFile:
    dataset, port = PLACES[name]
    kind = DatasetKind.INPUT if dataset == MASKED else DatasetKind.OUTPUT
    return LineageFile(
        file=File(
            uid=f"uid-{name}",
            namespace="default",
            scope="daq",
            name=name,
            state=state,
            storage_id="s",
            path=name,
            size_bytes=12,
            checksum="adler32:00000001",
            guid="",
            registered_at=AT,
        ),
        datasets=(
            Holder(
                uid=f"uid-{dataset}",
                namespace="default",
                name=dataset,
                kind=kind,
                state=DatasetState.CLOSED,
                port=port,
                index=0,
                part=0,
                basename=f"made.{name}",
                producer="t",
            ),
        ),
        url=f"file:///data/{name}",
    )
