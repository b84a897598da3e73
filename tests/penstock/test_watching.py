"""When a demonstration is over."""

from penstock.demo.watching import Verdict, Watch
from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.workflow import Task


def dataset(state: str) -> Dataset:
    return Dataset.model_construct(name="swf.1.run", state=state)


def task(status: str) -> Task:
    return Task.model_construct(status=status)


def watch() -> Watch:
    return Watch(began_s=0, limit_s=100, patience_s=10)


def test_it_goes_on_while_anything_is_open_or_at_work():
    seen = watch()
    assert seen.look([], [], 0) == Verdict()
    assert seen.look([dataset("OPEN")], [], 1) == Verdict()
    assert seen.look([dataset("CLOSED")], [task("IN_PROGRESS")], 20) == Verdict()
    assert seen.look([dataset("OPEN")], [task("FINISHED")], 30) == Verdict()


def test_it_is_over_when_all_is_final():
    verdict = watch().look([dataset("CLOSED")], [task("FINISHED"), task("FAILED")], 1)
    assert verdict == Verdict(over=True, shown=True)


def test_a_closed_run_that_nobody_takes_is_given_up_after_a_while():
    seen = watch()
    assert not seen.look([dataset("OPEN")], [], 0).over
    assert not seen.look([dataset("CLOSED")], [], 30).over
    assert not seen.look([dataset("CLOSED")], [], 39).over
    verdict = seen.look([dataset("CLOSED")], [], 40)
    assert (verdict.over, verdict.shown) == (True, True)
    assert "no template took swf.1.run" in verdict.problem


def test_a_late_taker_is_waited_for():
    seen = watch()
    seen.look([dataset("CLOSED")], [], 0)
    assert seen.look([dataset("CLOSED")], [task("DEFINED")], 50) == Verdict()


def test_when_the_time_is_up_it_says_so_and_the_run_is_not_done():
    verdict = watch().look([dataset("CLOSED")], [task("IN_PROGRESS")], 100)
    assert (verdict.over, verdict.shown) == (True, False)
    assert "after 100 s" in verdict.problem
