"""Settings of the simulator: read once at the start, frozen."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from daqsim.mischief import Mischief, parse_mischief
from penstock_core.errors import InvalidInput

RUN_CONDITIONS = {
    "beam_energy": "5 GeV",
    "magnetic_field": "1.5T",
    "detector_config": "physics",
    "bunch_structure": "216x216",
}
ROOT_STORAGE = "9c719cc8-47ea-53d4-808d-d69535170805"
"""The uid of the storage ``posix-root``, which every storage manager has."""


def _span(given: object) -> object:
    """Return ``LEAST,MOST`` as two numbers; one alone is both."""
    if not isinstance(given, str):
        return given
    least, _, most = given.partition(",")
    try:
        span = float(least), float(most or least)
    except ValueError as error:
        raise _refused(f"{given!r} is not LEAST,MOST in seconds") from error
    if not 0 < span[0] <= span[1] < float("inf"):
        raise _refused(f"{given!r} is not LEAST,MOST with 0 < LEAST <= MOST")
    return span


def _mischief(given: object) -> object:
    if isinstance(given, str):
        given = given.replace(",", " ").split()
    if not isinstance(given, Iterable) or isinstance(given, Mischief | dict):
        return given
    try:
        return parse_mischief(map(str, given))
    except InvalidInput as error:
        raise _refused(error.message.rstrip(".")) from error


def _refused(problem: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{problem}", {"problem": problem})


class DaqSettings(BaseSettings):
    """What to simulate. Environment variables carry the prefix ``PENSTOCK_DAQ_``.

    Attributes
    ----------
    out
        Folder for the files; made if it is not there. With several namespaces each has a folder
        of its own in it.
    schedule
        YAML file of detector states; none: the live sequence of ePIC's testbed (41 s).
    times, every_s
        How often the schedule is followed, and after how many simulated seconds anew: fewer than
        the schedule takes, and runs overlap.
    events
        ``hzz`` (the 2421 real collision events), the path of a ROOT file like it, or ``noise``.
    stfs
        STFs of a run at most; events are cut into as many. None: 8, of noise without limit.
    stf_every_s
        Least and longest time that an STF takes, in simulated seconds.
    run
        Number of the first run; none: the seconds since 1970 at the first start.
    namespace
        Whose runs they are; several, with commas between, have runs of the same numbers each.
    seed
        Of all dice: the times between STFs, noise, misbehaviour.
    speed
        Simulated seconds a second of the wall, above 0; ``inf`` does not wait.
    position
        File that holds how far the simulation is; none: ``position-RUN.json`` in ``out``, or
        ``position.json`` there where no run is asked for.
    sender
        The name that its messages carry.
    senders
        How many send STFs and number them in parallel: ``SENDER-1``, ``SENDER-2``, …
    streams_end
        Each of several senders ends its own stream, in place of run control the whole run.
    samples
        Samples of time frames that are cut out of each STF, for monitoring; ePIC's are 7.
    calibrations, calibration_s
        Calibration datasets of each run, and within how many simulated seconds of its
        announcement they come.
    storage
        The ``storageId`` of the calibrations' files.
    mischief
        Probability of each misbehaviour (:mod:`daqsim.mischief`).
    run_conditions
        What ``run_imminent`` tells about the run.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_DAQ_", frozen=True, extra="ignore")

    out: Path
    schedule: Path | None = None
    times: int = Field(default=1, ge=1)
    every_s: float = Field(default=30.0, ge=0, allow_inf_nan=False)
    events: str = "hzz"
    stfs: int | None = Field(default=None, ge=1)
    stf_every_s: Annotated[tuple[float, float], NoDecode, BeforeValidator(_span)] = (1.0, 2.0)
    run: int | None = Field(default=None, ge=0)
    namespace: str = Field(default="default", pattern=r"^[^,\s]+(,[^,\s]+)*$")
    seed: int = 1
    speed: float = Field(default=1.0, gt=0)
    position: Path | None = None
    sender: str = "daq-simulator"
    senders: int = Field(default=1, ge=1)
    streams_end: bool = False
    samples: int = Field(default=0, ge=0, le=100)
    calibrations: int = Field(default=0, ge=0)
    calibration_s: float = Field(default=60.0, ge=0, allow_inf_nan=False)
    storage: str = ROOT_STORAGE
    mischief: Annotated[Mischief, NoDecode, BeforeValidator(_mischief)] = Mischief()
    run_conditions: dict[str, Any] = RUN_CONDITIONS

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the namespaces that have runs."""
        return tuple(dict.fromkeys(self.namespace.split(",")))

    @property
    def position_file(self) -> Path:
        """Return the file that holds how far the simulation is."""
        return self.position or self.out / self._named("position")

    @property
    def record_file(self) -> Path:
        """Return the file that tells what was done, beside the position."""
        return self.position_file.with_name(self._named("mischief"))

    def _named(self, what: str) -> str:
        return f"{what}.json" if self.run is None else f"{what}-{self.run}.json"
