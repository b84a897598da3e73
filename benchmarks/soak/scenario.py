"""A soak from its first start to its verdict."""

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.soak.campaigns import NAMESPACES, Pace, campaign, last_campaign
from benchmarks.soak.memory import Sample, Sampler
from benchmarks.soak.processes import House, Sender
from benchmarks.soak.seen import Seen, look, read_inputs, unfinished
from benchmarks.soak.verdict import Counts, judge
from daqsim.account import RunRecord
from penstock.client import Penstock
from penstock.template_file import read_template
from penstock_core.contracts.closing import NewRule, Policy
from penstock_core.errors import PenstockError, RetriableError

TEMPLATE = Path(__file__).parent / "template" / "template.yaml"
TICK_S = 0.25
LOOK_EVERY_S = 2.0
RESTARTED = 0.5
"""In which part of the time the house is restarted."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How long a soak sends, from which seed; how much is under way at once; how often it kills.

    ``restart_s`` is the mean time between two restarts of the house; for the last part of the time
    it is left in peace, for its memory to be seen. ``patience_s`` is how long it may take to come
    to rest after the last message.
    """

    folder: Path
    seconds: float
    seed: int
    restart_s: float = 300.0
    senders: int = 3
    open_datasets: int = 40
    campaigns: int = 1_000_000
    patience_s: float = 900.0
    pace: Pace = field(default_factory=Pace)


@dataclass(slots=True)
class Outcome:
    """What a soak gave."""

    seed: int
    seconds: float = 0.0
    runs: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    restarts: Counter[str] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counts)
    samples: list[Sample] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def soak(options: Options, say: Say) -> Outcome:
    """Run one; all that is not as it must be stands in the outcome's ``problems``."""
    return _Soak(options, say).run()


class _Soak:
    def __init__(self, options: Options, say: Say) -> None:
        self._options = options
        self._say = say
        self._dice = random.Random(options.seed)
        self._house = House(options.folder)
        self._live: list[Sender] = []
        self._over: list[Sender] = []
        self._outcome = Outcome(options.seed)
        self._restart_at = 0.0

    def run(self) -> Outcome:
        began = time.monotonic()
        try:
            with Sampler(lambda: self._house.pid, lambda: len(self._house.starts)) as sampler:
                self._house.start()
                self._furnish()
                self._send_until(time.monotonic() + self._options.seconds)
                self._finish()
                self._check()
            self._outcome.samples = sampler.samples
        finally:
            for sender in self._live:
                sender.end()
            self._house.kill(with_children=True)
        self._outcome.seconds = time.monotonic() - began
        return self._outcome

    @contextmanager
    def _penstock(self) -> Iterator[Penstock]:
        with Penstock.local(self._house.data_dir) as penstock:
            yield penstock

    def _furnish(self) -> None:
        """Load the chain, and say when datasets of runs close; late files are processed by bob."""
        with self._penstock() as penstock:
            penstock.upload(read_template(TEMPLATE))
            pace = self._options.pace
            for namespace in NAMESPACES:
                policy = Policy(
                    max_latency_s=pace.max_latency_s,
                    idle_timeout_s=pace.idle_timeout_s,
                    files_per_part=10,
                    late="chain" if namespace == "bob" else "archive",
                )
                rule = NewRule(masks=("swf.*.run",), namespace=namespace, policy=policy)
                penstock.set_rule(f"soak-{namespace}", rule)

    def _send_until(self, deadline: float) -> None:
        """Send campaigns, as many at once as are welcome; restart the house now and then."""
        number, next_look, welcome = 0, 0.0, True
        peace = deadline - (1 - RESTARTED) * self._options.seconds
        self._plan_restart()
        while time.monotonic() < deadline and (number < self._options.campaigns or self._live):
            self._tend()
            if self._restart_at < time.monotonic() < peace:
                self._restart()
            if time.monotonic() > next_look:
                welcome = self._is_welcome()
                next_look = time.monotonic() + LOOK_EVERY_S
            is_left = number < self._options.campaigns
            if is_left and welcome and len(self._live) < self._options.senders:
                self._send(number)
                number += 1
            time.sleep(TICK_S)
        self._number = number

    def _send(self, number: int) -> None:
        what = campaign(number, self._options.seed, self._options.pace)
        dice = random.Random(f"{self._options.seed}/sender/{number}")
        self._live.append(Sender(what, self._options.folder, self._house, dice))

    def _tend(self) -> None:
        over = [sender for sender in self._live if sender.is_over()]
        self._live = [sender for sender in self._live if sender not in over]
        self._over += over

    def _is_welcome(self) -> bool:
        """Return whether the house has not too much under way."""
        try:
            with self._penstock() as penstock:
                return len(penstock.datasets(state="OPEN")) < self._options.open_datasets
        except RetriableError:
            return False

    def _plan_restart(self) -> None:
        self._restart_at = time.monotonic() + self._options.restart_s * self._dice.uniform(0.5, 1.5)

    def _restart(self) -> None:
        """End the house in one of three ways, leave it down a while, start it again."""
        how = self._dice.choice(("stopped", "killed", "killed with its children"))
        if how == "stopped":
            self._house.stop()
        else:
            self._house.kill(with_children="with" in how)
        time.sleep(self._dice.uniform(0, 4))
        self._house.start()
        self._outcome.restarts[how] += 1
        self._say(f"The house was {how}, and stands again.")
        self._plan_restart()

    def _finish(self) -> None:
        """Let all be sent, then a last run in each namespace, then wait until the house rests."""
        self._wait(lambda: not self._live, "the DAQ to send all")
        what = last_campaign(self._number, self._options.seed)
        self._live.append(Sender(what, self._options.folder, self._house, self._dice))
        self._wait(lambda: not self._live, "the last run")
        self._wait(self._rests, "the house to come to rest")

    def _wait(self, until: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._options.patience_s
        while True:
            self._tend()
            if until():
                return
            if time.monotonic() > deadline:
                self._outcome.problems.append(f"waited in vain for {what}")
                return
            time.sleep(TICK_S)

    def _rests(self) -> bool:
        """Return whether nothing is open, nothing under way; looks at most every other second."""
        time.sleep(LOOK_EVERY_S - TICK_S)
        with self._penstock() as penstock:
            if penstock.datasets(state="OPEN") or penstock.live_jobs():
                return False
            return not unfinished([penstock.tasks()])

    def _check(self) -> None:
        outcome = self._outcome
        records = [record for sender in self._over for record in sender.record().runs]
        with self._penstock() as penstock:
            seen = look(penstock)
            for record in records:
                self._check_run(penstock, seen, record)
            if not outcome.counts.are_conserved:
                outcome.problems.append(f"not every STF is accounted for: {outcome.counts}")
            outcome.problems += [f"{d.namespace}/{d.name} is still open" for d in seen.open]
            outcome.problems += [
                f"task {t.task_id} ({t.step} over {t.input_name}) is still {t.status}"
                for t in unfinished(seen.tasks.values())
            ]
        self._house.stop()
        outcome.problems += left_on_queues(self._house.data_dir / "bus.db")

    def _check_run(self, penstock: Penstock, seen: Seen, record: RunRecord) -> None:
        outcome = self._outcome
        try:
            inputs = read_inputs(penstock, seen, record.namespace, record.run)
            wait_s = self._options.pace.max_latency_s
            judged = judge(record, inputs, self._house.starts, wait_s)
        except PenstockError as error:
            outcome.problems.append(f"run {record.namespace}/{record.run} cannot be read: {error}")
            return
        outcome.runs += 1
        outcome.rules[judged.rule] += 1
        outcome.deeds.update(deed.deed for deed in record.deeds)
        outcome.counts += judged.counts
        outcome.problems += judged.problems
        for name in record.calibrations:
            dataset = seen.datasets.get((record.namespace, name))
            if dataset is None or (dataset.state, dataset.files) != ("CLOSED", 2):
                found = f"{dataset.state}, {dataset.files} files" if dataset else "not there"
                outcome.problems.append(f"calibration {record.namespace}/{name}: {found}")


def left_on_queues(bus: Path) -> list[str]:
    """Return a line for each queue of a stopped house that is not empty, but those of hints."""
    with sqlite3.connect(bus) as store:
        rows = store.execute("SELECT queue, count(*), max(headers) FROM entry GROUP BY queue")
        return [
            f"{count} messages are left on {queue}: {headers}"
            for queue, count, headers in rows
            if not queue.endswith((".wake", ".reply"))
        ]
