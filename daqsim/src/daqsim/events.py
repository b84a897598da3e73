"""Real collision events: read from a ROOT file, written into the time frames of STFs.

The default ones are the 2421 events of ``uproot-HZZ.root`` (CMS's HEP tutorial, 2012), which the
package scikit-hep-testdata 0.2.0 holds.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from penstock_core.errors import InvalidInput
from penstock_core.stf import TFS_PER_STF, Stf, TimeFrame

EVENT = struct.Struct("<IHHHHff")
MUON = struct.Struct("<ffffif")

_SCALARS = ("NElectron", "NJet", "MET_px", "MET_py")
_MUON = ("Muon_Px", "Muon_Py", "Muon_Pz", "Muon_E", "Muon_Charge", "Muon_Iso")
_EXTRA = "Install the extra: penstock-daqsim[events]; or take noise instead of events."


@dataclass(frozen=True, slots=True)
class Event:
    """One collision: its number in the file (from 0) and what we keep of it.

    Momenta and energies in GeV. ``muons`` hold px, py, pz, energy, charge and isolation each.
    """

    number: int
    electrons: int
    jets: int
    met_px: float
    met_py: float
    muons: tuple[tuple[float, float, float, float, int, float], ...]

    def encode(self) -> bytes:
        """Return its bytes inside a time frame."""
        counts = (len(self.muons), self.electrons, self.jets, 0)
        head = EVENT.pack(self.number, *counts, self.met_px, self.met_py)
        return head + b"".join(MUON.pack(*muon) for muon in self.muons)


@dataclass(frozen=True, slots=True)
class CollisionEvents:
    """All events, cut in their order into ``stfs`` STFs as even as can be.

    Each run reads them from the first one on.
    """

    events: tuple[Event, ...]
    stfs: int

    def __post_init__(self) -> None:
        if not 1 <= self.stfs <= len(self.events):
            raise InvalidInput(
                f"{len(self.events)} events cannot be cut into {self.stfs} STFs.",
                hint=f"Ask for 1 to {len(self.events)} STFs.",
                field="stfs",
            )

    def stf(self, run: int, number: int, sequence: int) -> Stf:
        """Return STF ``number`` of ``run``: its events spread over ``TFS_PER_STF`` TFs."""
        part = _part(self.events, number - 1, self.stfs)
        first = (sequence - 1) * TFS_PER_STF + 1
        cells = (_part(part, i, TFS_PER_STF) for i in range(TFS_PER_STF))
        frames = (
            TimeFrame(first + i, len(cell), b"".join(event.encode() for event in cell))
            for i, cell in enumerate(cells)
        )
        return Stf(run, sequence, first, tuple(frames))


def _part(events: tuple[Event, ...], index: int, parts: int) -> tuple[Event, ...]:
    """Return part ``index`` of ``parts`` even ones."""
    return events[index * len(events) // parts : (index + 1) * len(events) // parts]


def hzz_file() -> Path:
    """Return where scikit-hep-testdata keeps ``uproot-HZZ.root``; raises ``InvalidInput``."""
    spec = find_spec("skhep_testdata")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "data" / "uproot-HZZ.root"
        if path.is_file():
            return path
    raise InvalidInput("The collision events (scikit-hep-testdata 0.2.0) are missing.", hint=_EXTRA)


def read_events(path: Path) -> tuple[Event, ...]:
    """Return all events of the tree ``events`` in a ROOT file.

    Raises
    ------
    InvalidInput
        uproot is not installed, or the file has no such tree with these columns.
    """
    try:
        import uproot
    except ImportError as error:
        raise InvalidInput("ROOT files are read with uproot, which is missing.", hint=_EXTRA) from (
            error
        )
    try:
        with uproot.open(path) as root:
            columns = root["events"].arrays([*_SCALARS, *_MUON], library="np")
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInput(
            f"The events in {path} cannot be read: {error}",
            hint=f"It needs a tree 'events' with {', '.join((*_SCALARS, *_MUON))}.",
        ) from error
    return tuple(_events(columns))


def _events(columns: dict[str, Any]) -> Iterable[Event]:
    scalars = zip(*(columns[name].tolist() for name in _SCALARS), strict=True)
    muons = zip(*(columns[name] for name in _MUON), strict=True)
    for number, (scalar, muon) in enumerate(zip(scalars, muons, strict=True)):
        electrons, jets, met_px, met_py = scalar
        rows = zip(*(column.tolist() for column in muon), strict=True)
        yield Event(number, electrons, jets, met_px, met_py, tuple(rows))
