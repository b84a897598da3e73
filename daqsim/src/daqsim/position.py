"""How far a simulation is, on disk: a restart goes on from there and skips nothing."""

import hashlib
import math
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from daqsim.files import write_safely
from daqsim.mischief import Mischief
from daqsim.plan import Plan
from daqsim.schedule import Schedule
from daqsim.settings import ROOT_STORAGE, DaqSettings
from penstock_core.contracts.base import Frozen
from penstock_core.errors import Conflict, InvalidInput


class Parameters(Frozen):
    """All that the messages of a simulation follow from; fixed at its first start.

    ``timestamp`` in messages is ``started_at`` plus the tick over ``speed``, so that a message
    sent again after a restart is the same message.
    """

    model_config = ConfigDict(ser_json_inf_nan="strings")

    namespace: str
    run: int
    seed: int
    speed: float
    events: str
    stfs: int | None
    sender: str
    run_conditions: dict[str, Any]
    schedule_digest: str
    started_at: datetime
    times: int = 1
    every_s: float = 30.0
    stf_every_s: tuple[float, float] = (1.0, 2.0)
    senders: int = 1
    streams_end: bool = False
    samples: int = 0
    calibrations: int = 0
    calibration_s: float = 60.0
    storage: str = ROOT_STORAGE
    mischief: Mischief = Mischief()

    @property
    def execution_id(self) -> str:
        """Return the name of this one execution of the simulation."""
        return f"{self.sender}-{self.run}-{self.started_at:%Y%m%dT%H%M%S.%fZ}"

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the namespaces that have runs."""
        return tuple(dict.fromkeys(self.namespace.split(",")))

    def plan(self, schedule: Schedule) -> Plan:
        """Return what is to happen, by the schedule of ``schedule_digest``."""
        return Plan(
            schedule=schedule,
            seed=self.seed,
            first_run=self.run,
            stfs=math.inf if self.stfs is None else self.stfs,
            namespaces=self.namespaces,
            times=self.times,
            every_s=self.every_s,
            sender=self.sender,
            senders=self.senders,
            streams_end=self.streams_end,
            stf_every_s=self.stf_every_s,
            samples=self.samples,
            burst=self.mischief.burst,
            calibrations=self.calibrations,
            calibration_s=self.calibration_s,
        )


_ASKED = Parameters.model_fields.keys() - {"run", "stfs", "schedule_digest", "started_at"}


class Position(Frozen):
    """The index of the next message to publish, the tick of the last one, and the parameters."""

    format: Literal[1] = 1
    next: int = Field(default=0, ge=0)
    tick: float = 0.0
    parameters: Parameters


class Journal:
    """The position, in a file that is always whole."""

    def __init__(self, path: Path, position: Position) -> None:
        self._path = path
        self.position = position

    @classmethod
    def open(
        cls, settings: DaqSettings, schedule: Schedule, stfs: int | None, at: datetime
    ) -> "Journal":
        """Return the journal of ``settings.position_file``; the first start, ``at``, makes it.

        Raises
        ------
        Conflict
            the file belongs to a simulation of something else.
        InvalidInput
            the file is no position.
        """
        path = settings.position_file
        wanted = _parameters(settings, schedule, stfs, at)
        if not path.exists():
            journal = cls(path, Position(parameters=wanted))
            journal._store()
            return journal
        position = _read(path)
        _check_same(position.parameters, wanted, settings, path)
        return cls(path, position)

    def advance(self, tick: float) -> None:
        """Store that the next message, of ``tick``, is published and confirmed."""
        step = {"next": self.position.next + 1, "tick": tick}
        self.position = self.position.model_copy(update=step)
        self._store()

    def _store(self) -> None:
        write_safely(self._path, self.position.model_dump_json(indent=1).encode())


def _parameters(
    settings: DaqSettings, schedule: Schedule, stfs: int | None, at: datetime
) -> Parameters:
    asked = {name: getattr(settings, name) for name in _ASKED}
    return Parameters(
        **asked,
        run=int(at.timestamp()) if settings.run is None else settings.run,
        stfs=stfs,
        schedule_digest=hashlib.sha256(repr(schedule).encode()).hexdigest(),
        started_at=at,
    )


def _read(path: Path) -> Position:
    try:
        return Position.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidInput(
            f"{path} does not hold the position of a simulation: {error}",
            hint="Remove it to start a new simulation, or name another file.",
        ) from error


def _check_same(stored: Parameters, wanted: Parameters, settings: DaqSettings, path: Path) -> None:
    """Raise ``Conflict`` where ``wanted`` differs; what is not asked for is as it was."""
    free = {"started_at"} | ({"run"} if settings.run is None else set())
    was, now = stored.model_dump(exclude=free), wanted.model_dump(exclude=free)
    different = [f"{key} was {was[key]}, now {now[key]}" for key in was if was[key] != now[key]]
    if different:
        raise Conflict(
            f"The simulation in {path} is another one: {'; '.join(different)}.",
            hint="Go on with what it was started with, or name another position file.",
            facts={"position": str(path)},
        )
