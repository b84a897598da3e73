"""Schedules as ePIC writes them, and what is refused, with its line."""

from pathlib import Path

import pytest

from daqsim.schedule import Step, parse_schedule, physics_schedule, read_schedule
from penstock_core.errors import InvalidInput

EPIC = Path(__file__).parent / "epic"
TESTBED = """\
- state: no_beam
  substate: calib
  span: 0,0,0,0,10
- {state: run, substate: physics, span: "1,2,3,4,5"}
"""


def refusal(text: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        parse_schedule(text, "s.yaml")
    return refused.value


def test_a_schedule_is_a_list_of_states_with_their_spans():
    assert parse_schedule(TESTBED, "s.yaml") == (
        Step("no_beam", "calib", 10),
        Step("run", "physics", 604_800 + 2 * 86_400 + 3 * 3_600 + 4 * 60 + 5),
    )


def test_the_default_schedule_is_the_live_sequence():
    steps = [(s.state, s.substate, s.span_s) for s in physics_schedule()]
    assert steps[:4] == [
        ("no_beam", "not_ready", 5),
        ("beam", "not_ready", 6),
        ("beam", "ready", 2),
        ("run", "physics", 10),
    ]
    assert [s.takes_data for s in physics_schedule()].count(True) == 2


def test_epics_schedule_is_read_as_it_is():
    steps = [(s.state, s.substate, s.span_s) for s in read_schedule(EPIC / "schedule.yml")]
    assert steps == [
        ("no_beam", "calib", 10),
        ("beam", "not_ready", 10),
        ("beam", "ready", 10),
        ("run", "standby", 10),
        ("run", "physics", 60),
    ]


def test_the_live_sequence_of_the_testbed_is_the_one_that_comes_with_us():
    assert read_schedule(EPIC / "live-sequence.yml") == physics_schedule()


def test_the_old_schedule_is_refused_at_its_file_and_line():
    path = EPIC / "old-schedule.yml"
    with pytest.raises(InvalidInput, match=r"old-schedule\.yml:3: .*old mapping form") as refused:
        read_schedule(path)
    assert refused.value.facts == {"file": str(path), "line": 3}


def test_the_old_mapping_form_is_refused_by_its_name():
    error = refusal("1:\n  start: 0,0,0,0,5\n  mode: run\n")
    assert "s.yaml:1" in str(error)
    assert "old mapping form" in str(error)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{state: beams, substate: ready, span: '0,0,0,0,1'}", "unknown state 'beams'"),
        ("{state: beam, substate: readi, span: '0,0,0,0,1'}", "unknown substate 'readi'"),
        ("{state: beam, substate: ready, span: '0,0,0,0'}", "the span '0,0,0,0'"),
        ("{state: beam, substate: ready, span: '0, 0, 0, 0, 1'}", "no spaces"),
        ("{state: beam, substate: ready, span: '0,0,0,0,-1'}", "the span '0,0,0,0,-1'"),
        ("{state: beam, substate: ready, span: '0,0,0,0,0'}", "more than nothing"),
        ("{state: beam, substate: ready, span: 10}", "the span '10'"),
        ("{state: beam, substate: ready, span: [0, 0, 0, 0, 1]}", "is not a word"),
        ("{state: beam, substate: ready}", "span is missing"),
        ("{state: beam, substate: ready, start: 1}", "the key 'start' is not known here"),
        ("{state: beam, state: beam}", "the key 'state' is given twice"),
        ("beam", "an item of a schedule is a mapping"),
        ("{state: beam", "this is not YAML"),
    ],
)
def test_what_is_wrong_is_refused_at_its_line(line: str, problem: str):
    error = refusal(TESTBED + "- " + line + "\n")
    assert problem in str(error)
    assert error.facts["line"] in (5, 6)
    assert f"s.yaml:{error.facts['line']}: " in str(error)


@pytest.mark.parametrize("text", ["", "[]", "run", "a\0b"])
def test_what_is_no_list_is_refused(text: str):
    assert "s.yaml:1" in str(refusal(text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(InvalidInput, match=r"nowhere\.yaml cannot be read"):
        read_schedule(tmp_path / "nowhere.yaml")
