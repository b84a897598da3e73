"""The DAQ's messages are facts: in any order, any number of times, they make the same."""

import pytest
from tests.dsm.conftest import intake

from penstock_core.contracts.dsm import CloseRequest


def stf(run, n, sender="sim"):
    name = f"swf.{run}.{n:06d}.stf"
    common = {"run_id": str(run), "filename": name, "sender": sender, "checksum": f"ad:{n:08x}"}
    gen = common | {"msg_type": "stf_gen", "sequence": n, "size": 512}
    ready = common | {
        "msg_type": "stf_ready",
        "file_url": f"file:///daq/{name}",
        "size_bytes": 1024,
    }
    return gen, ready


def facts(run=102363, stfs=3, total=True):
    """Return the messages of a run in their usual order."""
    common = {"run_id": str(run), "sender": "sim"}
    imminent = common | {
        "msg_type": "run_imminent",
        "timestamp": "2026-01-01T00:00:00",
        "dataset": f"swf.{run}.run",
        "state": "beam",
        "substate": "not_ready",
        "run_conditions": {"beam_energy": "5 GeV", "magnetic_field": "1.5T"},
    }
    start = common | {"msg_type": "start_run", "timestamp": "2026-01-01T00:00:10"}
    pause = common | {"msg_type": "pause_run", "ts": "2026-01-01T00:00:20"}
    resume = common | {
        "msg_type": "resume_run",
        "timestamp": "2026-01-01T00:00:20",
        "simulation_tick": 31,
    }
    end = common | {"msg_type": "end_run", "timestamp": "2026-01-01T00:01:00"}
    end |= {"total_stf_files": stfs} if total else {}
    pairs = [message for n in range(1, stfs + 1) for message in stf(run, n)]
    return [imminent, start, pairs[0], pairs[1], pause, resume, *pairs[2:], end]


async def tell_all(world, messages, ids=None):
    keys = ids or range(len(messages))
    outcomes = await world.dsm.take_in(
        [intake("daq", m["msg_type"], m, f"daq{k}") for k, m in zip(keys, messages, strict=True)]
    )
    assert not [o for o in outcomes if o.status == "ERROR"]
    return outcomes


async def picture(world):
    """Return what is there in the end, without what depends on when it came."""
    (dataset,) = (await world.dsm.datasets()).items
    contents = await world.dsm.contents(dataset.uid)
    (run,) = (await world.dsm.runs()).items
    files = sorted((f.index, f.name, f.size_bytes, f.checksum, f.url) for f in contents.files)
    shown = dataset.model_dump(exclude={"revision", "opened_at"})
    return shown, files, run.model_dump()


async def test_a_run_is_opened_filled_and_announced(world):
    await tell_all(world, facts())
    dataset, files, run = await picture(world)

    assert (dataset["name"], dataset["scope"]) == ("swf.102363.run", "group.daq")
    assert (dataset["files"], dataset["announced"], dataset["state"]) == (3, 3, "OPEN")
    assert dataset["metadata"] == {
        "run": 102363,
        "beam_energy": "5 GeV",
        "magnetic_field": "1.5T",
        "state": "beam",
        "substate": "not_ready",
    }
    assert files[0] == (
        1,
        "swf.102363.000001.stf",
        1024,
        "adler32:00000001",
        "file:///daq/swf.102363.000001.stf",
    )
    assert (run["state"], run["announced"], run["registered"], run["total"]) == ("ENDED", 3, 3, 3)
    assert run["started_at"].isoformat() == "2026-01-01T00:00:10+00:00"
    (evidence,) = (await world.dsm.closing()).items
    assert evidence.announced_by == "sim"


async def test_without_a_total_the_announced_stfs_are_counted(world):
    messages = facts(stfs=3, total=False)
    held_back = messages.pop(-2)
    late_gen = messages.pop(-2)
    await tell_all(world, messages)
    assert (await picture(world))[0]["announced"] == 2
    await tell_all(world, [late_gen], ["late"])

    (evidence,) = (await world.dsm.closing()).items
    assert (evidence.registered, evidence.announced, evidence.missing) == (2, 3, ("STF 3",))
    await tell_all(world, [held_back], ["held"])
    (evidence,) = (await world.dsm.closing()).items
    assert (evidence.registered, evidence.announced, evidence.missing) == (3, 3, ())


async def test_without_a_total_and_without_stf_gen_what_is_registered_is_counted(world):
    lost = [m for m in facts(stfs=3, total=False) if m["msg_type"] != "stf_gen"]
    await tell_all(world, lost)
    [dataset] = (await world.dsm.datasets()).items
    assert (dataset.files, dataset.announced) == (3, 3)


async def test_a_file_that_comes_late_is_registered_all_the_same(world):
    messages = facts()
    late = messages.pop(-2)
    await tell_all(world, messages)
    (evidence,) = (await world.dsm.closing()).items
    assert evidence.missing == ("STF 3",)
    request = CloseRequest(uid=evidence.uid, revision=evidence.revision, rule="r", because="loss")
    await world.dsm.close_datasets([request])

    await tell_all(world, [late], ["late"])
    run, delta = (await world.dsm.datasets()).items
    assert (run.state, run.incomplete, run.files) == ("CLOSED", True, 2)
    assert (delta.name, delta.files) == ("swf.102363.run.d1", 1)
    found = await world.dsm.call("GET", "/api/v1/file/", dict, params={"name": late["filename"]})
    assert [f["state"] for f in found["items"]] == ["REGISTERED"]
    journal = await world.dsm.call("GET", "/api/v1/journal", dict, params={"outcome": "LATE"})
    assert [entry["run"] for entry in journal["items"]] == ["102363"]


async def test_variants_of_the_wild_are_taken(world):
    await world.daq("end_run", {"run_id": 7, "ts": "2026-01-01T00:00:00", "total_files": 4})
    (run,) = (await world.dsm.runs()).items
    assert (run.run, run.state, run.total) == ("7", "ENDED", 4)
    assert run.ended_at.isoformat() == "2026-01-01T00:00:00+00:00"


async def test_data_ready_and_samples_are_journaled(world):
    sample = {
        "run_id": "7",
        "tf_filename": "swf.7.000001_tf_001.tf",
        "stf_filename": "swf.7.000001.stf",
        "tf_first": 37,
        "tf_last": 57,
        "tf_count": 21,
    }
    assert (await world.daq("tf_file_registered", sample)).status == "OK"
    assert (await world.daq("data_ready", {"run_id": "7", "sender": "agent"})).status == "OK"

    entries = (await world.dsm.call("GET", "/api/v1/journal", dict, params={"run": "7"}))["items"]
    assert [(e["message_type"], e["sender_agent"]) for e in entries] == [
        ("tf_file_registered", ""),
        ("data_ready", "agent"),
    ]


async def test_runs_overlap_and_namespaces_part_them(world):
    one, two = facts(1, 2), facts(2, 3)
    other = [m | {"namespace": "tester"} for m in facts(1, 1)]
    mixed = [m for pair in zip(one, two, strict=False) for m in pair]
    await tell_all(world, [*mixed, *other, *two[len(one) :]])

    datasets = (await world.dsm.datasets()).items
    counts = {(d.namespace, d.name): (d.files, d.announced) for d in datasets}
    assert counts == {
        ("default", "swf.1.run"): (2, 2),
        ("default", "swf.2.run"): (3, 3),
        ("tester", "swf.1.run"): (1, 1),
    }


@pytest.mark.parametrize(
    ("key", "body", "message", "field"),
    [
        ("stf_ready", {"filename": "../x"}, "leads to another folder", "filename"),
        ("stf_ready", {"file_url": "http://x/y"}, "No storage is known for", "file_url"),
        ("stf_ready", {"file_url": "file:///a/../b"}, "not normal", "file_url"),
        ("stf_ready", {"file_url": "file:x"}, "not absolute", "file_url"),
        ("stf_ready", {"size_bytes": -1}, "greater than or equal to 0", "size_bytes"),
        ("stf_ready", {"checksum": "ad:1"}, "does not fit adler32", "checksum"),
        ("stf_ready", {"run_id": None}, "run_id", "run_id"),
        ("stf_ready", {"msg_type": "stf_gen"}, "its msg_type is 'stf_gen'", "msg_type"),
        ("stf_ready", {"timestamp": "yesterday"}, "timestamp", "timestamp"),
    ],
)
async def test_a_fact_that_cannot_be_is_refused(sqlite_world, key, body, message, field):
    _, ready = stf(1, 1)
    outcome = await sqlite_world.daq(key, ready | body)

    assert outcome.status == "ERROR"
    assert message in outcome.details
    assert outcome.error["field"] == field
    assert (await sqlite_world.dsm.datasets()).items == ()


async def test_runs_that_share_a_dataset_end_it_together(world):
    one, two = ([m | {"dataset": "swf.day1"} for m in facts(run, 2)] for run in (1, 2))
    await tell_all(world, [*one, *two[:-1]])
    assert [e.announced for e in (await world.dsm.closing()).items] == [None]
    await tell_all(world, two[-1:], ["end"])

    (evidence,) = (await world.dsm.closing()).items
    assert (evidence.registered, evidence.announced) == (4, 4)


async def test_streams_that_number_alone_end_alone(world):
    left, right = ([m | {"sender": s} for m in facts(1, 2)] for s in ("left", "right"))
    for message in right:
        for key in ("filename", "file_url"):
            if key in message:
                message[key] = message[key].replace("stf", "right.stf")
    await tell_all(world, [*left, *right[:-1]])
    assert [e.announced for e in (await world.dsm.closing()).items] == [None]
    await tell_all(world, right[-1:], ["end"])

    (evidence,) = (await world.dsm.closing()).items
    assert (evidence.registered, evidence.announced) == (4, 4)
    assert evidence.announced_by == "left, right"
