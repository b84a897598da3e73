"""The law of facts: no order and no repetition of a run's messages makes a difference.

Each example tells the same messages to two namespaces of one storage manager, to one of them in
their usual order, to the other shuffled, repeated and cut into batches, and compares what is there.
"""

import itertools
from dataclasses import dataclass

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.dsm.conftest import intake

RUN = "101983"
_namespaces = (f"n{n}" for n in itertools.count())


@dataclass(frozen=True)
class Told:
    """The messages of a run in their usual order, and a way to tell them."""

    messages: tuple[dict, ...]
    order: tuple[int, ...]
    cuts: tuple[int, ...] = ()


def message(key, second, sender, **more):
    at = f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}"
    return {"msg_type": key, "run_id": RUN, "timestamp": at, "sender": sender} | more


def pair(sender, n, second, agent="", **more):
    """Return the two messages of an STF: that it was made, and that it is there."""
    name = f"swf.{RUN}.{sender}.{n:06d}.stf"
    common = {"filename": name, "checksum": f"ad:{n:08x}"} | more
    place = {"state": "run", "substate": "physics"}
    gen = message("stf_gen", second, sender, sequence=n, size=9, **place, **common)
    url = f"file:///daq/{name}"
    told = {"file_url": url, "size_bytes": 9} | ({} if agent else {"sequence": n})
    return gen, message("stf_ready", second, agent or sender, **told, **common)


def control(*, ended=True, total=None, paused=True):
    """Return what run control says, around the STFs."""
    beam, physics = {"state": "beam"}, {"state": "run", "substate": "physics"}
    before = [
        message(
            "run_imminent", 0, "control", substate="not_ready", run_conditions={"b": 1}, **beam
        ),
        message("start_run", 10, "control", simulation_tick=1.5, **physics),
    ]
    break_ = [
        message("pause_run", 20, "control", state="run", substate="standby", reason="refill"),
        message("resume_run", 20, "control", simulation_tick=31, **physics),
    ]
    given = {} if total is None else {"total_stf_files": total}
    after = [message("end_run", 600, "control", **given)] if ended else []
    return before, break_ if paused else [], after


def stream_of(name, sequences, *, end=None, named=False, agent=""):
    """Return a stream's messages; ``end``: None for none, else the total, "" for not told."""
    more = {"stream": name} if named else {}
    found = [m for n in sequences for m in pair(name, n, 30 + n, agent, **more)]
    if end is not None:
        given = {} if end == "" else {"total_stf_files": end}
        found.append(message("end_run", 500, name, **more, **given))
    return found


@st.composite
def told_runs(draw):
    totals = st.none() | st.just("") | st.integers(0, 5)
    streams = []
    for name in "abc"[: draw(st.integers(1, 3))]:
        numbers = draw(st.lists(st.integers(0, 5), unique=True, max_size=4))
        agent = draw(st.sampled_from(["", "agent"]))
        named = draw(st.booleans())
        streams.append(stream_of(name, sorted(numbers), end=draw(totals), named=named, agent=agent))
    total = draw(st.none() | st.integers(0, 8))
    before, break_, after = control(
        ended=draw(st.booleans()), total=total, paused=draw(st.booleans())
    )
    messages = [*before, *break_, *itertools.chain(*streams), *after]
    lost = draw(st.sets(st.integers(0, len(messages) - 1), max_size=4))
    kept = [m for n, m in enumerate(messages) if n not in lost]
    order = draw(st.permutations(range(len(kept))))
    repeated = draw(st.lists(st.sampled_from(order), max_size=5)) if order else []
    cuts = draw(st.lists(st.integers(0, len(kept)), max_size=4))
    return Told(tuple(kept), (*order, *repeated), tuple(sorted(cuts)))


def reversed_run(*messages):
    """Return a run whose messages come one by one, the last one first."""
    places = range(len(messages))
    return Told(messages, tuple(reversed(places)), tuple(places))


def whole(*streams, **more):
    before, break_, after = control(**more)
    return (*before, *break_, *itertools.chain(*streams), *after)


A = stream_of("a", (1, 2, 3), end=3)
B = stream_of("b", (1, 2, 3), end=3)
START_TWICE = (*whole(A, ended=False)[:2], whole(A, ended=False)[1], *A)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=told_runs())
@example(told=reversed_run(*whole(A, ended=False)))
@example(told=reversed_run(*whole(A, B, ended=False)))
@example(told=reversed_run(*whole(stream_of("a", (1, 2, 4)), total=None)))
@example(told=reversed_run(*START_TWICE))
@example(told=Told(tuple(A), (*range(len(A)), 0, 0), (2, 6)))
# The end of one stream comes before anything is heard of another, that does not end.
@example(told=reversed_run(*stream_of("a", (1,), end=1), *stream_of("b", (1,))))
# What says that an STF is there comes before what says whose it is.
@example(told=reversed_run(*stream_of("a", (1, 3), end="", agent="agent")))
@example(told=reversed_run(*stream_of("a", (2,), end=0, named=True), *stream_of("b", (), end=2)))
async def test_no_order_and_no_repetition_makes_a_difference(sqlite_world, told):
    usual = Told(told.messages, tuple(range(len(told.messages))))
    expected = await made_by(sqlite_world, usual)
    assert await made_by(sqlite_world, told) == expected


async def made_by(world, told):
    """Tell ``told`` to a new namespace; return what is there then."""
    namespace = next(_namespaces)
    for start, end in itertools.pairwise([0, *told.cuts, len(told.order)]):
        part = [
            intake(
                "daq", told.messages[n]["msg_type"], told.messages[n], f"m{n}", namespace=namespace
            )
            for n in told.order[start:end]
        ]
        outcomes = await world.dsm.take_in(part)
        assert not [o for o in outcomes if o.status == "ERROR"]
    return await picture(world, namespace, alone=_senders(told) == 1)


def _senders(told):
    return len({m["filename"].split(".")[2] for m in told.messages if "filename" in m})


async def picture(world, namespace, *, alone):
    """Return run, detector, dataset and files, without what depends on when they came.

    With several streams a file's index does (docs/adr/005), so it is told for one ``alone``.
    """
    datasets = (await world.dsm.datasets(namespace=namespace)).items
    if not datasets:
        return None
    (dataset,) = datasets
    contents = await world.dsm.contents(dataset.uid)
    files = sorted((f.name, f.checksum, f.usable, alone and f.index) for f in contents.files)
    run = await world.dsm.run(RUN, namespace)
    named = {"uid", "namespace", "dataset_uid"}
    return {
        "files": files,
        "dataset": dataset.model_dump(exclude={*named, "revision", "opened_at"}),
        "run": run.model_dump(exclude={"run": named}),
        "detector": (await world.dsm.detector(namespace)).model_dump(exclude=named),
    }


async def test_runs_of_one_number_in_two_namespaces_overlap_and_stay_apart(world):
    messages = whole(A, ended=False)
    one = [
        intake("daq", m["msg_type"], m, f"m{n}", namespace="one") for n, m in enumerate(messages)
    ]
    two = [
        intake("daq", m["msg_type"], m, f"m{n}", namespace="two")
        for n, m in enumerate(whole(stream_of("a", (1, 2), end=3), ended=False))
    ]
    mixed = [m for both in itertools.zip_longest(one, reversed(two)) for m in both if m]
    for start in range(0, len(mixed), 3):
        await world.dsm.take_in(mixed[start : start + 3])

    first, second = [await world.dsm.run(RUN, name) for name in ("one", "two")]
    assert (first.run.state, first.run.registered, first.missing) == ("ENDED", 3, ())
    assert (second.run.state, second.run.registered, second.missing) == ("ENDED", 2, ("STF 3",))
    assert first.run.dataset_uid != second.run.dataset_uid
