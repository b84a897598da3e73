"""How many dataset names a second are matched against 10 000 templates, on one core.

``python -m benchmarks masks`` prints the figure.
"""

import random
import time

from benchmarks.figure import Figure
from penstock_core.masks import MaskIndex, Selector

TEMPLATES = 10_000
NAMES = 50_000
TARGET = 100_000
SHARE_THAT_MATCHES = 0.1

DETECTORS = ("ecal", "hcal", "mvd", "tof", "rich", "straw", "zdc", "bbc")
STREAMS = ("physics", "cosmics", "laser", "pedestal", "noise")


def selectors(count: int = TEMPLATES) -> dict[int, Selector]:
    """Return selectors of the usual families, each family in equal parts."""
    families = (
        lambda n: [f"swf.{n:06d}*.run"],
        lambda n: [f"*.test{n}.*"],
        lambda n: [f"group{n}.*.raw"],
        lambda n: [f"run{n}*.physics.*"],
        lambda n: [f"{DETECTORS[n % 8]}.{{run:{n:05d}[0-9]*}}.{STREAMS[n % 5]}.v?"],
        lambda n: [f"*.user{n}_[ab]*.*.reco"],
    )
    chosen = {n: Selector.parse(families[n % len(families)](n)) for n in range(count - 3)}
    few = (["swf.*.run"], ["*.test.*"], ["[0-9][0-9]*-?*"])
    return chosen | {count - 3 + n: Selector.parse(masks) for n, masks in enumerate(few)}


def names(count: int = NAMES, seed: int = 1) -> list[str]:
    """Return dataset names, about one in ten of which some selector takes."""
    dice = random.Random(seed)
    return [
        _taken(dice) if dice.random() < SHARE_THAT_MATCHES else _not_taken(dice)
        for _ in range(count)
    ]


def _taken(dice: random.Random) -> str:
    n = 6 * dice.randrange(TEMPLATES // 6)
    return dice.choice(
        (
            f"swf.{n:06d}{dice.randrange(1000):03d}.run",
            f"epic.{dice.choice(STREAMS)}.test{n + 1}.{dice.randrange(1000)}",
            f"group{n + 2}.{dice.choice(DETECTORS)}.{dice.randrange(10**6)}.raw",
            f"run{n + 3}{dice.randrange(1000):03d}.physics.{dice.choice(DETECTORS)}",
            f"spd.{dice.choice(DETECTORS)}.test.{dice.randrange(10**6)}",
            f"swf.{dice.randrange(10**6)}.run",
        )
    )


def _not_taken(dice: random.Random) -> str:
    n = dice.randrange(10**5)
    return dice.choice(
        (
            f"swf.{n:06d}.{dice.choice(STREAMS)}.stf",
            f"epic.{dice.choice(STREAMS)}.trial{n}.{dice.randrange(1000)}",
            f"group{n}.{dice.choice(DETECTORS)}.{dice.randrange(10**6)}.reco",
            f"run{n}.{dice.choice(STREAMS[1:])}.{dice.choice(DETECTORS)}",
            f"{dice.choice(DETECTORS)}.{n:05d}.{dice.choice(STREAMS)}.aod",
            f"data25.user{n}_c.{dice.choice(STREAMS)}.reco",
        )
    )


def run() -> list[Figure]:
    """Measure names a second, on one core."""
    index = MaskIndex(selectors())
    given = names()
    index_all(index, given)
    begin = time.process_time()
    index_all(index, given)
    rate = len(given) / (time.process_time() - begin)
    return [Figure("masks, 10 000 templates", round(rate), "names/s", TARGET)]


def index_all(index: MaskIndex[int], given: list[str]) -> int:
    """Return how many of the names some selector takes; the first pass also compiles masks."""
    return sum(bool(index.match(name)) for name in given)
