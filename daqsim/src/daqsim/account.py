"""What was done to each run, on record: a check compares with it what a house made of the run.

The record is written when a run ends and when the simulation does, beside the position file. It
is counted anew from the first message at each start, so a kill leaves no hole in it.
"""

from collections import Counter
from pathlib import Path
from typing import Literal

from daqsim.contents import calibration_name
from daqsim.files import write_safely
from daqsim.misbehaviour import OF_FILES, Telling
from penstock_core.contracts.base import Frozen
from penstock_core.stf import stf_name


class Deed(Frozen):
    """One misbehaviour: what was done, to which message or file, at which simulated second."""

    deed: str
    msg_type: str
    tick: float
    sender: str = ""
    filename: str = ""


class RunRecord(Frozen):
    """What was done to one run.

    Attributes
    ----------
    ended
        The tick of its end; none: it has not ended yet.
    stfs
        STFs of each stream; the stream is "" where there is only one.
    happened, told
        How many messages of each type there were to send; how many were sent, repeats included.
    announced, ready
        Files that an stf_gen, an stf_ready told of at least once.
    damaged, vanished, late
        Of those told ready: files of which a bit, or the checksum, is wrong; that are not there;
        that came after the end.
    calibrations
        Names of the calibration datasets that came whole.
    deeds
        Each misbehaviour, in the order of sending.
    """

    namespace: str
    run: int
    ended: float | None = None
    stfs: dict[str, int] = {}
    happened: dict[str, int] = {}
    told: dict[str, int] = {}
    announced: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    calibrations: tuple[str, ...] = ()
    deeds: tuple[Deed, ...] = ()


class Record(Frozen):
    """All runs of a simulation up to message ``next``; ``over`` once the schedule has ended."""

    format: Literal[1] = 1
    next: int = 0
    over: bool = False
    runs: tuple[RunRecord, ...] = ()


class Account:
    """Counts what is told, or would have been."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, int], _RunAccount] = {}
        self._next = 0

    def add(self, telling: Telling) -> None:
        """Count one telling; they are added in their order, from the first one on."""
        self._next += 1
        happening = telling.happening
        key = happening.namespace, happening.run
        self._runs.setdefault(key, _RunAccount(*key)).add(telling)

    @property
    def deeds(self) -> int:
        """Return how many misbehaviours there were."""
        return sum(len(run.deeds) for run in self._runs.values())

    def record(self, *, over: bool = False) -> Record:
        """Return the record of all that was added."""
        runs = tuple(run.record() for run in self._runs.values())
        return Record(next=self._next, over=over, runs=runs)

    def write(self, path: Path, *, over: bool = False) -> None:
        """Put the record on disk."""
        write_safely(path, self.record(over=over).model_dump_json(indent=1).encode())


class _RunAccount:
    def __init__(self, namespace: str, run: int) -> None:
        self._namespace, self._run = namespace, run
        self._ended: float | None = None
        self._stfs: Counter[str] = Counter()
        self._happened: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._files: dict[str, dict[str, None]] = {}
        self.deeds: list[Deed] = []

    def add(self, telling: Telling) -> None:
        happening, kind = telling.happening, telling.happening.msg_type
        if kind == "end_run":
            self._ended = happening.tick
        self._happened[kind] += not telling.copy
        if telling.told:
            self._told[kind] += 1
            self._note_file(telling)
        if kind == "stf_gen":
            most = max(self._stfs[happening.stream], happening.sequence)
            self._stfs[happening.stream] = most
        self.deeds += [_deed(name, telling) for name in sorted(_counted(telling))]

    def _note_file(self, telling: Telling) -> None:
        kind = telling.happening.msg_type
        lists = {
            "stf_gen": ["announced"],
            "stf_ready": ["ready"],
            "dataset.input": ["calibrations"],
        }
        noted = lists.get(kind, [])
        if kind == "stf_ready":
            damaged = any(deed.startswith("damage_") for deed in telling.deeds)
            noted += ["damaged"] * damaged + ["vanished"] * ("vanish" in telling.deeds)
            noted += ["late"] * ("late" in telling.deeds)
        for name in noted:
            self._files.setdefault(name, {})[_name(telling)] = None

    def record(self) -> RunRecord:
        return RunRecord(
            namespace=self._namespace,
            run=self._run,
            ended=self._ended,
            stfs=dict(self._stfs),
            happened=dict(self._happened),
            told=dict(self._told),
            deeds=tuple(self.deeds),
            **{name: tuple(files) for name, files in self._files.items()},
        )


def _counted(telling: Telling) -> set[str]:
    """Return the deeds that are noted for this message: those of a file with its stf_ready."""
    deeds = set(telling.deeds)
    if telling.copy:
        return {"repeat"}
    return deeds if telling.happening.msg_type == "stf_ready" else deeds - set(OF_FILES)


def _name(telling: Telling) -> str:
    happening = telling.happening
    if happening.is_calibration:
        return calibration_name(happening.run, happening.number)
    named = stf_name(happening.run, happening.sequence, happening.stream)
    return named if happening.number else ""


def _deed(name: str, telling: Telling) -> Deed:
    happening = telling.happening
    return Deed(
        deed=name,
        msg_type=happening.msg_type,
        tick=round(telling.tick, 6),
        sender=happening.sender,
        filename=_name(telling),
    )
