"""Streams of STFs: who sends them, who has ended, and when a run's dataset is all announced.

Several streams of a run may number their STFs in parallel. The end of a run is known when each of
them has ended, or when somebody who sends no STFs has ended the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dsm.manager.runs.sequences import Numbering


@dataclass(frozen=True, slots=True)
class Stream:
    """What is known of one stream of a run.

    Attributes
    ----------
    stfs
        How many STFs it announced.
    unannounced
        How many came as its own without that.
    named
        Whether messages name it as their stream, rather than only as their sender.
    ended, total
        Whether it has ended, and the count that it gave.
    """

    name: str
    stfs: int = 0
    unannounced: int = 0
    named: bool = False
    ended: bool = False
    total: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How many files a run has in all.

    ``counted`` marks a number that more facts may change: nobody gave a total, or it is open
    whether whoever gave one spoke for the run or for a stream that is still to come.
    """

    files: int
    counted: bool


def senders_of(streams: Sequence[Stream]) -> list[Stream]:
    """Return those streams that send STFs.

    Where STFs are announced, somebody who only says that one is there (a data agent) is none,
    unless it also speaks as a stream.

    >>> [s.name for s in senders_of([Stream("daq", 5), Stream("agent", 0, 1)])]
    ['daq']
    >>> [s.name for s in senders_of([Stream("agent", 0, 1), Stream("control", ended=True)])]
    ['agent']
    """
    announced = any(s.stfs for s in streams)
    sending = [
        s for s in streams if s.stfs or (s.unannounced and (s.named or s.ended or not announced))
    ]
    if any(s.named for s in sending):
        sending += [s for s in streams if s.named and s.ended and s not in sending]
    return sending


def end_of_run(streams: Sequence[Stream], numberings: Sequence[Numbering]) -> End | None:
    """Return how many files a run has in all, or None while its end is not known.

    ``numberings`` are asked only for who has ended without a total.

    >>> end_of_run([Stream("a", 5, ended=True, total=5), Stream("b", 7, ended=True, total=8)], ())
    End(files=13, counted=False)
    >>> end_of_run([Stream("a", 5), Stream("control", ended=True, total=6)], ())
    End(files=6, counted=False)
    >>> end_of_run([Stream("a", 3, ended=True)], [Numbering("a", 3, 3, 3, 1, 4)])
    End(files=4, counted=True)
    """
    sending = senders_of(streams)
    others = [s for s in streams if s.ended and s not in sending]
    counts = {n.stream: n.stfs + n.gaps for n in numberings}
    by_stream = [counts.get(s.name, 0) if s.total is None else s.total for s in sending]
    if not others:
        if not sending or not all(s.ended for s in sending):
            return None
        counted = any(s.total is None for s in sending)
        return End(sum(by_stream) + (counts.get(None, 0) if counted else 0), counted)
    totals = [s.total for s in others if s.total is not None]
    if not totals:
        return End(sum(by_stream) + counts.get(None, 0), counted=True)
    told = sum(s.total for s in sending if s.total is not None)
    # Less than its streams have is no total of the run, but that of one more stream.
    files = max(totals) if max(totals) >= told else max(totals) + told
    return End(files, counted=len(others) > 1 or any(s.ended for s in sending))


def needs_numbers(streams: Sequence[Stream]) -> bool:
    """Return whether somebody has ended without giving a total."""
    return any(s.ended and s.total is None for s in streams)


def sender_names(by_run: Mapping[int, Sequence[Stream]]) -> dict[int, list[str]]:
    """Return the names of the streams that send, by run; without the runs that have none."""
    names = {run_id: [s.name for s in senders_of(streams)] for run_id, streams in by_run.items()}
    return {run_id: of_run for run_id, of_run in names.items() if of_run}
