"""What a verdict makes of a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dsm.manager.inspection.standing import GIVEN_UP, Standing, after
from penstock_core.contracts.inspection import FileVerdict, Verdict
from penstock_core.states import FILE_MOVES, FileState, may_move

AT, WISH = "2026-01-02", "2026-01-01"


def found(verdict: Verdict, **more: object) -> FileVerdict:
    values = {"uid": "f", "verdict": verdict, "reason": "why", "due": WISH} | more
    return FileVerdict.model_validate(values)


@pytest.mark.parametrize(
    ("state", "verdict", "expected"),
    [
        (FileState.REGISTERED, Verdict.FITS, FileState.VERIFIED),
        (FileState.VERIFIED, Verdict.DIFFERS, FileState.QUARANTINED),
        (FileState.REGISTERED, Verdict.GONE, FileState.LOST),
        (FileState.QUARANTINED, Verdict.GONE, FileState.LOST),
        (FileState.QUARANTINED, Verdict.FITS, FileState.QUARANTINED),
        (FileState.REGISTERED, Verdict.UNREADABLE, FileState.REGISTERED),
        (FileState.LOST, Verdict.FITS, FileState.LOST),
        (FileState.DELETED, Verdict.GONE, FileState.DELETED),
    ],
)
def test_a_look_moves_a_file(state, verdict, expected):
    assert after(Standing(state, WISH), found(verdict), AT).state is expected


def test_quarantine_ends_by_an_operators_word_and_a_look_after_it():
    released = Standing(FileState.QUARANTINED, WISH, "alice", "bad bytes")
    assert after(released, found(Verdict.FITS), AT) == Standing(FileState.VERIFIED, None)
    older = after(released, found(Verdict.FITS, due="2025"), AT)
    assert older == released
    again = after(released, found(Verdict.DIFFERS), AT)
    assert again == Standing(FileState.QUARANTINED, None, "", "why")


def test_who_only_suspects_has_the_inspector_look_and_loses_nothing():
    standing = Standing(FileState.VERIFIED, None)
    suspected = after(standing, found(Verdict.GONE, look_again=True), AT)
    assert suspected == Standing(FileState.VERIFIED, AT)
    bad = after(standing, found(Verdict.DIFFERS, look_again=True), AT)
    assert bad == Standing(FileState.QUARANTINED, AT, reason="why")


def test_a_wish_that_came_during_a_look_is_not_fulfilled_by_it():
    newer = Standing(FileState.REGISTERED, AT)
    assert after(newer, found(Verdict.FITS), AT) == Standing(FileState.VERIFIED, AT)


def test_what_cannot_be_read_waits():
    waiting = after(Standing(FileState.REGISTERED, WISH), found(Verdict.UNREADABLE), AT)
    assert waiting == Standing(FileState.REGISTERED, WISH, reason="why")


standings = some.builds(
    Standing,
    some.sampled_from([s for s in FileState if s is not FileState.ANNOUNCED]),
    some.sampled_from([None, WISH]),
    some.sampled_from(["", "alice"]),
)
verdicts = some.builds(
    FileVerdict,
    uid=some.just("f"),
    verdict=some.sampled_from(Verdict),
    due=some.sampled_from(["", WISH]),
    look_again=some.booleans(),
)


@given(standings, some.lists(verdicts, max_size=6))
def test_verdicts_make_legal_moves_only(standing, told):
    for verdict in told:
        now = after(standing, verdict, AT)
        assert may_move(FILE_MOVES, standing.state, now.state)
        assert standing.state not in GIVEN_UP or now == standing
        standing = now
