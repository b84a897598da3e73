"""The table of constructs as Markdown: ``python -m recipe.construct_table docs/cwl.md``."""

import sys
from pathlib import Path

from recipe.constructs import CONSTRUCTS

BEGIN, END = "<!-- constructs: begin -->", "<!-- constructs: end -->"
_HEADS = {
    "dataset": "Given meaning over datasets",
    "job": "Left to the job",
    "whole": "Makes the workflow run whole, as one job",
    "refused": "Refused",
}


def construct_table() -> str:
    """Return all constructs by what becomes of them, each with its note."""
    lines = []
    for by, head in _HEADS.items():
        lines += [f"| {head} | |", "| --- | --- |"]
        lines += [f"| {name} | {t.note} |" for name, t in CONSTRUCTS.items() if t.by == by]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def with_table(page: str) -> str:
    """Return ``page`` with the table as it is now between its marks."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{construct_table()}{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(with_table(Path(name).read_text()))
