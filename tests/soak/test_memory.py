"""The fit over the memory of a house that is restarted: its lives differ in height, not slope."""

import math
import random

import pytest

from benchmarks.soak.memory import FLAT_MIB_PER_H, Sample, fit


def lives(slope: float, noise: float = 1.0, seconds: int = 900, count: int = 4) -> list[Sample]:
    """Return samples of lives that begin at 200 to 260 MiB, and warm up by 40 in five minutes."""
    dice = random.Random(1)
    return [
        Sample(
            at=life * seconds + age,
            life=life + 1,
            age_s=age,
            house_mib=200
            + 20 * life
            + 40 * min(age / 300, 1)
            + slope * age / 3600
            + dice.gauss(0, noise),
            children_mib=0,
        )
        for life in range(count)
        for age in range(seconds)
    ]


@pytest.mark.parametrize("slope", [-20, 0, 10, 100])
def test_the_slope_within_lives_is_found_whatever_their_heights(slope: float):
    found = fit(lives(slope))
    assert (found.samples, found.lives) == (4 * 600, 4)
    assert abs(found.slope - slope) < 5 * found.error
    assert found.error < 1
    assert found.is_flat == (slope < FLAT_MIB_PER_H)


def test_warming_up_is_no_growth():
    assert fit(lives(0)).is_flat
    assert not fit(lives(0), warm_up_s=0).is_flat


def test_with_too_little_to_fit_nothing_is_said_against_it():
    found = fit(lives(1000, seconds=500))
    assert math.isnan(found.slope)
    assert (found.samples, found.is_flat) == (0, True)
    assert fit([]).is_flat


def test_noise_is_not_taken_for_growth():
    assert fit(lives(0, noise=40, seconds=650, count=1)).is_flat
