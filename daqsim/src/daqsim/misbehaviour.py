"""From what happens to what is told: messages lost, repeated, late and in another order.

Pure and seeded: each happening has dice of its own, and all of them are thrown each time, so that
one more misbehaviour changes nothing about the others, and a restart finds each message as it was.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from daqsim.happening import Happening
from daqsim.mischief import KINDS, Mischief

OF_FILES = ("missing", "vanish", "damage_header", "damage_payload", "damage_checksum", "late")
_OF_MESSAGES = ("repeat", "delay", "reorder")
SAME_ID, OWN_ID = 1, 2


@dataclass(frozen=True, slots=True)
class Telling:
    """One message as it is sent, at ``tick``; or would have been, where it is not ``told``.

    ``origin`` numbers the happening that it tells of. A repeat has ``copy`` 1 where it goes under
    the first one's id, 2 under an id of its own. ``deeds`` name what is done to it.
    """

    tick: float
    origin: int
    copy: int
    happening: Happening
    deeds: frozenset[str] = frozenset()

    @property
    def told(self) -> bool:
        """Return whether it is sent at all."""
        kind = self.happening.msg_type
        never_there = kind == "stf_ready" and "missing" in self.deeds
        return f"lose_{kind}" not in self.deeds and not never_there

    @property
    def brings_file(self) -> bool:
        """Return whether the file that it is about must be on disk before."""
        brings = self.happening.msg_type in ("stf_ready", "file.input")
        return brings and not self.deeds & {"missing", "vanish"}


def misbehave(happened: Iterable[Happening], mischief: Mischief, seed: int) -> Iterator[Telling]:
    """Yield what is told of each happening, or would have been, in the order of sending."""
    return _reordered(_in_time(happened, mischief, seed))


def _in_time(happened: Iterable[Happening], mischief: Mischief, seed: int) -> Iterator[Telling]:
    waiting: list[tuple[float, int, int, Telling]] = []
    late = LateFiles(mischief.late_s)
    for origin, happening in enumerate(happened):
        while waiting and waiting[0][0] < happening.tick:
            yield heapq.heappop(waiting)[-1]
        dice = random.Random(f"{seed}/{origin}/{happening.msg_type}")  # noqa: S311 - not a secret
        tellings = _tellings(origin, happening, mischief, seed, dice)
        for telling in late.hold(happening, tellings, dice):
            place = telling.tick, telling.origin, telling.copy
            heapq.heappush(waiting, (*place, telling))
    while waiting:
        yield heapq.heappop(waiting)[-1]


class LateFiles:
    """Holds what comes late back, until its run has ended."""

    def __init__(self, late_s: float) -> None:
        self._late_s = late_s
        self._held: dict[tuple[str, int], list[Telling]] = defaultdict(list)
        self._ends: dict[tuple[str, int], float] = {}

    def hold(
        self, happening: Happening, tellings: list[Telling], dice: random.Random
    ) -> Iterator[Telling]:
        """Yield what may be sent now that ``happening`` took place."""
        run = happening.namespace, happening.run
        after_s = self._late_s * dice.uniform(0.5, 1)
        if happening.msg_type == "stf_ready" and "late" in tellings[0].deeds:
            self._held[run] += [replace(t, tick=t.tick - happening.tick) for t in tellings]
        else:
            yield from tellings
        if happening.msg_type == "end_run":
            self._ends[run] = happening.tick
        if run in self._ends:
            begin = max(happening.tick, self._ends[run] + after_s)
            for telling in self._held.pop(run, []):
                yield replace(telling, tick=begin + telling.tick)


def _tellings(
    origin: int, happening: Happening, mischief: Mischief, seed: int, dice: random.Random
) -> list[Telling]:
    """Return the message about ``happening``, and its repeat if it has one."""
    deeds = _of_message(happening, mischief, dice) | _of_file(happening, mischief, seed)
    delays_s = dice.uniform(0, mischief.delay_s), dice.uniform(0, mischief.delay_s)
    copy = dice.choice((SAME_ID, OWN_ID))
    tick = happening.tick + (delays_s[0] if "delay" in deeds else 0)
    first = Telling(tick, origin, 0, happening, frozenset(deeds - {"repeat"}))
    if "repeat" not in deeds or not first.told:
        return [first]
    again = frozenset(deeds - {"reorder", "delay"})
    return [first, Telling(tick + delays_s[1], origin, copy, happening, again)]


def _of_message(happening: Happening, mischief: Mischief, dice: random.Random) -> set[str]:
    kind = happening.msg_type
    may_be = {*_OF_MESSAGES, f"lose_{kind}"}
    if not happening.is_calibration:
        may_be.add("dialect")
    if kind == "end_run":
        may_be.add("no_total")
    return may_be & _thrown(mischief, dice)


def _of_file(happening: Happening, mischief: Mischief, seed: int) -> set[str]:
    """Return what befalls the file of an STF, the same for all messages about it."""
    if not happening.is_stf:
        return set()
    dice = random.Random(f"{seed}/{happening.key}")  # noqa: S311 - not a secret
    deeds = _thrown(mischief, dice)
    of_content = [name for name in OF_FILES[:-1] if name in deeds][:1]
    return {*of_content, *({"late"} & deeds if of_content != ["missing"] else ())}


def _thrown(mischief: Mischief, dice: random.Random) -> set[str]:
    """Return the names of those whose dice fell: one is thrown for each, asked for or not."""
    return {name for name in KINDS if dice.random() < getattr(mischief, name)}


def _reordered(tellings: Iterable[Telling]) -> Iterator[Telling]:
    """Yield the same, those that ask for it after the next one."""
    kept: Telling | None = None
    for telling in tellings:
        if kept is None and telling.told and "reorder" in telling.deeds:
            kept = telling
            continue
        yield telling
        if kept is not None:
            yield replace(kept, tick=telling.tick)
            kept = None
    if kept is not None:
        yield kept
