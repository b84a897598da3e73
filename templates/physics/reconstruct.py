"""Make dimuon candidates of one STF's events: ``reconstruct.py EVENTS.npz OUT.npz``.

A candidate is an event with exactly two muons, of opposite charge; its mass is that of the sum
of their four-momenta, in GeV.
"""

import sys

import numpy as np

COUNTS = ("run", "sequence", "events_in", "events_decoded")


def candidates_of(events):
    """Return event number and mass of each candidate."""
    first = events["muon_offsets"][:-1]
    two = np.diff(events["muon_offsets"]) == 2
    charge = events["muon_charge"]
    opposite = np.zeros_like(two)
    opposite[two] = charge[first[two]] + charge[first[two] + 1] == 0
    lead = first[opposite]
    px, py, pz, energy = (
        pair_sum(events[f"muon_{name}"], lead) for name in ("px", "py", "pz", "e")
    )
    mass = np.sqrt(np.maximum(energy**2 - px**2 - py**2 - pz**2, 0))
    return {"event": events["event"][opposite], "mass": mass}


def pair_sum(column, lead):
    """Return the sums over the muons at ``lead`` and the ones after them, in double precision."""
    return column[lead].astype("f8") + column[lead + 1].astype("f8")


def main():
    with np.load(sys.argv[1], allow_pickle=False) as events:
        columns = dict(events)
    np.savez(sys.argv[2], **{name: columns[name] for name in COUNTS}, **candidates_of(columns))


main()
