"""Measures the production form: a table, ``benchmarks/out/cluster.json``, and pictures.

``python -m benchmarks.cluster chains`` measures one part: chains, latencies, files, memory,
history.
"""

import asyncio
import json
import sys
from pathlib import Path

from benchmarks.__main__ import OUT, print_table
from benchmarks.bench_memory import rss_mib, tree
from benchmarks.cluster import chains, files, history, latencies, pictures
from benchmarks.cluster.world import World, measured_cluster
from benchmarks.figure import Figure

PARTS = ("memory", "chains", "latencies", "files", "history")
SETTLE_S = 10


async def measure(parts: tuple[str, ...], out: Path) -> list[Figure]:
    """Return all figures of these parts; pictures go to ``out``."""
    figures: list[Figure] = []
    async with measured_cluster() as world:
        if "memory" in parts:
            figures += await _memory(world)
        await chains.prepare(world)
        await latencies.prepare(world)
        if "chains" in parts:
            sustained, stored = await chains.sustained(world)
            figures += [*sustained, *await chains.pairs(world)]
            pictures.rate(stored, out / "cluster-rate.png")
        if "latencies" in parts:
            measured = await latencies.measure(world, "first")
            figures += measured.figures()
            pictures.distributions(measured, out / "cluster-latencies.png")
        if "files" in parts:
            figures += await files.measure(world, "files")
        if "history" in parts:
            figures += await _with_history(world)
    return figures


async def _with_history(world: World) -> list[Figure]:
    """Return the figures again, over a million finished tasks; each stands beside the first."""
    await asyncio.to_thread(history.fill, world)
    suffix = ", 1 000 000 finished tasks"
    sustained, _ = await chains.sustained(world)
    figures = [Figure(f.figure + suffix, f.value, f.unit, f.target, f.at_least) for f in sustained]
    figures += (await latencies.measure(world, "again")).figures(suffix)
    figures += await files.measure(world, "more-files", suffix)
    return figures + await history.slowest_page(world)


async def _memory(world: World) -> list[Figure]:
    await asyncio.sleep(SETTLE_S)
    largest = max(
        (sum(map(rss_mib, tree(member.pid))) for member in world.cluster.status()), default=0.0
    )
    return [
        Figure("memory of the largest idle service", round(largest), "MiB", 120, at_least=False)
    ]


def main() -> int:
    """Return 0 if every figure holds."""
    OUT.mkdir(exist_ok=True)
    figures = asyncio.run(measure(tuple(sys.argv[1:]) or PARTS, OUT))
    report = [figure.as_json() for figure in figures]
    (OUT / "cluster.json").write_text(json.dumps(report, indent=2) + "\n")
    print_table(figures)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
