"""``make survey FOLDER=folder``: which of a folder's CWL documents Penstock takes, and cwltool.

Each ``.cwl`` below the folder is compiled as ``penstock template check`` does it, and validated by
cwltool. What one of them refuses is listed with its reason; the last line counts.
"""

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.table import Table

from penstock.cli.checking import Checked, check_files

_SAYS_WHY = 300


@dataclass(frozen=True)
class Surveyed:
    """One document, and why each of the two refuses it; "" where it is taken."""

    file: str
    ours: str
    cwltools: str

    @property
    def verdict(self) -> str:
        """Return who takes it."""
        return _VERDICTS[bool(self.ours), bool(self.cwltools)]


_VERDICTS = {
    (False, False): "taken by both",
    (True, True): "refused by both",
    (True, False): "refused by Penstock alone",
    (False, True): "refused by cwltool alone",
}


def survey(folder: Path) -> list[Surveyed]:
    """Return what becomes of each document below ``folder``, in the order of their paths."""
    files = sorted(folder.rglob("*.cwl"))
    with ProcessPoolExecutor() as processes:
        theirs = processes.map(_cwltool, files)
        ours = [_why_not(checked) for checked in check_files(files)]
        return [
            Surveyed(
                str(file.relative_to(folder)), *(w.replace(f"{folder}/", "") for w in (own, other))
            )
            for file, own, other in zip(files, ours, theirs, strict=True)
        ]


def _why_not(checked: Checked) -> str:
    return "" if checked.ok else str(checked.faults[0])


def _cwltool(path: Path) -> str:
    """Return why cwltool refuses a document, "" if it does not."""
    from cwltool.main import main

    said = StringIO()
    code = main(["--validate", "--quiet", str(path)], stdout=StringIO(), stderr=said)
    return (" ".join(said.getvalue().split()) or f"exit code {code}") if code else ""


def report(results: list[Surveyed]) -> None:
    """Print what was refused, and the counts in the last line."""
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table("document", "verdict", "why")
    for one in results:
        if one.ours or one.cwltools:
            table.add_row(one.file, one.verdict, (one.ours or one.cwltools)[:_SAYS_WHY])
    if table.row_count:
        console.print(table)
    counts = Counter(one.verdict for one in results)
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in _VERDICTS.values()))


def main() -> int:
    """Return 0 when all were looked at, whatever came of it."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        raise SystemExit("Give a folder with CWL documents: make survey FOLDER=folder")
    report(survey(Path(sys.argv[1]).resolve()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
