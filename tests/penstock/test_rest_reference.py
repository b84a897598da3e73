"""The REST reference is the one that the services give; no page tells of a call there is not."""

import re

import pytest
from tests.penstock.conftest import ROOT

from penstock.rest_reference import reference

MADE = ROOT / "docs" / "reference" / "rest.md"
PAGES = sorted({ROOT / "README.md", *(ROOT / "docs").rglob("*.md")} - {MADE})
CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?\s\[]*)")


@pytest.fixture(scope="module")
def made() -> str:
    return reference()


def test_the_reference_of_rest_is_up_to_date(made):
    wanted = "run: python -m penstock.rest_reference > docs/reference/rest.md"
    assert MADE.read_text() == made, wanted


def test_every_call_says_what_it_does(made):
    rows = [line for line in made.splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    assert [row for row in rows if not row.endswith(". |")] == []


def test_every_call_that_a_page_shows_is_there(made):
    there = [(method, _pattern(path)) for method, path in CALL.findall(made)]
    shown = {
        (page.name, method, path)
        for page in PAGES
        for method, path in CALL.findall(page.read_text())
    }
    assert len(shown) > 60
    gone = {
        call
        for call in shown
        if not any(
            method == call[1] and (path.fullmatch(call[2]) or path.fullmatch("/api/v1" + call[2]))
            for method, path in there
        )
    }
    assert gone == set()


def _pattern(path: str) -> re.Pattern[str]:
    """Return what fits a path with anything in place of ``{this}``."""
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))
