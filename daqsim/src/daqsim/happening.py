"""One thing that happens in the simulation, before anything of it is told."""

from dataclasses import dataclass

STF_TYPES = ("stf_gen", "stf_ready")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that the DAQ knows, at ``tick`` simulated seconds after the start.

    An STF has its ``sequence`` among those of its ``stream`` ("" where the run has one stream)
    and its ``number`` among all of its run, both from 1; its data were taken from ``began`` to
    ``ended``. ``stfs`` is how many STFs there are so far: of the stream, where a stream ends, else
    of the run. ``sample`` numbers the samples of time frames of an STF. Of a calibration,
    ``number`` is the dataset's and ``sequence`` the file's.
    """

    tick: float
    msg_type: str
    run: int
    state: str
    substate: str
    namespace: str
    sender: str
    stream: str = ""
    stfs: int = 0
    number: int = 0
    sequence: int = 0
    sample: int = 0
    began: float = 0.0
    ended: float = 0.0

    @property
    def is_stf(self) -> bool:
        """Return whether it is about one STF."""
        return self.msg_type in STF_TYPES

    @property
    def is_calibration(self) -> bool:
        """Return whether it is about a calibration: such messages are SPD's."""
        return "." in self.msg_type

    @property
    def key(self) -> str:
        """Return what tells its STF, or itself, from all others of its run."""
        return f"{self.namespace}/{self.run}/{self.sender}/{self.number}/{self.sequence}"
