"""``make conformance SUITE=folder``: a table, and ``N passed, N failed, N unsupported`` at last.

``ONLY=id,id`` runs some of the tests; ``benchmarks/out/conformance.json`` keeps all results.
``LANES=both`` runs all twice, with the fast lane and by cwltool alone, and compares what came out.
"""

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import gettempdir

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.conformance.running import Result, World, run_test
from benchmarks.conformance.suite import Test, read_suite
from penstock.house import open_house
from penstock_core.clients.house import HouseClients
from penstock_core.settings import HouseSettings

OUT = Path(__file__).parents[1] / "out"
AT_ONCE = 4


def main() -> int:
    """Return 0 when every test was run, whatever came of it."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        raise SystemExit("Give a checkout of a CWL suite: make conformance SUITE=folder")
    root = Path(sys.argv[1]).resolve()
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    tests = [test for test in read_suite(root) if not only or test.id in only]
    results = asyncio.run(run_suite(root, tests))
    if os.environ.get("LANES") == "both":
        report_differences(results, asyncio.run(run_suite(root, tests, fast=False)))
    report(results)
    OUT.mkdir(exist_ok=True)
    (OUT / "conformance.json").write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")
    return 0


async def run_suite(root: Path, tests: list[Test], *, fast: bool = True) -> list[Result]:
    """Run all through one house of their own; return their results in their order."""
    with (
        _environment(
            PENSTOCK_PILOT_RETRY_FIRST_PAUSE_S="0.05",
            # As cwltool's own figures are given: without containers, whose images are elsewhere.
            PENSTOCK_PILOT_CONTAINERS="never",
            PENSTOCK_PILOT_FAST=str(fast),
        ),
        _emptied(Path(gettempdir()) / f"penstock-conformance-{os.getpid()}") as folder,
        Progress() as progress,
    ):
        settings = HouseSettings(data_dir=folder / "data")
        bar = progress.add_task("conformance", total=len(tests))
        async with open_house(settings) as house, HouseClients(house.house, "operator") as clients:
            storages: list[dict[str, str]] = await clients.dsm.call("GET", "/api/v1/storage", list)
            [storage] = [one["uid"] for one in storages if one["name"] == "posix-root"]
            world = World(clients, storage, root, folder / "outputs")
            turns = asyncio.Semaphore(AT_ONCE)

            async def one(number: int, test: Test) -> Result:
                async with turns:
                    result = await run_test(test, number, world)
                progress.advance(bar)
                return result

            return await asyncio.gather(*(one(n, test) for n, test in enumerate(tests, 1)))


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set variables of the environment that are not set, as long as the block lasts."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """Give a new folder of this name: what tools print of their paths is the same in each run."""
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def differences(fast: list[Result], slow: list[Result]) -> list[str]:
    """Return the tests that gave one thing in the fast lane and another by cwltool."""
    return [
        one.id
        for one, other in zip(fast, slow, strict=True)
        if (one.verdict, one.given) != (other.verdict, other.given)
    ]


def report_differences(fast: list[Result], slow: list[Result]) -> None:
    """Print which tests differ between the lanes."""
    differ = differences(fast, slow)
    print(f"Both lanes: {len(fast) - len(differ)} alike, {len(differ)} differ", *differ)


def report(results: list[Result]) -> None:
    """Print what did not pass, and the counts in the last line."""
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table("test", "verdict", "s", "why")
    for result in results:
        if result.verdict != "passed":
            table.add_row(result.id, result.verdict, f"{result.seconds:.1f}", result.why)
    if table.row_count:
        console.print(table)
    counts = Counter(result.verdict for result in results)
    words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("passed", "failed"))
    print(f"{words}, {counts['unsupported']} unsupported")


if __name__ == "__main__":
    raise SystemExit(main())
