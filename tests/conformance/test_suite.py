"""A small conformance suite of our own, through upload, chain and jobs of a whole Penstock."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.conformance.__main__ import differences, run_suite
from benchmarks.conformance.suite import read_suite

SUITE = Path(__file__).parent / "suite"
NOT_PASSED = {
    "a_container_is_not_supported_here": "unsupported",
    "a_wrong_expectation_fails": "failed",
}


@pytest.mark.slow
async def test_a_whole_penstock_gives_what_the_suite_expects_in_both_lanes():
    results = await run_suite(SUITE, read_suite(SUITE))
    told = {r.id: (r.verdict, r.why) for r in results if r.verdict != "passed"}
    assert {name: verdict for name, (verdict, _) in told.items()} == NOT_PASSED, told
    by_cwltool = await run_suite(SUITE, read_suite(SUITE), fast=False)
    assert differences(results, by_cwltool) == []
    by_cwltool[0] = replace(by_cwltool[0], given={"other": 1})
    assert differences(results, by_cwltool) == [results[0].id]


def test_a_folder_without_a_list_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="give a checkout of a CWL suite"):
        read_suite(tmp_path)
