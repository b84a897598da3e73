"""The closing decision, by examples and by law."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from penstock_core.contracts.dsm import Evidence
from scheduler.closing import Close, ClosingPolicy, Wait, close_request, decide_close

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def evidence(registered: int, announced: int | None, missing: tuple[int, ...] = ()) -> Evidence:
    return Evidence(
        uid="d1",
        namespace="default",
        name="swf.1.run",
        kind="input",
        revision=7,
        registered=registered,
        announced=announced,
        announced_by="run 1",
        announced_at=NOON if announced is not None else None,
        opened_at=NOON,
        last_file_at=NOON,
        missing=missing,
    )


def decide(seen: Evidence) -> Close | Wait:
    return decide_close(seen, ClosingPolicy(), NOON)


def test_all_announced_files_registered_closes_by_count() -> None:
    assert decide(evidence(8, 8)) == Close(
        "count", "all 8 files that run 1 announced are registered"
    )


def test_nothing_announced_and_nothing_registered_closes_empty() -> None:
    assert isinstance(decide(evidence(0, 0)), Close)


def test_a_missing_file_keeps_it_open_and_is_named() -> None:
    assert decide(evidence(7, 8, missing=("STF 5",))) == Wait(
        "1 of 8 files that run 1 announced: STF 5"
    )


def test_without_an_announcement_it_stays_open() -> None:
    assert decide(evidence(3, None)) == Wait("run 1 to announce its end; 3 files so far")


def test_the_request_names_the_revision_that_was_looked_at() -> None:
    seen = evidence(8, 8)
    decision = decide(seen)
    assert isinstance(decision, Close)
    request = close_request(seen, decision)
    assert (request.revision, request.evidence["announced"]) == (7, 8)


@given(st.integers(0, 10_000), st.none() | st.integers(0, 10_000))
def test_it_closes_exactly_when_everything_announced_is_there(
    registered: int, announced: int | None
) -> None:
    closes = isinstance(decide(evidence(registered, announced)), Close)
    assert closes == (announced is not None and registered >= announced)
