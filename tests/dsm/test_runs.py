"""Runs and the detector as people see them: state, flags, streams, what is missing, samples."""

import pytest
from tests.dsm.conftest import intake

from penstock_core.errors import NotFound


def told(key, second, run="102363", **more):
    at = f"2026-01-01T00:00:{second:02d}"
    common = {"msg_type": key, "run_id": run, "timestamp": at, "sender": "daq"}
    return common | {"execution_id": "wf-7"} | more


def place(text):
    state, _, substate = text.partition("/")
    return {"state": state, "substate": substate}


def gen(second, n, at="run/physics", **more):
    name = f"swf.102363.{n:06d}.stf"
    return told("stf_gen", second, filename=name, sequence=n, **place(at), **more)


def ready(second, n):
    name = f"swf.102363.{n:06d}.stf"
    file = {"file_url": f"file:///daq/{name}", "checksum": f"ad:{n:08x}", "size_bytes": 9}
    return told("stf_ready", second, filename=name, **file)


LIVE = [
    told("run_imminent", 5, **place("beam/not_ready"), run_conditions={"field": "1.5T"}),
    told("start_run", 13, **place("run/physics")),
    gen(15, 1),
    ready(15, 1),
    gen(17, 2),
    ready(17, 2),
    told("pause_run", 23, **place("run/standby"), reason="refill"),
    told("resume_run", 25, **place("run/physics")),
    gen(27, 3),
    ready(27, 3),
    told("end_run", 35, **place("beam/not_ready"), total_stf_files=3),
]
"""The live sequence of ePIC's testbed."""


async def tell(world, *messages, namespace=""):
    letters = [intake("daq", m["msg_type"], m, namespace=namespace) for m in messages]
    outcomes = await world.dsm.take_in(letters)
    assert [o.details for o in outcomes if o.status != "OK"] == []
    return outcomes


async def test_a_clean_run_as_their_testbed_sends_it(world):
    await tell(world, *LIVE)
    found = await world.dsm.run("102363")

    assert (found.run.state, found.run.flags, found.missing) == ("ENDED", (), ())
    assert (found.run.announced, found.run.registered, found.run.total) == (3, 3, 3)
    assert found.run.dataset == "swf.102363.run"
    assert found.run.conditions["field"] == "1.5T"
    assert [(f.message, f.reason) for f in found.facts] == [
        ("run_imminent", ""),
        ("start_run", ""),
        ("pause_run", "refill"),
        ("resume_run", ""),
        ("end_run", ""),
    ]
    (stream,) = found.streams
    assert (stream.name, stream.announced, stream.registered, stream.gaps) == ("daq", 3, 3, 0)
    assert (stream.first, stream.last, stream.ended, stream.total) == (1, 3, True, 3)


async def test_a_duplicated_start_run_changes_nothing(world):
    await tell(world, *LIVE)
    before = await world.dsm.run("102363")
    await tell(world, LIVE[1], LIVE[1] | {"timestamp": "2026-01-01T00:00:14"})
    after = await world.dsm.run("102363")

    assert len(after.facts) == len(before.facts) + 1
    assert after.model_copy(update={"facts": ()}) == before.model_copy(update={"facts": ()})


async def test_what_does_not_fit_is_flagged_and_counts_all_the_same(world):
    messages = [gen(3, 1, "beam/ready"), gen(4, 2, "beam/ready"), gen(27, 3), *LIVE[1:2]]
    await tell(world, *messages, ready(4, 1), told("resume_run", 40), told("pause_run", 41))
    await tell(world, gen(3, 1, "beam/ready"), told("end_run", 42), told("start_run", 43))
    run = (await world.dsm.run("102363")).run

    assert (run.state, run.registered) == ("ENDED", 1)
    assert [(f.at.second, f.before, f.after, f.message) for f in run.flags] == [
        (3, "", "beam/ready", "stf_gen"),
        (13, "", "RUNNING", "start_run"),
        (43, "ENDED", "RUNNING", "start_run"),
    ]
    assert run.flags[0].why.startswith("2 STFs were made in beam/ready, not in run/physics")
    flagged = (await world.dsm.runs(flagged=True)).items
    assert [r.run for r in flagged] == ["102363"]
    assert (await world.dsm.runs(flagged=False)).items == ()


async def test_what_is_missing_is_named_with_the_run(world):
    lost = [m for m in LIVE if m.get("filename") != "swf.102363.000002.stf"]
    await tell(world, *lost)
    found = await world.dsm.run("102363")
    assert (found.missing, found.missing_count, found.unnamed) == (("STF 2",), 1, 0)
    assert found.streams[0].gaps == 1


async def test_samples_are_kept_with_the_run(world):
    sample = {
        "tf_first": 37,
        "tf_last": 57,
        "tf_count": 21,
        "stf_filename": "swf.102363.000001.stf",
    }
    bodies = [
        told("tf_file_registered", 16, tf_filename=f"swf.102363.000001_tf_{n:03d}.tf", **sample)
        for n in (1, 2, 3)
    ]
    await tell(world, *bodies, *bodies[:1])
    found = await world.dsm.run("102363")
    assert (found.tf_count, [t.name[-6:] for t in found.tf_files]) == (
        3,
        ["001.tf", "002.tf", "003.tf"],
    )
    assert (found.tf_files[0].first, found.tf_files[0].last, found.tf_files[0].count) == (
        37,
        57,
        21,
    )
    assert found.tf_files[0].stf == "swf.102363.000001.stf"
    page = await world.dsm.tf_files("102363", limit=2)
    rest = await world.dsm.tf_files("102363", after=page.next or 0)
    assert [t.name[-6:] for t in rest.items] == ["003.tf"]


async def test_runs_are_listed_by_what_is_asked(world):
    for run in ("1", "2", "3"):
        await tell(world, told("run_imminent", 1, run), told("start_run", 2, run))
    await tell(world, told("pause_run", 3, "2"))
    await tell(world, told("run_imminent", 1, "1"), namespace="other")

    async def numbers(**wanted):
        return [(r.namespace, r.run) for r in (await world.dsm.runs(**wanted)).items]

    assert await numbers(state="PAUSED") == [("default", "2")]
    assert await numbers(run="1") == [("default", "1"), ("other", "1")]
    assert await numbers(namespace="default", newest=True, limit=2) == [
        ("default", "3"),
        ("default", "2"),
    ]
    page = await world.dsm.runs(namespace="default", newest=True, limit=2)
    assert await numbers(namespace="default", newest=True, after=page.next) == [("default", "1")]


async def test_a_run_that_is_not_there_is_said_to_be(sqlite_world):
    with pytest.raises(NotFound, match="no run '9' in namespace 'default'"):
        await sqlite_world.dsm.run("9")


async def test_the_detector_has_one_state_of_all_that_is_told(world):
    assert (await world.dsm.detector()).state == ""
    await tell(world, *reversed(LIVE))
    found = await world.dsm.detector()
    assert (found.state, found.substate, found.since.second) == ("beam", "not_ready", 35)
    assert [(f.message, f.flag) for f in found.facts] == [
        ("end_run", ""),
        ("resume_run", ""),
        ("pause_run", ""),
        ("start_run", ""),
        ("run_imminent", ""),
    ]


async def test_moves_of_the_detector_that_no_table_lists_are_flagged(world):
    odd = [
        told("run_imminent", 1, **place("off")),
        told("start_run", 2, **place("run/physics")),
        told("pause_run", 3, **place("run/warm")),
        told("end_run", 4),
    ]
    await tell(world, *odd)
    found = await world.dsm.detector(limit=2)
    assert (found.state, found.substate) == ("run", "warm")
    assert [(f.at.second, f.flag) for f in found.facts] == [
        (3, "run/warm is no state of the detector"),
        (2, "from off the detector does not go to run/physics"),
    ]


async def test_messages_of_one_topic_go_by_their_msg_type(world):
    outcome = await world.daq("epictopic", LIVE[0])
    assert (outcome.status, outcome.details) == ("OK", "run 102363: IMMINENT")
    (entry,) = (await world.dsm.journal(run="102363")).items
    assert (entry.message_type, entry.workflow) == ("run_imminent", "wf-7")
    refused = await world.daq("epictopic", {"msg_type": "heartbeat", "run_id": "1"})
    assert "daq takes no message 'epictopic'" in refused.details


async def test_the_number_of_statements_does_not_grow_with_the_stfs(sqlite_world):
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    counts = []
    for run, stfs in (("1", 1), ("2", 100)):
        seen = []

        def note(_connection, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        messages = [told("end_run", 50, run)]
        for n in range(1, stfs + 1):
            messages += [gen(15, n) | {"run_id": run}, ready(16, n) | {"run_id": run}]
        for m in messages:
            if "filename" in m:
                m |= {"filename": m["filename"].replace("102363", run)}
        event.listen(Engine, "before_cursor_execute", note)
        await tell(sqlite_world, *messages)
        await sqlite_world.dsm.run(run)
        event.remove(Engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1]


async def test_the_state_in_which_a_run_began_is_metadata_whatever_comes_first(world):
    later = told("start_run", 30, **place("run/standby"))
    await tell(world, later)
    await tell(world, told("pause_run", 1, **place("run/lumi")), told("start_run", 2))
    [dataset] = (await world.dsm.datasets(name="swf.102363.run")).items
    assert dataset.metadata["detector_state"] == "run/standby"
    await tell(world, *LIVE)
    await tell(world, later)
    again = await world.dsm.dataset(dataset.uid)
    assert again.metadata["detector_state"] == "run/physics"
    assert (again.metadata["state"], again.metadata["field"]) == ("beam", "1.5T")
    changes = [e for e in (await world.dsm.events(0)).events if e.topic == "dataset.changed"]
    assert changes[-1].body["metadata"]["detector_state"] == "run/physics"


async def test_a_run_whose_detector_is_not_told_has_no_state_to_ask_for(world):
    await tell(world, told("start_run", 1))
    [dataset] = (await world.dsm.datasets(name="swf.102363.run")).items
    assert dataset.metadata == {"run": 102363}
