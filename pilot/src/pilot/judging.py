"""What a task's jobs say about the task, and whether a failed job is tried again."""

from collections.abc import Mapping
from dataclasses import dataclass

from penstock_core.states import FINAL_JOBS, JobState, TaskStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """A task as its rows are now.

    ``jobs`` counts by state; ``unregistered`` counts final jobs whose files are still to be
    registered; ``complete`` says that no further job will be made, ``broken`` that not all
    of its jobs could be made; ``skipped`` counts finished jobs whose step's condition was false.
    """

    jobs: Mapping[JobState, int]
    unregistered: int
    complete: bool
    cancelled: bool
    broken: bool = False
    skipped: int = 0

    def count(self, *states: JobState) -> int:
        """Return how many jobs are in one of ``states``."""
        return sum(self.jobs.get(state, 0) for state in states)


def judge(standing: Standing) -> TaskStatus:
    """Return the status that a task has by its jobs.

    A job that was cancelled though its task was not had an input that must not be used: it
    counts as little as one that was never made because of that.
    """
    everything = sum(standing.jobs.values())
    finished = standing.count(JobState.FINISHED)
    failed = standing.count(JobState.FAILED)
    if not standing.complete or standing.unregistered or standing.count(*FINAL_JOBS) < everything:
        return TaskStatus.IN_PROGRESS if everything else TaskStatus.SUBMITTED
    if standing.cancelled:
        return TaskStatus.CANCELLED
    if not everything:
        return TaskStatus.FAILED if standing.broken else TaskStatus.SKIPPED
    if not failed and not standing.broken:
        return TaskStatus.FINISHED if finished > standing.skipped else TaskStatus.SKIPPED
    return TaskStatus.PARTIAL if finished else TaskStatus.FAILED


def pause_s(failures: int, first_s: float, longest_s: float) -> float:
    """Return the pause after the n-th failure: doubled each time, up to the longest."""
    return min(first_s * 2.0 ** min(failures - 1, 60), longest_s)
