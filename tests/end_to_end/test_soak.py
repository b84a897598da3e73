"""A short soak: runs with everything that goes wrong, through a house that is killed meanwhile."""

from pathlib import Path

import pytest

from benchmarks.soak.campaigns import Pace
from benchmarks.soak.scenario import Options, soak

SEED = 42
"""Its first three campaigns are seven runs in which nearly everything goes wrong."""

pytestmark = pytest.mark.slow


def test_a_short_soak_conserves_every_count(tmp_path: Path):
    pace = Pace(max_latency_s=6, idle_timeout_s=15)
    options = Options(tmp_path, 24, SEED, restart_s=6, campaigns=3, pace=pace)
    outcome = soak(options, lambda _: None)
    assert outcome.problems == []
    assert outcome.restarts.total() >= 1
    assert outcome.runs == 7 + 2
    assert outcome.deeds.total() > 30
    assert outcome.counts.are_conserved
    assert outcome.counts.counted > 0
