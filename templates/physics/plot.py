"""Draw the dimuon mass of a run: ``plot.py CANDIDATES.npz PLOT.png SUMMARY.json``.

``z_peak_gev`` is the median of the masses between 80 and 100 GeV, null where there are none.
"""

import json
import sys

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

BINS_GEV = np.arange(0, 151, 2)
WINDOW_GEV = (80, 100)


def z_peak_gev(mass):
    low, high = WINDOW_GEV
    inside = mass[(mass >= low) & (mass <= high)]
    return round(float(np.median(inside)), 4) if len(inside) else None


def draw(mass, peak, path):
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    axes.hist(mass, BINS_GEV, histtype="stepfilled", color="#9ecae1", edgecolor="#3182bd")
    axes.set(xlabel="dimuon mass [GeV]", ylabel="candidates / 2 GeV", xlim=BINS_GEV[[0, -1]])
    axes.set_title(f"Z → µµ: {len(mass)} candidates")
    if peak is not None:
        axes.axvline(peak, color="#e6550d", linewidth=1, label=f"peak {peak:.2f} GeV")
        axes.legend(frameon=False)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def main():
    with np.load(sys.argv[1], allow_pickle=False) as candidates:
        mass = candidates["mass"]
        counts = {name: int(candidates[name]) for name in ("events_in", "events_decoded")}
    peak = z_peak_gev(mass)
    draw(mass, peak, sys.argv[2])
    summary = counts | {"candidates": len(mass), "z_peak_gev": peak}
    with open(sys.argv[3], "w") as file:
        json.dump(summary, file, indent=1)
        file.write("\n")


main()
