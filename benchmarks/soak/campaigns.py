"""What the DAQ does in a soak: campaigns of runs, each with misbehaviour of its own, all seeded."""

import random
from dataclasses import dataclass

from daqsim.mischief import KINDS

NAMESPACES = ("alice", "bob")
RUNS_APART = 10
FIRST_RUN = 1000
_OFTEN = {"burst": 0.05}
"""The most that a probability may be; 0.25 for all others."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of a soak, in seconds of the wall: what its rule for datasets says."""

    max_latency_s: float = 10.0
    idle_timeout_s: float = 25.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """One start of the simulator: its name, the numbers of its runs, and its options."""

    name: str
    first_run: int
    options: tuple[str, ...]


def campaign(number: int, seed: int, pace: Pace) -> Campaign:
    """Return campaign ``number`` (from 0) of a soak."""
    dice = random.Random(f"{seed}/{number}")
    first_run = FIRST_RUN + number * RUNS_APART
    speed = dice.uniform(4, 12)
    options = {
        "--run": first_run,
        "--seed": seed + number,
        "--events": "noise",
        "--speed": round(speed, 2),
        "--stfs": dice.randint(3, 15),
        "--stf-every-s": "0.5,1.5",
        "--times": dice.randint(1, 3),
        "--every-s": round(dice.uniform(5, 60), 1),
        "--senders": dice.choice((1, 1, 2, 3)),
        "--namespace": dice.choice((*NAMESPACES, ",".join(NAMESPACES))),
        "--samples": dice.choice((0, 0, 1, 7)),
        "--calibrations": dice.randint(1, 2),
        "--calibration-s": round(dice.uniform(5, 100), 1),
    }
    words = [word for name, value in options.items() for word in (name, str(value))]
    words += ["--streams-end"] * (dice.random() < 0.5)
    for deed in _mischief(dice, pace, speed):
        words += ["--mischief", deed]
    return Campaign(f"campaign-{number}", first_run, tuple(words))


def last_campaign(number: int, seed: int) -> Campaign:
    """Return a well-behaved run in each namespace: the later run that ends those without an end."""
    first_run = FIRST_RUN + number * RUNS_APART
    words = ("--run", str(first_run), "--seed", str(seed), "--events", "noise", "--stfs", "3")
    more = ("--speed", "10", "--calibrations", "1", "--namespace", ",".join(NAMESPACES))
    return Campaign(f"campaign-{number}", first_run, (*words, *more))


def _mischief(dice: random.Random, pace: Pace, speed: float) -> list[str]:
    """Return what goes wrong: nothing in one of eight, else each kind or not, more or less."""
    if dice.random() < 1 / 8:
        return []
    deeds = [
        f"{kind}={dice.uniform(0.01, _OFTEN.get(kind, 0.25)):.3f}"
        for kind in KINDS
        if dice.random() < 0.4
    ]
    # Messages are late by less than what is waited for; files by less or more.
    deeds.append(f"delay_s={dice.uniform(0.1, 0.4) * pace.max_latency_s * speed:.1f}")
    deeds.append(f"late_s={dice.uniform(0.2, 2.5) * pace.max_latency_s * speed:.1f}")
    return deeds
