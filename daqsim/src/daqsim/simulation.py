"""The detector and its DAQ as a SimPy process: what happens, and when.

Everything follows from the schedule, the seed, the run number and the number of STFs, so what
happens is the same each time it is asked for; a restart takes it up at any place.
"""

import math
import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import simpy

from daqsim.schedule import Schedule, Step
from penstock_core.states import RunState

STF_SPAN_S = (1.0, 2.0)
WRITE_S = 0.1

Process = Generator[simpy.Event, object, None]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that the DAQ tells the world, at ``tick`` simulated seconds after the start.

    ``sequence`` is the STF's; its data were taken from ``began`` to ``ended``. ``stfs`` is how
    many STFs the run has had so far.
    """

    tick: float
    msg_type: str
    run: int
    state: str
    substate: str
    stfs: int = 0
    sequence: int = 0
    began: float = 0.0
    ended: float = 0.0


def happenings(
    schedule: Schedule, *, seed: int, first_run: int, stfs: int | None
) -> Iterator[Happening]:
    """Yield what happens, in the order of time. Runs are numbered from ``first_run`` on.

    ``stfs`` limits the STFs of each run; a run whose schedule is too short has fewer.
    """
    environment = simpy.Environment()
    daq = Daq(environment, schedule, seed, first_run, math.inf if stfs is None else stfs)
    environment.process(daq.follow_schedule())
    while environment.peek() < math.inf:
        environment.step()
        yield from daq.told
        daq.told.clear()


class Daq:
    """Walks through the schedule; announces, starts, pauses and ends runs; makes STFs.

    A run is announced when the detector comes to beam (or to run at once), and ends when it
    leaves run, when it gives up before the start, or with the schedule.
    """

    def __init__(
        self,
        environment: simpy.Environment,
        schedule: Schedule,
        seed: int,
        first_run: int,
        stfs: float,
    ) -> None:
        self._environment = environment
        self._schedule = schedule
        self._dice = random.Random(seed)  # noqa: S311 - not a secret
        self._run = first_run - 1
        self._run_state = RunState.ENDED
        self._limit = stfs
        self._stfs = 0
        self._step = schedule[0]
        self.told: list[Happening] = []

    def follow_schedule(self) -> Process:
        """Be in each state for its span; at the end, end the run that is left."""
        for step in self._schedule:
            self._enter(step)
            if step.takes_data:
                self._environment.process(self._take_data(step.span_s))
            yield self._environment.timeout(step.span_s)
        if self._run_state is not RunState.ENDED:
            self._end_run()

    def _enter(self, step: Step) -> None:
        self._step = step
        if self._is_over_with(step):
            self._end_run()
        elif step.state in ("beam", "run") and self._run_state is RunState.ENDED:
            self._announce_run()
        if step.takes_data:
            self._start_or_resume()
        elif step.state == "run" and self._run_state is RunState.RUNNING:
            self._move(RunState.PAUSED, "pause_run")

    def _is_over_with(self, step: Step) -> bool:
        """Return whether the present run ends by entering ``step``."""
        if self._run_state is RunState.ENDED or step.state == "run":
            return False
        return step.state != "beam" or self._run_state is not RunState.IMMINENT

    def _announce_run(self) -> None:
        self._run += 1
        self._stfs = 0
        self._move(RunState.IMMINENT, "run_imminent")

    def _start_or_resume(self) -> None:
        if self._run_state is RunState.IMMINENT:
            self._move(RunState.RUNNING, "start_run")
        elif self._run_state is RunState.PAUSED:
            self._move(RunState.RUNNING, "resume_run")

    def _end_run(self) -> None:
        self._move(RunState.ENDED, "end_run")

    def _move(self, state: RunState, msg_type: str) -> None:
        self._run_state = state
        self._tell(msg_type)

    def _take_data(self, span_s: float) -> Process:
        """Make STFs for ``span_s`` seconds; one that would not be complete by then is not made."""
        now = self._environment.now
        until = now + span_s
        while self._stfs < self._limit:
            began, now = now, now + self._dice.uniform(*STF_SPAN_S)
            if now >= until:
                return
            yield self._environment.timeout(now - began)
            self._stfs += 1
            stf = self._tell("stf_gen", sequence=self._stfs, began=began, ended=now)
            self._environment.process(self._write(stf))

    def _write(self, stf: Happening) -> Process:
        """Tell that ``stf`` is there, once it had the time to be written: perhaps after end_run."""
        yield self._environment.timeout(WRITE_S)
        self.told.append(replace(stf, tick=self._environment.now, msg_type="stf_ready"))

    def _tell(self, msg_type: str, **stf: Any) -> Happening:
        happening = Happening(
            tick=self._environment.now,
            msg_type=msg_type,
            run=self._run,
            state=self._step.state,
            substate=self._step.substate,
            stfs=self._stfs,
            **stf,
        )
        self.told.append(happening)
        return happening
