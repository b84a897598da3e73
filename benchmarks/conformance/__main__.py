"""``make conformance SUITE=folder``: a table, and ``N passed, N failed, N unsupported`` at last.

``ONLY=id,id`` runs some of the tests; ``benchmarks/out/conformance.json`` keeps all results.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

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
    report(results)
    OUT.mkdir(exist_ok=True)
    (OUT / "conformance.json").write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")
    return 0


async def run_suite(root: Path, tests: list[Test]) -> list[Result]:
    """Run all through one house of their own; return their results in their order."""
    os.environ.setdefault("PENSTOCK_PILOT_RETRY_FIRST_PAUSE_S", "0.05")
    with TemporaryDirectory(prefix="penstock-conformance-") as name, Progress() as progress:
        folder = Path(name)
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
