"""Measures every figure, or those named: a table, and ``benchmarks/out/bench.json``."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import (
    bench_chains,
    bench_compiler,
    bench_jobs,
    bench_masks,
    bench_memory,
    bench_registration,
)
from benchmarks.figure import Figure, machine

OUT = Path(__file__).parent / "out"
BENCHES = {
    "masks": bench_masks.run,
    "chains": bench_chains.run,
    "registration": bench_registration.run,
    "memory": bench_memory.run,
    "compiler": bench_compiler.run,
    "jobs": bench_jobs.run,
}


def main() -> int:
    """Return 0 if every figure holds."""
    names = sys.argv[1:] or list(BENCHES)
    figures: list[Figure] = []
    for name in names:
        figures += BENCHES[name]()
    OUT.mkdir(exist_ok=True)
    report = {"machine": machine(), "figures": [figure.as_json() for figure in figures]}
    (OUT / "bench.json").write_text(json.dumps(report, indent=2) + "\n")
    print_table(figures)
    return 0 if all(figure.holds for figure in figures) else 1


def print_table(figures: list[Figure]) -> None:
    """Print figures with their targets, under the machine that they were measured on."""
    here = machine()
    table = Table(title=f"{here['processor']}, {here['cores']} cores, fsync {here['fsync']}")
    for column in ("figure", "value", "unit", "target", "holds"):
        table.add_column(column)
    for f in figures:
        side = "≥" if f.at_least else "≤"
        row = (f"{f.value:,}", f.unit, f"{side} {f.target:,}", "yes" if f.holds else "NO")
        table.add_row(f.figure, *row)
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
