"""Tasks start when all is there: a calibration of their run, groups of files, values of the run.

The whole house runs real jobs over real files.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.end_to_end.world import Eventually, World

from penstock.house import open_house
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.workflow import Task, ValueRange
from penstock_core.settings import HouseSettings

CHAIN = """\
cwlVersion: v1.2
class: Workflow
$namespaces: {penstock: "https://penstock.dev/cwl#"}
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]", scale: int}
steps:
  decode:
    run: copy.cwl
    scatter: f
    in: {f: files}
    out: [made]
  apply:
    run: scale.cwl
    hints:
      - {class: "penstock:Task", waitFor: "swf.{run}.calib"}
    scatter: f
    in: {f: decode/made, scale: scale}
    out: [made]
  some:
    run: sum.cwl
    hints:
      - {class: "penstock:Task", group: {files: 2}}
    in: {f: apply/made}
    out: [made]
  total:
    run: sum.cwl
    in: {f: {source: [some/made], linkMerge: merge_nested}}
    out: [made]
outputs: []
"""
COPY = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: {f: {type: File, inputBinding: {position: 2}}}
stdout: made.txt
outputs: {made: stdout}
"""
SCALE = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: [awk, -v]
arguments: [{position: 2, valueFrom: "{print $1 * scale}"}]
inputs:
  scale: {type: int, inputBinding: {position: 1, prefix: "scale=", separate: false}}
  f: {type: File, inputBinding: {position: 3}}
stdout: made.txt
outputs: {made: stdout}
"""
SUM = COPY.replace("cat", '[awk, "{n += $1} END {print n + 0}"]').replace(
    "type: File,", 'type: "File[]",'
)
DOCUMENTS = {"chain.cwl": CHAIN, "copy.cwl": COPY, "scale.cwl": SCALE, "sum.cwl": SUM}
STEPS = ("decode", "apply", "some", "total")


@pytest.fixture
async def world(tmp_path: Path, eventually: Eventually) -> AsyncIterator[World]:
    """A house that runs jobs, with the chain that waits for the calibration of its run."""
    folder = tmp_path / "detector"
    folder.mkdir()
    settings = HouseSettings(data_dir=tmp_path / "data", reconcile_every_s=1)
    async with open_house(settings) as house, HouseClients(house.house, "operator") as clients:
        world = World(clients, folder, eventually)
        by_run = (ValueRange(first=1, last=41, value=1), ValueRange(first=42, last=49, value=10))
        await world.upload(
            "calibrated",
            DOCUMENTS,
            main="chain.cwl",
            input="files",
            masks=("swf.{run}.raw",),
            value_ranges={"scale": by_run},
        )
        yield world


async def test_a_chain_waits_for_the_calibration_of_its_run_and_merges_in_groups(
    world: World,
) -> None:
    raw = await world.arrive("swf.42.raw", [1, 2, 3, 4, 5], closed=True)

    def waits(tasks: dict[str, Task]) -> bool:
        return bool(tasks) and tasks["decode"].status == "FINISHED"

    tasks = await world.eventually(lambda: world.tasks("swf.42.raw"), waits)
    assert tasks["apply"].status == "DEFINED"
    assert tasks["apply"].waits_for == ("swf.42.calib to be closed",)
    explained = await world.clients.data_access.explain(raw.uid, tasks["apply"].template_id or 0)
    assert explained.waits[0] == "apply waits for swf.42.calib to be closed"

    await world.arrive("swf.41.calib", [1], closed=True)
    calibration = await world.arrive("swf.42.calib", [7])
    await world.eventually(lambda: world.datasets("swf.41.calib"), lambda d: d[0].state == "CLOSED")
    assert (await world.tasks("swf.42.raw"))["apply"].status == "DEFINED"
    await world.tell("dataset.close", datasetId=calibration.uid, files=1)
    tasks = await world.ended("swf.42.raw", len(STEPS))
    assert {step: task.status for step, task in tasks.items()} == dict.fromkeys(STEPS, "FINISHED")
    assert (tasks["some"].jobs, tasks["total"].jobs) == (3, 1)
    assert await world.texts("swf.42.raw.calibrated.some.v1") == ["30", "70", "50"]
    assert await world.texts("swf.42.raw.calibrated.total.v1") == ["150"]


async def test_a_calibration_that_is_there_already_is_not_waited_for(world: World) -> None:
    await world.arrive("swf.7.calib", [1], closed=True)
    await world.arrive("swf.7.raw", [3], closed=True)
    tasks = await world.ended("swf.7.raw", len(STEPS))
    assert {task.status for task in tasks.values()} == {"FINISHED"}
    assert await world.texts("swf.7.raw.calibrated.total.v1") == ["3"]


async def test_a_run_for_which_there_is_no_value_is_a_conflict_that_says_so(world: World) -> None:
    raw = await world.arrive("swf.50.raw", [1], closed=True)
    [(outcome, reason)] = await world.eventually(lambda: world.matches(raw), bool)
    assert outcome == "CONFLICT"
    assert "No value of scale is for run 50 (there is: runs 1 to 41, runs 42 to 49)" in reason
    assert await world.tasks("swf.50.raw") == {}


@pytest.mark.parametrize("told", ["by a message with its close", "by the DAQ"])
async def test_an_empty_run_skips_its_whole_chain(world: World, told: str) -> None:
    name = "swf.44.raw"
    if told == "by the DAQ":
        for key in ("run_imminent", "start_run"):
            await world.tell(key, "daq", run_id="44", dataset=name, sender="daq")
        await world.eventually(lambda: world.tasks(name), bool)
        await world.tell("end_run", "daq", run_id="44", total_stf_files=0, sender="daq")
    else:
        await world.arrive(name, [], closed=True)
    tasks = await world.ended(name, len(STEPS))
    assert {step: task.status for step, task in tasks.items()} == dict.fromkeys(STEPS, "SKIPPED")
    assert tasks["total"].reason == f"{name} closed with no files"
    workflows = await world.clients.data_access.workflows()
    assert [workflow.status for workflow in workflows.items] == ["SKIPPED"]


async def test_what_lacks_files_is_incomplete_along_the_whole_chain(world: World) -> None:
    await world.arrive("swf.43.calib", [1], closed=True)
    raw = await world.arrive("swf.43.raw", [1, 2])
    await world.tell("dataset.close", datasetId=raw.uid, files=3)
    await world.eventually(lambda: world.datasets("swf.43.raw"), lambda d: d[0].announced == 3)
    path = f"/api/v1/dataset/{raw.uid}/close"
    await world.clients.dsm.call("POST", path, Dataset, body={"because": "file 3 is lost"})
    tasks = await world.ended("swf.43.raw", len(STEPS))
    assert {task.status for task in tasks.values()} == {"FINISHED"}
    assert await world.texts("swf.43.raw.calibrated.total.v1") == ["30"]
    names = [f"swf.43.raw.calibrated.{step}.v1" for step in STEPS]
    lacking = {name: (await world.datasets(name))[0].incomplete for name in names}
    assert lacking == dict.fromkeys(names, True)

    def all_say(tasks: dict[str, Task]) -> bool:
        return all(task.input_incomplete for task in tasks.values())

    await world.eventually(lambda: world.tasks("swf.43.raw"), all_say)


async def test_conditions_are_decided_again_on_metadata_and_at_the_close(world: World) -> None:
    documents = {"copy.cwl": COPY}
    wanted = {"stream": ("stream = physics",), "large": ("files >= 2",)}
    for name, where in wanted.items():
        await world.upload(name, documents, masks=("swf.{run}.data",), where=where)
    data = await world.arrive("swf.3.data", [1])

    async def decided() -> list[str]:
        matches = await world.matches(data) or []
        return [reason for outcome, reason in matches if outcome == "MATCH"]

    await world.eventually(lambda: world.matches(data), lambda m: m is not None)
    assert await decided() == []
    await world.arrive("swf.3.data", [], metadata={"stream": "physics"})
    by_stream = "mask swf.{run}.data fits, and stream = physics"
    assert await world.eventually(decided, bool) == [by_stream]
    await world.arrive("swf.3.data", [2])
    await world.tell("dataset.close", datasetId=data.uid, files=2)
    both = await world.eventually(decided, lambda found: len(found) == 2)
    assert sorted(both) == ["mask swf.{run}.data fits, and files >= 2", by_stream]
    await world.eventually(lambda: world.tasks("swf.3.data"), lambda t: "copy" in t)


async def test_the_state_of_the_detector_is_a_condition_too(world: World) -> None:
    where = ("detector_state = run/physics", "beam_energy = '5 GeV'", "run >= 100")
    await world.upload("beam", {"copy.cwl": COPY}, masks=("swf.*.run",), where=where)
    conditions = {"beam_energy": "5 GeV"}
    for run, substate in (("99", "physics"), ("101", "physics"), ("102", "standby")):
        told = {"run_id": run, "sender": "daq"}
        imminent = told | {"state": "beam", "substate": "not_ready", "run_conditions": conditions}
        await world.tell("run_imminent", "daq", **imminent)
        await world.eventually(lambda run=run: world.datasets(f"swf.{run}.run"), bool)
        await world.tell("start_run", "daq", **told, state="run", substate=substate)
    await world.eventually(lambda: world.tasks("swf.101.run"), bool)
    [beam] = (await world.clients.data_access.templates(name="beam")).items
    for run, clause in (("99", "run >= 100"), ("102", "detector_state = run/physics")):
        [dataset] = await world.datasets(f"swf.{run}.run")

        async def explained(uid: str = dataset.uid) -> tuple[bool, str]:
            found = await world.clients.data_access.explain(uid, beam.template_id)
            return found.matched, found.clause

        await world.eventually(explained, lambda found, clause=clause: found == (False, clause))
        assert await world.tasks(f"swf.{run}.run") == {}
