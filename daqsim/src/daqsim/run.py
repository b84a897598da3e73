"""A whole simulation: what happens is told in time, each message safe before the next."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from daqsim.clock import Clock
from daqsim.files import StfFile
from daqsim.messages import message_of
from daqsim.position import Journal, Parameters
from daqsim.publisher import Publisher
from daqsim.schedule import Schedule, physics_schedule, read_schedule
from daqsim.settings import DaqSettings
from daqsim.simulation import Happening, happenings
from daqsim.source import Source, open_source
from penstock_core.bus import Message
from penstock_core.clock import now


@dataclass(frozen=True, slots=True)
class Progress:
    """One message is out. ``stfs`` of at most ``stfs_planned`` are made in its run so far."""

    index: int
    message: Message
    run: int
    tick: float
    stfs: int
    stfs_planned: int | None

    @property
    def body(self) -> dict[str, Any]:
        """Return the message's body."""
        body: dict[str, Any] = json.loads(self.message.body)
        return body


@dataclass(frozen=True, slots=True)
class Outcome:
    """A simulation that has ended: its messages, ``sent`` of them now, and its last run."""

    messages: int
    sent: int
    run: int
    stfs: int
    stfs_planned: int | None


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

    @property
    def _parameters(self) -> Parameters:
        return self._journal.position.parameters

    async def run(self) -> Outcome:
        start = self._journal.position
        clock = Clock(self._parameters.speed, start.tick)
        happening = None
        for index, happening in enumerate(self._happenings()):
            if index >= start.next:
                await clock.reach(happening.tick)
                await self._tell(index, happening)
        told = self._journal.position.next
        return Outcome(
            told,
            told - start.next,
            happening.run if happening else self._parameters.run,
            happening.stfs if happening else 0,
            self._source.stfs,
        )

    def _happenings(self) -> Iterator[Happening]:
        given = self._parameters
        return happenings(self._schedule, seed=given.seed, first_run=given.run, stfs=given.stfs)

    async def _tell(self, index: int, happening: Happening) -> None:
        stf = self._stf(happening)
        if stf is not None and happening.msg_type == "stf_ready":
            await asyncio.to_thread(stf.write)
        message = message_of(happening, index, self._parameters, stf)
        await self._publisher.publish([message])
        await asyncio.to_thread(self._journal.advance, happening.tick)
        self._on_progress(
            Progress(
                index,
                message,
                happening.run,
                happening.tick,
                happening.stfs,
                self._source.stfs,
            )
        )

    def _stf(self, happening: Happening) -> StfFile | None:
        if not happening.sequence:
            return None
        return StfFile.of(self._source.stf(happening.run, happening.sequence), self._settings.out)


def _schedule(settings: DaqSettings) -> Schedule:
    return read_schedule(settings.schedule) if settings.schedule else physics_schedule()
