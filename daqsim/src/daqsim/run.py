"""A whole simulation: what happens is told in time, each message safe before the next."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daqsim.account import Account
from daqsim.clock import Clock
from daqsim.contents import calibration_files, stf_file
from daqsim.files import DaqFile
from daqsim.messages import message_of
from daqsim.misbehaviour import Telling, misbehave
from daqsim.position import Journal, Parameters
from daqsim.publisher import Publisher
from daqsim.schedule import Schedule, physics_schedule, read_schedule
from daqsim.settings import DaqSettings
from daqsim.simulation import happenings
from daqsim.source import Source, open_source
from penstock_core.bus import Message
from penstock_core.clock import now


@dataclass(frozen=True, slots=True)
class Progress:
    """A message is out, or lost, which is ``message`` None: number ``index`` of the simulation.

    ``stfs`` of at most ``stfs_planned`` are made in its run so far.
    """

    index: int
    telling: Telling
    message: Message | None
    stfs_planned: int | None

    @property
    def body(self) -> dict[str, Any]:
        """Return the message's body; empty if it is lost."""
        body: dict[str, Any] = json.loads(self.message.body) if self.message else {}
        return body

    @property
    def run(self) -> int:
        return self.telling.happening.run

    @property
    def tick(self) -> float:
        return self.telling.tick

    @property
    def stfs(self) -> int:
        return self.telling.happening.stfs


@dataclass(frozen=True, slots=True)
class Outcome:
    """A simulation that has ended: its messages, ``sent`` of them now, and its last run.

    ``deeds`` counts the misbehaviours of all its starts.
    """

    messages: int
    sent: int
    run: int
    stfs: int
    stfs_planned: int | None
    deeds: int = 0


OnProgress = Callable[[Progress], None]


async def simulate(
    settings: DaqSettings, publisher: Publisher, on_progress: OnProgress = lambda _: None
) -> Outcome:
    """Return when the schedule has ended and all its messages are published.

    Where the position file tells of an earlier start, it goes on from there: a message may be
    published twice, with the same id, but none is left out.

    Raises
    ------
    PenstockError
        schedule, events or position do not do, or the publisher refuses a message.
    """
    simulation = _Simulation(settings, publisher, on_progress)
    return await simulation.run()


class _Simulation:
    def __init__(
        self, settings: DaqSettings, publisher: Publisher, on_progress: OnProgress
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._on_progress = on_progress
        self._schedule = _schedule(settings)
        self._source: Source = open_source(settings.events, settings.stfs, settings.seed)
        self._journal = Journal.open(settings, self._schedule, self._source.stfs, now())
        self._account = Account()

    @property
    def _parameters(self) -> Parameters:
        return self._journal.position.parameters

    async def run(self) -> Outcome:
        start = self._journal.position
        clock = Clock(self._parameters.speed, start.tick)
        told = sent = 0
        last: Telling | None = None
        for index, telling in enumerate(self._tellings()):
            last, told = telling, told + telling.told
            self._account.add(telling)
            if index >= start.next:
                await clock.reach(telling.tick)
                await self._tell(index, telling)
                sent += telling.told
        await self._keep_record(over=True)
        run, stfs = (last.happening.run, last.happening.stfs) if last else (0, 0)
        return Outcome(told, sent, run, stfs, self._source.stfs, self._account.deeds)

    def _tellings(self) -> Iterator[Telling]:
        given = self._parameters
        happened = happenings(given.plan(self._schedule))
        return misbehave(happened, given.mischief, given.seed)

    async def _tell(self, index: int, telling: Telling) -> None:
        message = None
        files = self._files(telling)
        if telling.brings_file:
            for file in files:
                await asyncio.to_thread(file.write)
        if telling.told:
            message = message_of(telling, self._parameters, files)
            await self._publisher.publish([message])
        await asyncio.to_thread(self._journal.advance, telling.tick)
        if telling.happening.msg_type == "end_run":
            await self._keep_record()
        self._on_progress(Progress(index, telling, message, self._source.stfs))

    def _files(self, telling: Telling) -> tuple[DaqFile, ...]:
        happening, seed = telling.happening, self._parameters.seed
        folder = self._folder(happening.namespace)
        if happening.is_stf:
            return (stf_file(happening, telling.deeds, self._source, folder, seed),)
        return calibration_files(happening, folder, seed) if happening.is_calibration else ()

    def _folder(self, namespace: str) -> Path:
        """Return where files go: names are of a run, and namespaces may have the same runs."""
        out = self._settings.out.absolute()
        return out / namespace if len(self._parameters.namespaces) > 1 else out

    async def _keep_record(self, *, over: bool = False) -> None:
        await asyncio.to_thread(self._account.write, self._settings.record_file, over=over)


def _schedule(settings: DaqSettings) -> Schedule:
    return read_schedule(settings.schedule) if settings.schedule else physics_schedule()
