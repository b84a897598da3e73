"""Gather the candidates of a run's STFs: ``merge.py OUT.npz PART.npz…``.

The parts are put in the order of their STFs, so the result does not depend on the order in
which they come. No part at all gives a file without candidates.
"""

import sys
from collections import Counter

import numpy as np


def read(path):
    with np.load(path, allow_pickle=False) as part:
        return dict(part)


def place(part):
    return int(part["run"]), int(part["sequence"])


def check_once(parts):
    twice = [where for where, times in Counter(map(place, parts)).items() if times > 1]
    if twice:
        sys.exit(f"merge: given twice (run, sequence): {twice}")


def main():
    parts = sorted((read(path) for path in sys.argv[2:]), key=place)
    check_once(parts)
    stfs = np.array([place(part) for part in parts], "i8").reshape(-1, 2)
    counts = {
        name: sum(int(part[name]) for part in parts) for name in ("events_in", "events_decoded")
    }
    event = np.concatenate([np.empty(0, "u4"), *(part["event"] for part in parts)])
    mass = np.concatenate([np.empty(0, "f8"), *(part["mass"] for part in parts)])
    np.savez(sys.argv[1], stfs=stfs, **counts, event=event, mass=mass)


main()
