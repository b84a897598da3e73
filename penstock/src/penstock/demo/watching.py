"""When a demonstration is over: all is final, no template took its run, or its time is up."""

from collections.abc import Sequence
from dataclasses import dataclass

from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.workflow import Task
from penstock_core.states import FINAL_TASKS, DatasetState


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a demonstration is ``over``, with which ``problem``; ``shown``: its run is done."""

    over: bool = False
    shown: bool = False
    problem: str = ""


class Watch:
    """Judges what is seen of a run, look after look; times are seconds of one clock.

    A run that is closed and that no template has taken for ``patience_s`` is taken by none.
    """

    def __init__(self, began_s: float, limit_s: float, patience_s: float) -> None:
        self._deadline_s = began_s + limit_s
        self._limit_s = limit_s
        self._patience_s = patience_s
        self._lonely_since_s: float | None = None

    def look(self, datasets: Sequence[Dataset], tasks: Sequence[Task], at_s: float) -> Verdict:
        """Return the verdict on what is seen at ``at_s``; the run's own dataset is the first."""
        all_closed = all(dataset.state != DatasetState.OPEN for dataset in datasets)
        if tasks and all_closed and all(task.status in FINAL_TASKS for task in tasks):
            return Verdict(over=True, shown=True)
        if self._nobody_took_it(bool(datasets) and all_closed and not tasks, at_s):
            return Verdict(over=True, shown=True, problem=_nobody(datasets[0]))
        if at_s >= self._deadline_s:
            return Verdict(over=True, problem=_late(self._limit_s))
        return Verdict()

    def _nobody_took_it(self, lonely: bool, at_s: float) -> bool:
        if not lonely:
            self._lonely_since_s = None
            return False
        if self._lonely_since_s is None:
            self._lonely_since_s = at_s
        return at_s - self._lonely_since_s >= self._patience_s


def _nobody(dataset: Dataset) -> str:
    return (
        f"no template took {dataset.name}, which is closed: the masks of --templates do not fit "
        f"it; penstock explain {dataset.name} TEMPLATE names the clause"
    )


def _late(limit_s: float) -> str:
    return (
        f"not all was final after {limit_s:.0f} s; what is shown is how it stood then, "
        "and another demo goes on from there"
    )
