"""The pictures of ``make bench-cluster``."""

from pathlib import Path

import matplotlib as mpl

from benchmarks.cluster.latencies import Latencies


def rate(stored: list[tuple[float, int]], path: Path) -> None:
    """Draw how many chains were stored in each second."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3))
    before = [(0.0, 0), *stored]
    per_s = [(n - m) / (t - s) for (s, m), (t, n) in zip(before, stored, strict=False)]
    axes.plot([at for at, _ in stored], per_s)
    axes.axhline(500, color="grey", linestyle=":")
    axes.set(xlabel="seconds", ylabel="chains stored a second", ylim=(0, None))
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


def distributions(measured: Latencies, path: Path) -> None:
    """Draw what share of each kind took no longer than so many milliseconds."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4))
    for name, values in (
        ("registered to chain", measured.chained),
        ("ready to submitted", measured.submitted),
        ("last file to close", measured.closed),
    ):
        ordered = sorted(values)
        share = [100 * (n + 1) / len(ordered) for n in range(len(ordered))]
        axes.plot([1000 * value for value in ordered], share, label=name)
    axes.set(xlabel="milliseconds", ylabel="percent", xscale="log")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)
