"""The table of constructs, and the page that is made from it."""

from pathlib import Path

from recipe.construct_table import construct_table, with_table
from recipe.constructs import CONSTRUCTS

PAGE = Path(__file__).parents[2] / "docs" / "cwl.md"


def test_the_page_has_the_table_as_it_is() -> None:
    text = PAGE.read_text()
    assert with_table(text) == text


def test_every_construct_stands_in_it_once() -> None:
    lines = construct_table().splitlines()
    assert all(sum(line.startswith(f"| {name} |") for line in lines) == 1 for name in CONSTRUCTS)
