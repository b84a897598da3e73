"""Run control: walks through the schedule; announces, starts, pauses and ends runs.

A run is announced when the detector comes to beam (or to run at once), and ends when it leaves
run, when it gives up before the start, or with the schedule.
"""

import random
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import simpy

from daqsim.happening import Happening
from daqsim.plan import Plan
from daqsim.schedule import Step
from penstock_core.states import RunState

WRITE_S = 0.1
BURST_STFS = 10
BURST_RATE = 10
CALIBRATION_FILES = 2

Process = Generator[simpy.Event, object, None]


@dataclass(slots=True)
class LiveRun:
    """A run as run control has it: its number, its state, and the STFs of each sender so far."""

    number: int
    state: RunState = RunState.IMMINENT
    stfs: Counter[str] = field(default_factory=Counter)


class RunControl:
    """One following of a schedule in one namespace; appends to ``told`` what happens."""

    def __init__(
        self,
        environment: simpy.Environment,
        plan: Plan,
        namespace: str,
        numbers: Iterator[int],
        dice: random.Random,
        told: list[Happening],
    ) -> None:
        self._environment = environment
        self._plan = plan
        self._namespace = namespace
        self._numbers = numbers
        self._dice = dice
        self._told = told
        self._step = plan.schedule[0]
        self._run: LiveRun | None = None

    def follow_schedule(self) -> Process:
        """Be in each state for its span; at the end, end the run that is left."""
        for step in self._plan.schedule:
            self._enter(step)
            if step.takes_data and self._run is not None:
                for sender in self._plan.sender_names:
                    self._environment.process(self._take_data(self._run, sender, step.span_s))
            yield self._environment.timeout(step.span_s)
            # An STF that is complete at this very moment is still of this state.
            yield self._environment.timeout(0)
        self._end_run()

    def _enter(self, step: Step) -> None:
        self._step = step
        if self._is_over_with(step):
            self._end_run()
        elif step.state in ("beam", "run") and self._run is None:
            self._announce_run()
        if step.takes_data:
            self._start_or_resume()
        elif step.state == "run" and self._is_in(RunState.RUNNING):
            self._move(RunState.PAUSED, "pause_run")

    def _is_in(self, state: RunState) -> bool:
        return self._run is not None and self._run.state is state

    def _is_over_with(self, step: Step) -> bool:
        """Return whether the present run ends by entering ``step``."""
        if self._run is None or step.state == "run":
            return False
        return step.state != "beam" or not self._is_in(RunState.IMMINENT)

    def _announce_run(self) -> None:
        self._run = run = LiveRun(next(self._numbers))
        self._tell(run, "run_imminent")
        for number in range(1, self._plan.calibrations + 1):
            self._environment.process(self._calibrate(run, number))

    def _start_or_resume(self) -> None:
        if self._is_in(RunState.IMMINENT):
            self._move(RunState.RUNNING, "start_run")
        elif self._is_in(RunState.PAUSED):
            self._move(RunState.RUNNING, "resume_run")

    def _move(self, state: RunState, msg_type: str) -> None:
        if self._run is not None:
            self._run.state = state
            self._tell(self._run, msg_type)

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        if not self._plan.streams_end:
            self._tell(run, "end_run")
            return
        for sender in self._plan.sender_names:
            stream = self._stream(sender)
            self._tell(run, "end_run", sender=sender, stream=stream, stfs=run.stfs[sender])

    def _take_data(self, run: LiveRun, sender: str, span_s: float) -> Process:
        """Make STFs for ``span_s`` seconds; one that would not be complete by then is not made."""
        now = self._environment.now
        until, fast = now + span_s, 0
        while run.stfs.total() < self._plan.stfs:
            fast = max(fast - 1, 0) or (BURST_STFS if self._dice.random() < self._plan.burst else 0)
            takes_s = self._dice.uniform(*self._plan.stf_every_s) / (BURST_RATE if fast else 1)
            began, now = now, now + takes_s
            if now > until:
                return
            yield self._environment.timeout(takes_s)
            if run.stfs.total() < self._plan.stfs:
                self._make_stf(run, sender, began, now)

    def _make_stf(self, run: LiveRun, sender: str, began: float, ended: float) -> None:
        run.stfs[sender] += 1
        stf = self._tell(
            run,
            "stf_gen",
            sender=sender,
            stream=self._stream(sender),
            number=run.stfs.total(),
            sequence=run.stfs[sender],
            began=began,
            ended=ended,
        )
        self._environment.process(self._write(stf))

    def _write(self, stf: Happening) -> Process:
        """Tell that ``stf`` is there, once it had the time to be written: perhaps after end_run.

        Samples of time frames are cut out of it then, for monitoring.
        """
        yield self._environment.timeout(WRITE_S)
        there = replace(stf, tick=self._environment.now, msg_type="stf_ready")
        self._told.append(there)
        for sample in range(1, self._plan.samples + 1):
            cut = replace(there, msg_type="tf_file_registered", sample=sample)
            self._told.append(cut)

    def _calibrate(self, run: LiveRun, number: int) -> Process:
        """Tell of each file of a calibration, then that these are all: when it likes."""
        for sequence in range(1, CALIBRATION_FILES + 1):
            share_s = self._plan.calibration_s / CALIBRATION_FILES
            yield self._environment.timeout(self._dice.uniform(0, share_s))
            self._tell(run, "file.input", number=number, sequence=sequence)
        self._tell(run, "dataset.input", number=number)

    def _stream(self, sender: str) -> str:
        """Return the stream of ``sender``: "" where there is only one."""
        return "" if self._plan.senders == 1 else sender

    def _tell(self, run: LiveRun, msg_type: str, **more: Any) -> Happening:
        said = {
            "tick": self._environment.now,
            "msg_type": msg_type,
            "run": run.number,
            "state": self._step.state,
            "substate": self._step.substate,
            "namespace": self._namespace,
            "sender": self._plan.sender,
            "stfs": run.stfs.total(),
        }
        happening = Happening(**(said | more))
        self._told.append(happening)
        return happening
