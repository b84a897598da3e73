"""The soak's verdict on one run: each thing that can be wrong is told, and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.soak.seen import Chain, Input, first_heard
from benchmarks.soak.verdict import Counts, Judged, judge
from daqsim.account import Deed, RunRecord
from penstock_core.contracts.dsm import ContentFile, Dataset, LedgerRow
from penstock_core.contracts.runs import JournalEntry
from penstock_core.contracts.workflow import Task
from penstock_core.states import DatasetKind, DatasetState
from penstock_core.stf import stf_name

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
NAMES = tuple(stf_name(7, n) for n in range(1, 4))


def record(**more: Any) -> RunRecord:
    said = {
        "namespace": "alice",
        "run": 7,
        "ended": 35.0,
        "stfs": {"": 3},
        "happened": {"end_run": 1},
        "told": {"end_run": 1, "stf_gen": 3, "stf_ready": 3},
        "announced": NAMES,
        "ready": NAMES,
    }
    return RunRecord(**said | more)


def files(*numbers: int, unusable: tuple[int, ...] = ()) -> tuple[ContentFile, ...]:
    return tuple(
        ContentFile(
            position=n,
            name=stf_name(7, n),
            basename="x",
            port="",
            index=n,
            part=0,
            size_bytes=1,
            checksum="ad:00000001",
            url="file:///x",
            usable=n not in unusable,
        )
        for n in numbers
    )


def dataset(rule: str, name: str = "swf.7.run", **more: Any) -> Dataset:
    said = {
        "uid": "u",
        "namespace": "alice",
        "scope": "group.daq",
        "name": name,
        "kind": DatasetKind.INPUT,
        "state": DatasetState.CLOSED,
        "metadata": {},
        "producer": "daq",
        "files": 3,
        "size_bytes": 3,
        "announced": 3,
        "incomplete": rule in ("incomplete", "no_end_run"),
        "revision": 3,
        "opened_at": NOON,
        "closed_at": NOON,
        "closed_because": "so",
        "closed_by": "scheduler",
        "closed_rule": rule,
    }
    return Dataset(**said | more)


def task(step: str, status: str = "FINISHED") -> Task:
    return Task.model_construct(step=step, status=status, reason="")


def chain(*decoded: int, counted: int | None = None, status: str = "FINISHED") -> Chain:
    tasks = (task("decode", status), task("merge"), task("count"))
    return Chain(tasks, decoded, len(decoded) if counted is None else counted)


def seen(rule: str = "count", *, of: tuple[ContentFile, ...] | None = None, **more: Any) -> Input:
    held = files(1, 2, 3) if of is None else of
    evidence = {"announced": 3, "registered": len(held), **more.pop("evidence", {})}
    row = LedgerRow(uid="u", at=NOON, rule=rule, because="so", evidence=evidence, actor="scheduler")
    said = {
        "dataset": dataset(rule),
        "files": held,
        "ledger": (row,),
        "chain": chain(*(file.index for file in held if file.usable)),
        "ends_heard": (NOON - timedelta(seconds=5),),
        "data_ready": 1,
        "alarms": ("no_end_run",) if rule == "no_end_run" else (),
    }
    return Input(**said | more)


def verdict(run: RunRecord, *inputs: Input, stood_s: float = 1000) -> Judged:
    return judge(run, inputs, [NOON - timedelta(seconds=stood_s)], 10)


MISSING = {"missing": ["STF 3"], "unnamed": 0}
LACKING = record(ready=NAMES[:2], deeds=[Deed(deed="missing", msg_type="stf_ready", tick=1)])
DAMAGED = record(
    damaged=NAMES[2:], deeds=[Deed(deed="damage_payload", msg_type="stf_ready", tick=1)]
)


def test_a_run_that_is_all_there_is_right():
    judged = verdict(record(), seen())
    assert judged == Judged("count", Counts(3, 3, 0, 3, 0, 0, 0, 3), ())


def test_a_missing_file_that_is_named_is_right():
    judged = verdict(LACKING, seen("incomplete", of=files(1, 2), evidence=MISSING))
    assert judged == Judged("incomplete", Counts(3, 2, 1, 2, 0, 0, 0, 2), ())


def test_a_file_put_aside_is_right():
    judged = verdict(DAMAGED, seen(of=files(1, 2, 3, unusable=(3,))))
    assert judged == Judged("count", Counts(3, 3, 0, 2, 1, 0, 0, 2), ())


def test_a_late_file_in_a_delta_that_is_archived_is_right():
    first = seen("incomplete", of=files(1, 2), evidence=MISSING)
    delta = seen("idle", of=files(3), dataset=dataset("idle", "swf.7.run.d1", processing=False))
    judged = verdict(record(late=NAMES[2:]), first, replace(delta, chain=Chain()))
    assert judged == Judged("incomplete", Counts(3, 3, 0, 2, 0, 1, 0, 2), ())


def test_a_run_that_nobody_was_told_of_is_right():
    assert verdict(record(told={"file.input": 2}, ready=(), announced=())).problems == ()
    assert "no dataset" in verdict(record()).problems[0]


@pytest.mark.parametrize(
    ("run", "inputs", "told"),
    [
        (record(), seen(of=files(1, 2)), "000003.stf was told ready and is not registered"),
        (LACKING, seen(), "000003.stf is registered and was never told ready"),
        (record(), seen(dataset=dataset("count", state=DatasetState.OPEN)), "swf.7.run is OPEN"),
        (record(), seen(evidence={"announced": 2}), "it has 3 STFs, and closed as if it had 2"),
        (LACKING, seen(of=files(1, 2)), "closed by count with 2 of 3 STFs"),
        (record(told={"stf_ready": 3}), seen(), "closed by count, and no end was told"),
        (LACKING, seen("incomplete", of=files(1, 2)), "3 announced, 2 registered, 0 + 0 missing"),
        (
            LACKING,
            seen("incomplete", of=files(1, 2), evidence={"missing": ["STF 2"]}),
            "named STF 2 as missing, which is there",
        ),
        (record(), seen("no_end_run"), "closed for want of an end, and 1 had been heard"),
        (record(), seen("no_end_run", alarms=()), "closed by no_end_run, with the alarms []"),
        (record(), seen(alarms=("no_end_run",)), "closed by count, with the alarms ['no_end_run']"),
        (record(), seen(data_ready=0), "data_ready was told 0 times"),
        (record(), seen("empty"), "closed as empty with 3 files"),
        (record(), seen("forced"), "closed by the rule 'forced': so"),
        (
            LACKING,
            seen(
                "incomplete",
                of=files(1, 2),
                evidence=MISSING,
                dataset=dataset("incomplete", incomplete=False),
            ),
            "is not marked as incomplete",
        ),
        (record(), seen(of=files(1, 2, 3, unusable=(3,))), "3.stf is put aside, and nothing is wr"),
        (DAMAGED, seen(), "000003.stf is not right, and is not put aside"),
        (DAMAGED, seen(of=files(1, 2, 3, unusable=(3,)), chain=chain(1, 2, 3)), "3.stf was decode"),
        (record(), seen(chain=chain(1, 2)), "000003.stf is good, and was not decoded"),
        (record(), seen(chain=chain(1, 2, 3, counted=2)), "swf.7.run: 3 decoded, 2 counted"),
        (record(), seen(chain=chain(1, 2, 3, status="PARTIAL")), "decode over swf.7.run is PARTIA"),
        (record(), seen(chain=Chain()), "swf.7.run has 0 tasks, not 3"),
        (
            record(),
            seen(dataset=dataset("count", processing=False)),
            "swf.7.run is not for processing, and is processed",
        ),
    ],
)
def test_what_is_wrong_is_told(run: RunRecord, inputs: Input, told: str):
    problems = verdict(run, inputs).problems
    assert any(told in problem for problem in problems), problems
    assert all(problem.startswith("run alice/7: ") for problem in problems)


def test_a_file_in_two_datasets_is_told():
    delta = seen("idle", of=files(3), dataset=dataset("idle", "swf.7.run.d1"))
    assert "000003.stf is in 2 of its datasets" in " ".join(
        verdict(record(), seen(), delta).problems
    )


def test_nothing_may_close_for_want_of_news_right_after_a_restart():
    silent = seen("no_end_run", ends_heard=())
    assert verdict(record(), silent).problems == ()
    (problem,) = verdict(record(), silent, stood_s=5).problems
    assert problem.endswith("swf.7.run: no_end_run right after a restart of the house")
    assert verdict(record(), seen(), stood_s=5).problems == ()


def test_a_header_that_nobody_had_looked_at_yet_may_be_decoded():
    deed = Deed(deed="damage_header", msg_type="stf_ready", tick=1, filename=NAMES[2])
    run = record(damaged=NAMES[2:], deeds=[deed])
    held = files(1, 2, 3, unusable=(3,))
    judged = verdict(run, seen(of=held, chain=chain(1, 2, 3)))
    assert judged == Judged("count", Counts(3, 3, 0, 3, 1, 0, 1, 3), ())
    assert judged.counts.are_conserved
    assert verdict(run, seen(of=held)).problems == ()


def test_counts_of_many_runs_are_conserved_or_not():
    good, lost = Counts(3, 2, 1, 1, 1, 0, 0, 1), Counts(3, 2, 1, 1, 0, 0, 0, 1)
    assert (good + good).are_conserved
    assert not (good + lost).are_conserved
    assert not (good + Counts(counted=1)).are_conserved
    assert not (good + Counts(made=1)).are_conserved


def heard(sender: str, minute: int) -> JournalEntry:
    at = NOON + timedelta(minutes=minute)
    words = ("namespace", "source", "workflow", "run", "details", "correlation_id", "posted_by")
    return JournalEntry(
        id=minute,
        timestamp=NOON,
        message_type="end_run",
        sender_agent=sender,
        is_successful=True,
        outcome="OK",
        error=None,
        message_id=f"m{minute}",
        received_at=at,
        body="{}",
        **dict.fromkeys(words, ""),
    )


def test_an_end_that_one_sender_told_twice_is_one():
    entries = [heard("daq1", 3), heard("daq2", 2), heard("daq1", 1)]
    assert first_heard(entries) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=2))
