"""A lineage as a tree, as W3C PROV, as an RO-Crate: each read again by others' libraries."""

import json
from pathlib import Path

import pytest
from prov.model import (
    ProvActivity,
    ProvAgent,
    ProvAssociation,
    ProvDocument,
    ProvEntity,
    ProvGeneration,
    ProvMembership,
    ProvStart,
    ProvUsage,
)
from rocrate.rocrate import ROCrate
from tests.penstock.crates import many, of_kind, problems, refs
from tests.penstock.lineages import AT, HERE, chain, file, job, lineage, tools, uses

from penstock.provenance import to_prov, write_crate
from penstock.provenance.cwl_types import parameter_type
from penstock.provenance.documents import documents_of, workflow_outputs
from penstock.provenance.tree import plain_tree, summary
from penstock_core.contracts.workflow import FileRole, FileUse, Way
from penstock_core.errors import InvalidInput
from penstock_core.states import FileState, JobState
from recipe.compile import compile


def test_the_tree_leads_from_the_file_to_what_it_was_made_of():
    assert plain_tree(lineage()).splitlines() == [
        "all.events 12 B adler32:00000001",
        "└── merge job 0 of task 2 energy v3, on node7, 2026-11-26 02:20:00, took 90.0 s",
        "    $ tool 2.0",
        "    ├── a.events 12 B adler32:00000001",
        "    │   └── decode job 0 of task 1 energy v3, on node7, 2026-11-26 02:20:00, took 90.0 s",
        "    │       $ tool 1.0",
        "    │       └── a.raw 12 B adler32:00000001",
        "    └── b.events 12 B adler32:00000001",
        "        └── decode job 1 of task 1 energy v3, on node7, 2026-11-26 02:20:00, took 90.0 s",
        "            $ tool 1.1",
        "            └── b.raw 12 B adler32:00000001",
    ]


def test_the_tree_down_shows_what_was_made_of_a_file_and_no_logs():
    lines = plain_tree(lineage(Way.DOWN, "a.raw")).splitlines()
    assert [line.strip("│├└─ ").partition(" ")[0] for line in lines if "$" not in line] == [
        "a.raw",
        "decode",
        "a.events",
        "merge",
        "all.events",
    ]


def test_of_many_alike_few_are_shown_and_the_rest_counted():
    text = plain_tree(lineage(), few=1)
    assert "… and 1 more file" in text
    assert "b.events" not in text


def test_the_tree_tells_of_what_failed_is_in_quarantine_or_gone():
    found = lineage(
        jobs=(job(1, 0, state=JobState.FAILED), job(1, 1), job(2, 0)),
        files=(file("a.raw", FileState.QUARANTINED), file("a.events")),
    )
    text = plain_tree(found)
    assert "decode job 0 of task 1 FAILED" in text
    assert "a.raw 12 B adler32:00000001 QUARANTINED" in text
    assert "b.raw not in the catalogue" in text


def test_a_file_shown_before_is_not_opened_again():
    twice = FileUse(use_id=99, task_id=2, index=0, role=FileRole.IN, name="a.events")
    assert plain_tree(lineage(uses=(*uses(), twice))).count("… as above") == 1


def test_below_the_tree_stand_template_values_tools_and_environments():
    said = list(summary(lineage(cut=True)))
    assert said == [
        ("workflow 1", "energy v3 by anna@spd.example; sha256:abc; threshold = 0.7"),
        ("tool decode", "spdroot 4.1"),
        ("tool merge", "asks for container quay.io/spd/merge:2"),
        (
            "ran in",
            "penstock-pilot 0.1.0; cwltool 3.3; Python 3.11.7; Linux; sandbox: rlimits; "
            "no container",
        ),
        (
            "ran in",
            "penstock-pilot 0.1.0; cwltool 3.3; Python 3.11.7; Linux; sandbox: rlimits; "
            "container quay.io/spd/merge:2",
        ),
        ("cut", "there is more than these 8 uses: raise --limit"),
    ]


@pytest.fixture
def document() -> ProvDocument:
    """The lineage as PROV, written as JSON and read again."""
    text = to_prov(lineage()).serialize(format="json")
    read = ProvDocument.deserialize(content=text, format="json")
    assert read == to_prov(lineage())
    return read


def identifiers(document: ProvDocument, kind: type) -> set[str]:
    return {str(record.identifier) for record in document.get_records(kind)}


def pairs(document: ProvDocument, kind: type) -> set[tuple[str, str]]:
    """Return what the first two arguments of each relation are."""
    return {(str(record.args[0]), str(record.args[1])) for record in document.get_records(kind)}


def test_prov_has_files_datasets_template_and_tools_as_entities(document):
    assert identifiers(document, ProvEntity) == {
        *(f"file:{name}" for name in ("a.raw", "b.raw", "a.events", "b.events")),
        "file:all.events",
        "file:all.log",
        "dataset:run.1",
        "dataset:run.1.energy.decode.v3",
        "dataset:run.1.energy.merge.v3",
        "dataset:run.1.energy.merge.v3.log",
        "template:energy.v3",
        "tool:sha256%3Aabc%2Fdecode",
        "tool:sha256%3Aabc%2Fmerge",
    }
    (made,) = document.get_record("file:all.events")
    facts = {str(name): value for name, value in made.attributes}
    assert facts["penstock:checksum"] == "adler32:00000001"
    assert facts["penstock:sizeBytes"] == 12
    assert facts["prov:location"] == "file:///data/all.events"


def test_prov_relates_files_to_jobs_and_jobs_to_what_started_them(document):
    assert identifiers(document, ProvActivity) == {
        *("job:1.0", "job:1.1", "job:2.0"),
        *("task:1", "task:2", "workflow:1"),
    }
    assert pairs(document, ProvUsage) == {
        ("job:1.0", "file:a.raw"),
        ("job:1.1", "file:b.raw"),
        ("job:2.0", "file:a.events"),
        ("job:2.0", "file:b.events"),
    }
    assert pairs(document, ProvGeneration) == {
        ("file:a.events", "job:1.0"),
        ("file:b.events", "job:1.1"),
        ("file:all.events", "job:2.0"),
        ("file:all.log", "job:2.0"),
    }
    started = {(str(each.args[0]), str(each.args[2])) for each in document.get_records(ProvStart)}
    assert started == {
        ("job:1.0", "task:1"),
        ("job:1.1", "task:1"),
        ("job:2.0", "task:2"),
        ("task:1", "workflow:1"),
        ("task:2", "workflow:1"),
        ("workflow:1", "None"),
    }
    assert ("dataset:run.1", "file:a.raw") in pairs(document, ProvMembership)


def test_prov_tells_who_ran_what_by_which_plan(document):
    assert identifiers(document, ProvAgent) == {
        "agent:anna%40spd.example",
        "agent:penstock-pilot%200.1.0%20on%20node7",
    }
    plans = {
        (str(each.args[0]), str(each.args[2])) for each in document.get_records(ProvAssociation)
    }
    assert ("workflow:1", "template:energy.v3") in plans
    assert ("job:2.0", "tool:sha256%3Aabc%2Fmerge") in plans
    (activity,) = document.get_record("job:2.0")
    facts = {str(name): value for name, value in activity.attributes}
    assert activity.get_startTime() == AT
    assert facts["penstock:host"] == "node7"
    assert facts["penstock:container"] == "quay.io/spd/merge:2"
    assert facts["penstock:engine"] == "cwltool 3.3"
    (run,) = document.get_record("workflow:1")
    said = {str(name): value for name, value in run.attributes}
    assert json.loads(said["penstock:values"]) == {"threshold": 0.7}


def test_who_asked_for_a_workflow_started_it(tmp_path):
    asked = {"started_by": "olga@spd.example", "because": "a new alignment"}
    found = lineage(chains=(chain("sha256:abc", **asked),))
    document = to_prov(found)
    runs = {
        (str(each.args[0]), str(each.args[1])) for each in document.get_records(ProvAssociation)
    }
    assert ("workflow:1", "agent:olga%40spd.example") in runs
    write_crate(found, tmp_path / "crate")
    crate = ROCrate(tmp_path / "crate")
    assert crate.get("#workflow/1")["agent"]["name"] == "olga@spd.example"
    assert crate.mainEntity["creator"]["name"] == "anna@spd.example"
    ((_, said), *_) = summary(found)
    assert "asked for by olga@spd.example; because: a new alignment" in said


def test_prov_n_is_written_too():
    text = to_prov(lineage()).get_provn()
    assert "used(job:1.0, file:a.raw" in text
    assert text.startswith("document")


@pytest.fixture
def crate(tmp_path: Path) -> ROCrate:
    """The lineage as a crate, written and read again."""
    write_crate(lineage(), tmp_path / "crate")
    return ROCrate(tmp_path / "crate")


def test_the_crate_is_what_the_profiles_require(crate, tmp_path):
    assert problems(crate) == []
    written = json.loads((tmp_path / "crate" / "ro-crate-metadata.json").read_text())
    assert written["@context"] == [
        "https://w3id.org/ro/crate/1.1/context",
        "https://w3id.org/ro/terms/workflow-run/context",
    ]


def test_the_crate_is_about_the_template_version_and_holds_its_documents(crate, tmp_path):
    workflow = crate.mainEntity
    assert (workflow.id, workflow["name"], workflow["version"]) == (
        "workflows/energy.v3/main.cwl",
        "energy",
        "3",
    )
    assert workflow["creator"]["name"] == "anna@spd.example"
    folder = tmp_path / "crate/workflows/energy.v3"
    assert sorted(each.name for each in folder.iterdir()) == ["decode.cwl", "main.cwl", "merge.cwl"]
    inputs = {each["name"]: each for each in refs(workflow, "input")}
    assert sorted(inputs) == ["labels", "raw", "threshold"]
    threshold = inputs["threshold"]
    assert (threshold["additionalType"], threshold["defaultValue"]) == ("Float", "0.5")
    assert inputs["labels"]["multipleValues"] == "True"
    assert [each["name"] for each in refs(workflow, "output")] == ["result"]


def test_each_job_is_an_action_down_to_files_values_container_and_host(crate):
    action = crate.get("#job/1/0")
    assert [each.id for each in refs(action, "object")] == [
        "file:///data/a.raw",
        "#value/1/threshold",
    ]
    assert [each.id for each in refs(action, "result")] == ["file:///data/a.events"]
    assert action["instrument"]["name"] == "Decode"
    (package,) = refs(action["instrument"], "softwareRequirements")
    assert (package["name"], package["softwareVersion"]) == ("spdroot", "4.1")
    assert action["location"]["name"] == "node7"
    assert action["description"].startswith("tool 1.0\npenstock-pilot 0.1.0; cwltool 3.3")
    image = crate.get("#job/2/0")["containerImage"]
    assert (image["registry"], image["name"]) == ("quay.io/spd", "merge:2")
    (log,) = [each for each in of_kind(crate, "File") if each.get("about")]
    assert (log["name"], log["about"].id) == ("all.log", "#job/2/0")


def test_the_workflows_own_action_goes_from_its_input_to_its_result(crate):
    action = crate.get("#workflow/1")
    assert [each.id for each in refs(action, "object")] == [
        "file:///data/a.raw",
        "file:///data/b.raw",
        "#value/1/threshold",
    ]
    assert [each.id for each in refs(action, "result")] == ["file:///data/all.events"]
    made = crate.get("file:///data/all.events")
    assert sorted(each["name"] for each in refs(made, "exampleOfWork")) == ["all", "result"]
    assert (made["contentSize"], made["identifier"]) == ("12", "adler32:00000001")
    assert made["alternateName"] == "made.all.events"


def test_files_are_put_into_the_crate_when_asked(tmp_path):
    copy = tmp_path / "copy"
    copy.write_text("the bytes")
    write_crate(lineage(), tmp_path / "crate.zip", {"all.events": copy})
    crate = ROCrate(tmp_path / "crate.zip")
    assert problems(crate) == []
    assert (Path(crate.source) / "files/all.events").read_text() == "the bytes"
    assert [each.id for each in refs(crate.get("#job/2/0"), "result")] == ["files/all.events"]


def test_a_job_that_failed_is_an_action_with_its_error(tmp_path):
    failed = job(2, 0, state=JobState.FAILED, reason="The tool ended with exit code 3.")
    write_crate(lineage(jobs=(job(1, 0), job(1, 1), failed)), tmp_path / "crate")
    crate = ROCrate(tmp_path / "crate")
    action = crate.get("#job/2/0")
    assert action["error"] == "The tool ended with exit code 3."
    assert many(action["actionStatus"]) == ["http://schema.org/FailedActionStatus"]
    assert problems(crate) == []


def test_a_file_that_nobody_knows_any_more_stands_in_the_crate_by_its_name(tmp_path):
    write_crate(lineage(files=(file("all.events"), file("all.log"))), tmp_path / "crate")
    crate = ROCrate(tmp_path / "crate")
    (gone,) = [
        each for each in refs(crate.get("#job/1/0"), "object") if each.type != "PropertyValue"
    ]
    assert (gone.id, gone.type) == ("#file/a.raw", "CreativeWork")


def test_a_task_submitted_by_hand_makes_a_crate_too(tmp_path):
    by_hand = {"template": "", "template_id": None, "version": None, "created_by": "", "main": ""}
    write_crate(lineage(chains=(chain("sha256:abc", **by_hand),)), tmp_path / "crate")
    crate = ROCrate(tmp_path / "crate")
    assert [text for text in problems(crate) if "has no agent" not in text] == []


def test_spds_dialect_comes_with_the_standard_cwl_that_it_means(templates):
    text = (templates / "spd" / "decoding-reconstruction.spd.json").read_text()
    recipe = compile({"spd.json": text}, "spd.json", masks=("*.test.*",))
    documents = documents_of(chain("sha256:spd", main="spd.json"), recipe)
    assert documents.main == "workflows/energy.v3/standard.cwl"
    assert sorted(documents.texts) == ["workflows/energy.v3/spd.json", documents.main]
    assert {step for step, _ in workflow_outputs(documents, recipe)} == {"reconstruction"}


def test_the_run_of_a_workflow_that_is_not_seen_to_its_end_gives_what_it_made(tmp_path):
    first = tuple(use for use in uses() if use.task_id == 1)
    write_crate(lineage(name="a.events", uses=first, jobs=(job(1, 0), job(1, 1))), tmp_path / "c")
    results = refs(ROCrate(tmp_path / "c").get("#workflow/1"), "result")
    assert [each["name"] for each in results] == ["a.events", "b.events"]


def test_where_no_job_is_there_is_no_crate(tmp_path):
    alone = lineage(uses=(), jobs=(), tasks=(), chains=(), tools=(), recipes={})
    with pytest.raises(InvalidInput, match=r"No job made all\.events") as refused:
        write_crate(alone, tmp_path / "crate")
    assert "--down" in refused.value.hint


@pytest.mark.parametrize(
    ("cwl", "words", "is_many"),
    [
        ("string", ("Text",), False),
        (["null", "int"], ("Integer",), False),
        (["int", "double"], ("Integer", "Float"), False),
        ({"type": "array", "items": "File"}, ("File",), True),
        ({"type": "enum", "symbols": ["a"]}, ("Text",), False),
        ({"type": "record", "fields": []}, ("PropertyValue",), False),
        ("Any", ("DataType",), False),
        (["null"], ("DataType",), False),
    ],
)
def test_cwls_types_are_said_in_ro_crates_words(cwl, words, is_many):
    found = parameter_type(cwl)
    assert (found.words, found.many) == (words, is_many)


def test_json_has_all_but_the_recipes():
    said = json.loads(lineage().model_dump_json())
    assert "recipes" not in said
    assert [tool["step"] for tool in said["tools"]] == ["decode", "merge"]
    assert said["jobs"][0]["environment"] == HERE.model_dump()
    assert said["way"] == "up"


def test_tools_are_named_once_each():
    recipe = lineage().recipes["sha256:abc"]
    assert [tool.label for tool in tools("x", recipe)] == ["Decode", "Merge"]
