"""What a template does about data that came while nobody decided."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.recipe.test_matching import NOW, dataset, entry

from penstock_core.contracts.workflow import CatchUp
from recipe.catch_up import place, place_of, why_skipped

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("mode", list(CatchUp))
def test_what_is_decided_on_in_time_is_live_data(mode: CatchUp) -> None:
    late = entry(1, catch_up=mode, catch_up_after_s=3600)
    assert place_of(late, dataset(), NOW, NOW + HOUR) == 0
    assert why_skipped(late, NOW, NOW + HOUR) == ""


def test_of_a_backlog_the_newest_goes_first_and_live_data_before_it() -> None:
    late = entry(1, catch_up=CatchUp.NEWEST_FIRST)
    hours = [place(dataset(registered_at=NOW + n * HOUR)) for n in range(3)]
    assert hours == sorted(hours, reverse=True)
    assert min(hours) > 0
    assert place_of(late, dataset(), NOW, NOW + 2 * HOUR) == place(dataset())
    assert place(dataset(registered_at=datetime(9998, 1, 1, tzinfo=UTC))) > 0


def test_all_of_a_backlog_is_taken_in_its_order() -> None:
    late = entry(1, catch_up=CatchUp.ALL)
    assert (place_of(late, dataset(), NOW, NOW + 9 * HOUR), why_skipped(late, NOW, NOW)) == (0, "")


def test_a_skipped_backlog_says_how_late_it_was_and_who_takes_it() -> None:
    late = entry(1, catch_up=CatchUp.SKIP, catch_up_after_s=60)
    assert why_skipped(late, NOW, NOW + HOUR) == (
        "it waited 3600 s for its decision, and what waits more than 60 s is skipped; "
        "a backfill takes it"
    )
