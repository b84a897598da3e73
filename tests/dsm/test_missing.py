"""Missing STFs are named: what was announced and did not come, and what lies in a gap."""

import pytest


def gen(n, sender="daq", run="1", **more):
    return told("stf_gen", n, sender, run, sequence=n, **more)


def ready(n, sender="daq", run="1", **more):
    name = f"swf.{run}.{sender}.{n:06d}.stf"
    url = f"file:///daq/{name}"
    return told("stf_ready", n, sender, run, file_url=url, size_bytes=9, sequence=n, **more)


def told(key, n, sender, run, **more):
    name = f"swf.{run}.{sender}.{n:06d}.stf"
    common = {"msg_type": key, "run_id": run, "filename": name, "checksum": f"ad:{n:08x}"}
    return common | {"sender": sender} | more


def end(sender="daq", run="1", total=None):
    told_total = {} if total is None else {"total_stf_files": total}
    return {"msg_type": "end_run", "run_id": run, "sender": sender} | told_total


async def tell(world, *messages):
    for message in messages:
        assert (await world.daq(message["msg_type"], message)).status == "OK"


async def evidence(world):
    (found,) = (await world.dsm.closing()).items
    return found


async def test_an_announced_stf_that_did_not_come_is_named(world):
    await tell(world, gen(1), ready(1), gen(2), gen(3), ready(3), end(total=3))
    found = await evidence(world)
    assert (found.registered, found.announced, found.missing) == (2, 3, ("STF 2",))
    assert (found.unnamed, found.counted) == (0, False)


async def test_one_of_which_no_message_came_is_named_by_the_gap_that_it_leaves(world):
    await tell(world, gen(1), ready(1), ready(3), gen(6), ready(6), end(total=7))
    found = await evidence(world)
    assert (found.registered, found.announced) == (3, 7)
    assert (found.missing, found.unnamed) == (("STF 2", "STF 4", "STF 5", "STF 7"), 0)


async def test_where_the_numbers_are_no_sequence_none_is_named(world):
    await tell(world, *(ready(10 * n) for n in (1, 2, 3)), gen(40), end(total=6))
    found = await evidence(world)
    assert (found.missing, found.unnamed) == (("STF 40",), 2)


async def test_what_has_no_number_is_named_by_its_file_or_only_counted(world):
    messages = [ready(1), gen(2), gen(3) | {"filename": "odd.stf", "sequence": None}]
    await tell(world, *messages, end("control", total=9))
    found = await evidence(world)
    assert (found.registered, found.announced) == (1, 9)
    assert (found.missing, found.unnamed) == (("STF 2", "odd.stf"), 6)


async def test_without_a_total_gaps_are_counted(world):
    await tell(world, gen(1), ready(1), gen(4), ready(4), end())
    found = await evidence(world)
    assert (found.registered, found.announced, found.counted) == (2, 4, True)
    assert found.missing == ("STF 2", "STF 3")
    await tell(world, ready(6))
    found = await evidence(world)
    assert (found.registered, found.announced) == (3, 6)
    assert found.missing == ("STF 2", "STF 3", "STF 5")


async def test_with_several_streams_the_stream_is_named(world):
    one = [gen(1, "a"), ready(1, "a"), gen(2, "a"), end("a", total=2)]
    two = [gen(0, "b"), ready(0, "b"), ready(3, "b"), end("b")]
    await tell(world, *one, *two)
    found = await evidence(world)
    assert (found.registered, found.announced) == (3, 6)
    assert found.missing == ("STF 1 of b", "STF 2 of a", "STF 2 of b")


async def test_an_stf_of_a_stranger_fills_no_gap_of_two_streams_but_that_of_one(world):
    lost = ready(2, "a") | {"sender": "agent"}
    await tell(world, gen(1, "a"), ready(1, "a") | {"sender": "agent"}, lost, end("a", total=2))
    found = await evidence(world)
    assert (found.registered, found.announced, found.missing) == (2, 2, ())

    await tell(world, gen(1, "b"), ready(1, "b"), gen(3, "a"), end("a", total=3), end("b", total=1))
    found = await evidence(world)
    assert (found.registered, found.announced, found.missing) == (3, 4, ("STF 3 of a",))


async def test_runs_that_share_a_dataset_are_named_too(world):
    share = {"dataset": "swf.day1"}
    for run in ("1", "2"):
        await tell(world, gen(1, run=run) | share, end(run=run, total=1) | share)
    found = await evidence(world)
    assert found.missing == ("STF 1 in run 1", "STF 1 in run 2")


async def test_what_is_heard_of_a_new_stream_takes_the_end_back(world):
    await tell(world, end("a", total=1), gen(1, "a"), ready(1, "a"))
    assert (await evidence(world)).announced == 1
    await tell(world, gen(1, "b"))
    assert (await evidence(world)).announced is None
    await tell(world, end("b", total=1))
    assert ((await evidence(world)).announced, (await evidence(world)).missing) == (
        2,
        ("STF 1 of b",),
    )


@pytest.mark.parametrize("lost", [1, 500])
async def test_many_are_counted_and_the_first_named(sqlite_world, lost):
    bodies = [gen(n) for n in range(1, lost + 1)]
    await sqlite_world.daq("stf_gen", *bodies, gen(lost + 2))
    await sqlite_world.daq("stf_ready", ready(lost + 2), ready(lost + 3))
    await tell(sqlite_world, end(total=lost + 3))
    found = await evidence(sqlite_world)
    assert len(found.missing) == min(lost + 1, 100)
    assert found.missing[0] == "STF 1"
    assert found.unnamed == max(lost - 99, 0)
