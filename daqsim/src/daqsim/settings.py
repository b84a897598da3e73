"""Settings of the simulator: read once at the start, frozen."""

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

RUN_CONDITIONS = {
    "beam_energy": "5 GeV",
    "magnetic_field": "1.5T",
    "detector_config": "physics",
    "bunch_structure": "216x216",
}


class DaqSettings(BaseSettings):
    """What to simulate. Environment variables carry the prefix ``PENSTOCK_DAQ_``.

    Attributes
    ----------
    out
        Folder for the STF files; made if it is not there.
    schedule
        YAML file of detector states; none: the live sequence of ePIC's testbed (41 s).
    events
        ``hzz`` (the 2421 real collision events), the path of a ROOT file like it, or ``noise``.
    stfs
        STFs of a run at most; events are cut into as many. None: 8, of noise without limit.
    run
        Number of the first run; none: the seconds since 1970 at the first start.
    namespace
        Whose run it is; separates testers.
    seed
        Of the intervals between STFs, and of noise.
    speed
        Simulated seconds a second of the wall, above 0; ``inf`` does not wait.
    position
        File that holds how far the simulation is; none: ``position-RUN.json`` in ``out``, or
        ``position.json`` there where no run is asked for.
    sender
        The name that its messages carry; their sequence counts per run and sender.
    run_conditions
        What ``run_imminent`` tells about the run.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_DAQ_", frozen=True, extra="ignore")

    out: Path
    schedule: Path | None = None
    events: str = "hzz"
    stfs: int | None = Field(default=None, ge=1)
    run: int | None = Field(default=None, ge=0)
    namespace: str = "default"
    seed: int = 1
    speed: float = Field(default=1.0, gt=0)
    position: Path | None = None
    sender: str = "daq-simulator"
    run_conditions: dict[str, Any] = RUN_CONDITIONS

    @property
    def position_file(self) -> Path:
        """Return the file that holds how far the simulation is."""
        name = "position.json" if self.run is None else f"position-{self.run}.json"
        return self.position or self.out / name
