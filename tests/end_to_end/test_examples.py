"""The examples of the reference pages are what Penstock takes, and what it answers."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from data_access.executables import read_executables
from penstock.house import OpenHouse
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.intake import PostedMessage
from penstock_core.topology import DAQ_KEYS, REGISTER_KEYS
from recipe.compile import compile

DOCS = Path(__file__).parents[2] / "docs"
MESSAGES = (DOCS / "reference" / "messages.md").read_text()
REQUEST = re.compile(r"^\| `([a-z.]+)` \| `(\{.*?\})` \| (.*) \|$", re.MULTILINE)
FACT = re.compile(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \| (.*?) \|", re.MULTILINE)
FIELD = re.compile(r"`([a-z_]+)`")
STORED = {"storageId": "posix-root", "path": "/home/spd/a.raw", "checksum": "0" * 32}
FACT_VALUES = {
    "filename": "swf.7.000001.stf",
    "file_url": "file:///daq/swf.7.000001.stf",
    "checksum": "ad:00000001",
    "size_bytes": 100,
    "size": 100,
    "sequence": 1,
    "tf_filename": "swf.7.000001.tf",
    "stf_filename": "swf.7.000001.stf",
    "tf_first": 37,
    "tf_last": 57,
    "tf_count": 21,
    "total_stf_files": 1,
    "run_conditions": {"beam_energy": "5 GeV"},
    "dataset": "swf.7.run",
    "reason": "refill",
}


async def test_the_requests_of_the_page_are_taken_as_it_says(
    held: tuple[OpenHouse, HouseClients], eventually: Callable
) -> None:
    _, clients = held
    storages = await clients.dsm.call("GET", "/api/v1/storage", list[dict[str, str]])
    uids = {s["name"]: s["uid"] for s in storages}
    file = _documented_file() | STORED | {"storageId": uids["posix-root"], "name": "a.raw"}
    requests = REQUEST.findall(MESSAGES)
    assert [key for key, _, _ in requests] == list(REGISTER_KEYS)
    dataset = ""
    for key, text, does in requests:
        body = json.loads(text.replace("file, …", json.dumps(file)))
        filled = {"datasetId": dataset, "datasetName": "run43.raw"}
        body |= {name: word for name, word in filled.items() if body.get(name) == "…"}
        entry = await _told(clients, eventually, "dsm.register", key, body)
        assert entry["outcome"] == ("ERROR" if does.startswith("refused") else "OK"), entry
        dataset = dataset or (await clients.dsm.datasets(name=body["datasetName"])).items[0].uid


async def test_the_facts_of_the_page_are_taken_with_the_fields_it_names(
    held: tuple[OpenHouse, HouseClients], eventually: Callable
) -> None:
    _, clients = held
    rows = FACT.findall(MESSAGES.partition("## DAQ")[2])
    facts = [(key, needs) for keys, needs in rows for key in FIELD.findall(keys)]
    assert sorted(key for key, _ in facts) == sorted(DAQ_KEYS)
    for key, needs in facts:
        needed = FIELD.findall(needs.partition("(")[0])
        least = {"run_id": 7} | {name: FACT_VALUES[name] for name in needed}
        full = least | {name: FACT_VALUES[name] for name in FIELD.findall(needs)}
        for body in (least, full):
            entry = await _told(clients, eventually, "daq", key, body)
            assert entry["outcome"] in ("OK", "LATE"), entry
        for name in needed:
            lacking = {k: v for k, v in full.items() if k != name}
            entry = await _told(clients, eventually, "daq", key, lacking)
            assert entry["outcome"] == "ERROR", (key, name)
    (run,) = (await clients.dsm.runs()).items
    assert (run.run, run.state, run.total) == ("7", "ENDED", 1)


async def _told(
    clients: HouseClients, eventually: Callable, exchange: str, key: str, body: dict[str, Any]
) -> dict[str, Any]:
    """Post a message; return what the journal says of it."""
    message = PostedMessage(body=body, message_id=f"{key} {json.dumps(body)}"[:60])
    await clients.dsm.post_messages(exchange, key, [message])
    params = {"message_type": key, "limit": 1000}

    async def look() -> list[dict[str, Any]]:
        page = await clients.dsm.call("GET", "/api/v1/journal", dict[str, Any], params=params)
        return [entry for entry in page["items"] if json.loads(entry["body"]) == body]

    found: list[dict[str, Any]] = await eventually(look, bool)
    return found[-1]


def _documented_file() -> dict[str, Any]:
    said = re.search(r"^A `file` is `(\{.*\})`", MESSAGES, re.MULTILINE)
    assert said is not None
    file: dict[str, Any] = json.loads(said[1])
    return file


def test_the_settings_of_a_step_are_taken_as_the_page_says() -> None:
    said = re.search(r"^```yaml\n(.*?)^```", (DOCS / "cwl.md").read_text(), re.M | re.S)
    assert said is not None
    example = yaml.safe_load(said[1])
    tool = {
        "class": "CommandLineTool",
        "baseCommand": "md5sum",
        "inputs": {"file": {"type": "File", "inputBinding": {"position": 1}}},
        "outputs": {"sum": "stdout"},
    }
    example["steps"]["decode"] |= {"run": tool, "in": {"file": "file"}, "out": ["sum"]}
    workflow = {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "inputs": {"file": "File"},
        "outputs": {"sum": {"type": "File", "outputSource": "decode/sum"}},
    }
    recipe = compile({"a.cwl": json.dumps(workflow | example)}, "a.cwl")
    (step,) = recipe.steps
    assert (step.rank, step.retry, step.trigger) == (3, 4, "closed")


def test_the_list_of_programs_reads_as_the_page_shows_it(tmp_path: Path) -> None:
    page = (DOCS / "reference" / "rest-data-access.md").read_text()
    said = re.search(r"such as `(.*?)`", page)
    assert said is not None
    (tmp_path / "executables.yaml").write_text(said[1])
    assert read_executables(tmp_path / "executables.yaml") == {"md5sum": ["md5sum", "--tag"]}
