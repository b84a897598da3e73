"""Files that come after their dataset has closed: successors, deltas, or a refusal."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dsm.closing import close, named, names, send, set_rule, stf
from tests.dsm.conftest import open_world, told_file

from penstock_core.contracts.dsm import Announcement
from penstock_core.rights import Role


async def force(world, name):
    found = await named(world, name)
    path = f"/api/v1/dataset/{found.uid}/close"
    await world.client(Role.OPERATOR).call("POST", path, None, body={"because": "enough"})


@pytest.mark.parametrize("rule", ["files", "bytes", "age", "idle"])
async def test_a_stream_that_closed_by_its_rule_goes_on_in_successors(world, storage, rule):
    await send(world, storage, "cosmics", 1, 2)
    await close(world, "cosmics", rule)
    outcome = await send(world, storage, "cosmics", 3)
    await close(world, "cosmics.s2", rule)
    await send(world, storage, "cosmics", 4, 5)

    assert await names(world) == [
        ("cosmics", 2, "CLOSED"),
        ("cosmics.s2", 1, "CLOSED"),
        ("cosmics.s3", 2, "OPEN"),
    ]
    successor = await named(world, "cosmics.s2")
    assert (successor.logical, successor.processing) == ("cosmics", True)
    assert outcome.details == (
        f"1 files registered in dataset cosmics.s2; datasetId = {successor.uid}"
    )
    family = (await world.dsm.datasets(logical="cosmics")).items
    assert [d.name for d in family] == ["cosmics", "cosmics.s2", "cosmics.s3"]


async def test_a_stream_that_somebody_closed_goes_on_too(world, storage):
    await set_rule(world, "cosmics", "cosmics", max_files=100)
    await send(world, storage, "cosmics", 1)
    await force(world, "cosmics")
    await send(world, storage, "cosmics", 2)
    assert await names(world) == [("cosmics", 1, "CLOSED"), ("cosmics.s2", 1, "OPEN")]
    assert not (await named(world, "cosmics")).incomplete


async def test_files_that_were_told_before_open_no_successor(world, storage):
    await send(world, storage, "cosmics", 1, 2)
    await close(world, "cosmics", "files")
    outcome = await send(world, storage, "cosmics", 2, 1)
    assert outcome.status == "OK"
    await send(world, storage, "cosmics", 2, 3)
    await close(world, "cosmics.s2", "files")
    await send(world, storage, "cosmics", 1, 2, 3)
    assert await names(world) == [("cosmics", 2, "CLOSED"), ("cosmics.s2", 1, "CLOSED")]


@pytest.mark.parametrize("rule", ["count", "forced", "empty"])
async def test_what_ended_in_another_way_takes_no_more_files(world, storage, rule):
    await send(world, storage, "a.raw", 1)
    await close(world, "a.raw", rule)
    outcome = await send(world, storage, "a.raw", 2)
    assert outcome.status == "ERROR"
    assert "is CLOSED" in outcome.details
    assert await names(world) == [("a.raw", 1, "CLOSED")]


async def test_what_was_given_up_is_archived_when_it_comes_after_all(world, storage):
    await send(world, storage, "a.raw", 1)
    await close(world, "a.raw", "incomplete")
    await send(world, storage, "a.raw", 2)
    assert await names(world) == [("a.raw", 1, "CLOSED"), ("a.raw.d1", 1, "OPEN")]


@pytest.mark.parametrize("rule", ["count", "incomplete", "no_end_run", "forced"])
async def test_late_files_of_a_run_are_archived_in_deltas(world, rule):
    conditions = {"run_id": "1", "run_conditions": {"beam": "5 GeV"}}
    await world.daq("run_imminent", conditions)
    await world.daq("stf_ready", stf(1))
    await close(world, "swf.1.run", rule)
    outcomes = await world.daq("stf_ready", stf(2), stf(1), stf(3))
    await close(world, "swf.1.run.d1", "idle")
    await world.daq("stf_ready", stf(4))

    assert await names(world) == [
        ("swf.1.run", 1, "CLOSED"),
        ("swf.1.run.d1", 2, "CLOSED"),
        ("swf.1.run.d2", 1, "OPEN"),
    ]
    delta = await named(world, "swf.1.run.d1")
    assert (delta.logical, delta.processing, delta.kind) == ("swf.1.run", False, "input")
    assert (delta.metadata["run"], delta.metadata["beam"]) == (1, "5 GeV")
    assert outcomes[0].details == (
        "swf.1.000002.stf is registered in swf.1.run.d1: "
        "it came after the dataset of run 1 had closed"
    )
    assert "it came after" not in outcomes[1].details
    contents = await world.dsm.contents(delta.uid)
    assert [(f.name, f.index) for f in contents.files] == [
        ("swf.1.000002.stf", 2),
        ("swf.1.000003.stf", 3),
    ]


async def test_files_that_others_bring_to_a_closed_run_are_archived_too(world, storage):
    await world.daq("stf_ready", stf(1))
    await force(world, "swf.1.run")
    files = [told_file(storage, "swf.1.000002.stf", sequence=2)]
    body = {"datasetName": "swf.1.run", "scope": "group.daq", "files": files}
    assert (await world.tell("file.input", body)).status == "OK"
    assert [d[0] for d in await names(world)] == ["swf.1.run", "swf.1.run.d1"]


async def test_a_rule_may_let_a_chain_run_on_late_files(world):
    await set_rule(world, "chained", "swf.*", late="chain")
    await world.daq("stf_ready", stf(1))
    await close(world, "swf.1.run")
    await world.daq("stf_ready", stf(2))
    assert (await named(world, "swf.1.run.d1")).processing


async def test_a_delta_shows_when_it_closes(world):
    await world.daq("stf_ready", stf(1))
    await close(world, "swf.1.run")
    await world.daq("stf_ready", stf(2))
    delta = await named(world, "swf.1.run.d1")
    (forecast,) = await world.dsm.forecasts([delta.uid])
    assert forecast.evidence.rule == "default-run"
    assert forecast.text.endswith("unless another late file comes")


async def test_a_name_that_somebody_took_is_passed_over(world, storage):
    await send(world, storage, "cosmics.s2", 1)
    await send(world, storage, "cosmics", 1, 2)
    await close(world, "cosmics", "files")
    await send(world, storage, "cosmics", 3)
    assert (await named(world, "cosmics.s3")).files == 1
    assert (await named(world, "cosmics.s2")).logical == "cosmics.s2"


async def test_what_names_a_successor_itself_is_led_on_as_well(world, storage):
    await send(world, storage, "cosmics", 1)
    await close(world, "cosmics", "files")
    await send(world, storage, "cosmics", 2)
    await close(world, "cosmics.s2", "files")
    await send(world, storage, "cosmics.s2", 3)
    assert (await named(world, "cosmics.s3")).files == 0 + 1


async def test_a_deleted_run_keeps_what_comes_late(world):
    await world.daq("stf_ready", stf(1))
    found = await named(world, "swf.1.run")
    await world.tell("dataset.delete", {"datasetId": found.uid})
    await world.daq("stf_ready", stf(2))
    assert (await named(world, "swf.1.run.d1")).files == 1


async def test_an_output_takes_nothing_after_its_end(world, storage):
    await send(world, storage, "a.raw", 1)
    found = await named(world, "a.raw")
    await world.dsm.announce([Announcement(uid=found.uid, files=1, producer="p")])
    await close(world, "a.raw", "count")
    assert (await send(world, storage, "a.raw", 1, 2)).status == "ERROR"


async def test_the_end_of_a_stream_is_that_of_its_newest_successor(world, storage):
    await send(world, storage, "cosmics", 1)
    await close(world, "cosmics", "files")
    await send(world, storage, "cosmics", 2, 3)
    first = await named(world, "cosmics")
    outcome = await world.tell("dataset.close", {"datasetId": first.uid})
    assert outcome.status == "OK"
    assert ((await named(world, "cosmics.s2")).announced, first.announced) == (2, None)


async def test_a_changed_rule_applies_to_open_deltas_at_once(world):
    await world.daq("stf_ready", stf(1))
    await close(world, "swf.1.run")
    await world.daq("stf_ready", stf(2))
    await set_rule(world, "chained", "swf.*", late="chain")
    assert (await named(world, "swf.1.run.d1")).processing
    changed = (await world.dsm.events(0, topics=["dataset.changed"])).events
    assert changed[-1].body["processing"]
    await world.client(Role.OPERATOR).remove_rule("chained")
    assert not (await named(world, "swf.1.run.d1")).processing


actions = st.lists(
    st.just("close") | st.lists(st.integers(1, 6), min_size=1, max_size=3), max_size=8
)


@settings(max_examples=10, deadline=None)
@given(actions)
async def test_whenever_files_come_and_however_often_each_lies_in_one_dataset(told):
    """Of a logical name: no file is lost, none is in two, and what is closed stays so."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(Path(folder)) as world:
            sent, closed = set(), {}
            for action in told:
                family = (await world.dsm.datasets(logical="swf.1.run")).items
                if action == "close" and family and family[-1].state == "OPEN":
                    await close(world, family[-1].name)
                    closed[family[-1].name] = family[-1].files
                elif action != "close":
                    await world.daq("stf_ready", *(stf(n) for n in action))
                    sent |= set(action)
            family = (await world.dsm.datasets(logical="swf.1.run")).items
            found = [f.index for d in family for f in (await world.dsm.contents(d.uid)).files]
            assert sorted(found) == sorted(sent)
            assert {d.name: d.files for d in family if d.name in closed} == closed
            names = ["swf.1.run", *(f"swf.1.run.d{n}" for n in range(1, 9))]
            assert [d.name for d in family] == names[: len(family)]
