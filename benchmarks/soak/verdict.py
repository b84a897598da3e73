"""Whether a house made the right thing of a run: its record against what is seen, purely."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.soak.seen import Input
from daqsim.account import RunRecord
from penstock_core.contracts.dsm import LedgerRow
from penstock_core.states import DatasetState
from penstock_core.stf import stf_name

_MISSING = re.compile(r"STF ([0-9]+)(?: of (\S+))?")
_BY_TIME = {"incomplete", "no_end_run", "idle"}
_DONE = {"FINISHED", "SKIPPED"}


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the STFs of a run, in numbers of STFs.

    ``made`` = ``registered`` + ``missing``; ``registered`` = ``decoded`` + ``put_aside`` +
    ``archived``, late ones on which no chain runs, but that what was damaged in its header may have
    been ``decoded_before`` it was put aside; ``decoded`` = ``counted`` by the last step.
    """

    made: int = 0
    registered: int = 0
    missing: int = 0
    decoded: int = 0
    put_aside: int = 0
    archived: int = 0
    decoded_before: int = 0
    counted: int = 0

    @property
    def are_conserved(self) -> bool:
        """Return whether none is lost on the way."""
        ends = self.decoded + self.put_aside + self.archived - self.decoded_before
        from_start = self.made == self.registered + self.missing
        return from_start and self.registered == ends and self.decoded == self.counted

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(self._all, other._all, strict=True)))

    @property
    def _all(self) -> tuple[int, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Judged:
    """One run: by which rule it closed, what became of its STFs, and all that is wrong."""

    rule: str
    counts: Counts
    problems: tuple[str, ...]


def judge(
    run: RunRecord, inputs: Sequence[Input], house: Sequence[datetime], wait_s: float
) -> Judged:
    """Return whether ``inputs``, the run's dataset and its deltas, are as ``run`` has to be.

    ``house`` are the moments at which the house began to stand; nothing may close for want of
    news until it has waited for ``wait_s`` seconds after that.
    """
    what = f"{run.namespace}/{run.run}"
    if not inputs:
        heard_of = sum(n for kind, n in run.told.items() if "." not in kind)
        nothing = ["there is no dataset, and it was told of"] if heard_of else []
        return Judged("unheard of", Counts(made=made(run)), _named(what, nothing))
    first, rule = inputs[0], inputs[0].dataset.closed_rule
    problems = [
        *_registration(run, inputs),
        *_reason(run, first, rule),
        *_telling(first, rule),
        *_too_soon(inputs, house, wait_s),
        *_processing(run, inputs),
    ]
    return Judged(rule, _counts(run, inputs), _named(what, problems))


def _named(what: str, problems: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"run {what}: {problem}" for problem in problems)


def made(run: RunRecord) -> int:
    """Return how many STFs the run has."""
    return sum(run.stfs.values())


def _counts(run: RunRecord, inputs: Sequence[Input]) -> Counts:
    registered = sum(len(one.files) for one in inputs)
    return Counts(
        made=made(run),
        registered=registered,
        missing=made(run) - registered,
        decoded=sum(len(one.chain.decoded) for one in inputs),
        put_aside=sum(len(one.unusable) for one in inputs),
        archived=sum(len(i.names - i.unusable) for i in inputs if not i.dataset.processing),
        decoded_before=sum(len(_decoded(one) & one.unusable) for one in inputs),
        counted=sum(one.chain.counted or 0 for one in inputs),
    )


def _decoded(one: Input) -> set[str]:
    """Return the names of the files that the first step of the chain read."""
    indexes = set(one.chain.decoded)
    return {file.name for file in one.files if file.index in indexes}


def _registration(run: RunRecord, inputs: Sequence[Input]) -> Iterator[str]:
    """Tell of files that are not where they must be: each that was told ready, once."""
    found = Counter(name for one in inputs for name in one.names)
    for name in sorted(set(run.ready) - set(found)):
        yield f"{name} was told ready and is not registered"
    for name in sorted(set(found) - set(run.ready)):
        yield f"{name} is registered and was never told ready"
    for name in sorted(name for name, times in found.items() if times > 1):
        yield f"{name} is in {found[name]} of its datasets"
    for one in inputs:
        if one.dataset.state is not DatasetState.CLOSED:
            yield f"{one.dataset.name} is {one.dataset.state}"


def _reason(run: RunRecord, first: Input, rule: str) -> Iterator[str]:
    """Tell of a dataset that closed for a reason that is not true."""
    row = _closing(first)
    evidence: dict[str, Any] = row.evidence if row else {}
    registered, announced = len(first.files), evidence.get("announced")
    if total_is_told(run) and rule in ("count", "incomplete") and announced != made(run):
        yield f"it has {made(run)} STFs, and closed as if it had {announced}"
    if rule == "count":
        if total_is_told(run) and registered != made(run):
            yield f"closed by count with {registered} of {made(run)} STFs"
        if not run.told.get("end_run"):
            yield "closed by count, and no end was told"
        unseen = set(run.announced) - first.names
        if unseen:
            yield f"closed by count without {', '.join(sorted(unseen))}, announced"
    elif rule == "incomplete":
        yield from _names_the_missing(run, first, evidence)
    elif rule == "no_end_run":
        ends = run.happened["end_run"]
        heard = [at for at in first.ends_heard if row and at <= row.at]
        if len(heard) >= ends:
            yield f"closed for want of an end, and {ends} had been heard"
    elif rule == "empty":
        if registered:
            yield f"closed as empty with {registered} files"
    else:
        yield f"closed by the rule {rule!r}: {first.dataset.closed_because}"
    if rule in ("incomplete", "no_end_run") and not first.dataset.incomplete:
        yield "is not marked as incomplete"


def _telling(first: Input, rule: str) -> Iterator[str]:
    """Tell of what the house did not tell others, or told them twice."""
    if first.data_ready != 1:
        yield f"data_ready was told {first.data_ready} times"
    if ("no_end_run" in first.alarms) != (rule == "no_end_run"):
        yield f"closed by {rule}, with the alarms {list(first.alarms)}"


def _closing(one: Input) -> LedgerRow | None:
    """Return the row of the ledger that closed a dataset."""
    rows = [row for row in one.ledger if row.rule == one.dataset.closed_rule]
    return rows[-1] if rows else None


def _too_soon(inputs: Sequence[Input], house: Sequence[datetime], wait_s: float) -> Iterator[str]:
    """Tell of datasets that closed for want of news when nobody had listened for long enough."""
    for one in inputs:
        for row in one.ledger:
            since = max((at for at in house if at <= row.at), default=row.at)
            if row.rule in _BY_TIME and (row.at - since).total_seconds() < wait_s:
                yield f"{one.dataset.name}: {row.rule} right after a restart of the house"


def _names_the_missing(run: RunRecord, first: Input, evidence: dict[str, Any]) -> Iterator[str]:
    missing, unnamed = evidence.get("missing", ()), evidence.get("unnamed", 0)
    announced, registered = evidence.get("announced") or 0, len(first.files)
    if registered + len(missing) + unnamed != announced:
        yield f"{announced} announced, {registered} registered, {len(missing)} + {unnamed} missing"
    for name in missing:
        match = _MISSING.fullmatch(name)
        file = _file_of(run, match) if match else ""
        if not match or file in first.names:
            yield f"named {name} as missing, which {'is there' if match else 'is no STF'}"


def _file_of(run: RunRecord, match: "re.Match[str]") -> str:
    stream = match[2] if match[2] and "" not in run.stfs else ""
    return stf_name(run.run, int(match[1]), stream or "")


def total_is_told(run: RunRecord) -> bool:
    """Return whether every end of the run was told, with its count."""
    deeds = Counter(deed.deed for deed in run.deeds)
    return not (deeds["lose_end_run"] or deeds["no_total"])


def _processing(run: RunRecord, inputs: Sequence[Input]) -> Iterator[str]:
    """Tell of files that were neither processed nor put aside, and of counts that differ."""
    bad = {*run.damaged, *run.vanished}
    for one in inputs:
        name = one.dataset.name
        for file in sorted(one.unusable - bad):
            yield f"{file} is put aside, and nothing is wrong with it"
        for file in sorted(bad & one.names - one.unusable):
            yield f"{file} is not right, and is not put aside"
        if not one.dataset.processing:
            if one.chain.tasks:
                yield f"{name} is not for processing, and is processed"
            continue
        yield from _chain_of(run, one)


def _chain_of(run: RunRecord, one: Input) -> Iterator[str]:
    name, chain = one.dataset.name, one.chain
    if len(chain.tasks) != 3:
        yield f"{name} has {len(chain.tasks)} tasks, not 3"
        return
    for task in chain.tasks:
        if task.status not in _DONE:
            yield f"{task.step} over {name} is {task.status}: {task.reason}"
    decoded = _decoded(one)
    for file in sorted(one.names - decoded - one.unusable):
        yield f"{file} is good, and was not decoded"
    header = {d.filename for d in run.deeds if d.deed == "damage_header"}
    for file in sorted((decoded & one.unusable) - header):
        yield f"{file} was decoded, and is put aside"
    if chain.counted is not None and chain.counted != len(chain.decoded):
        yield f"{name}: {len(chain.decoded)} decoded, {chain.counted} counted at last"
    if chain.counted is None and chain.decoded:
        yield f"{name}: {len(chain.decoded)} decoded, and never counted"
