"""What a soak sends follows from its seed."""

from benchmarks.soak.campaigns import RUNS_APART, Pace, campaign
from daqsim.mischief import KINDS, parse_mischief


def options_of(number: int, seed: int = 1) -> dict[str, list[str]]:
    words = campaign(number, seed, Pace()).options
    found: dict[str, list[str]] = {}
    for name, value in zip(words, (*words[1:], "--"), strict=True):
        if name.startswith("--"):
            found.setdefault(name, []).append("" if value.startswith("--") else value)
    return found


def test_the_same_seed_sends_the_same():
    assert campaign(3, 1, Pace()) == campaign(3, 1, Pace())
    assert campaign(3, 1, Pace()) != campaign(3, 2, Pace())


def test_runs_of_campaigns_have_numbers_of_their_own():
    firsts = [campaign(number, 1, Pace()).first_run for number in range(50)]
    assert firsts == [firsts[0] + RUNS_APART * n for n in range(50)]
    assert all(int(options_of(number)["--times"][0]) <= RUNS_APART for number in range(50))


def test_every_misbehaviour_is_switched_on_somewhere_and_none_everywhere():
    asked = [parse_mischief(options_of(n).get("--mischief", [])) for n in range(100)]
    for kind in KINDS:
        assert 10 < sum(getattr(one, kind) > 0 for one in asked) < 70, kind
    assert any(not any(getattr(one, kind) for kind in KINDS) for one in asked)


def test_campaigns_are_as_different_as_the_simulator_allows():
    every = [options_of(number) for number in range(100)]
    assert {one["--senders"][0] for one in every} == {"1", "2", "3"}
    assert {one["--namespace"][0] for one in every} == {"alice", "bob", "alice,bob"}
    assert 20 < sum("--streams-end" in one for one in every) < 80
    overlapping = [one for one in every if int(one["--times"][0]) > 1]
    assert any(float(one["--every-s"][0]) < 41 for one in overlapping)
