"""The closing loop: what it closes, when it looks again, which alarms it raises."""

import asyncio
from datetime import timedelta

import pytest
from tests.scheduler.test_closing import evidence, run

from penstock_core.clock import now
from penstock_core.contracts.base import Page
from penstock_core.contracts.closing import ClosingPage, Policy
from penstock_core.contracts.dsm import CloseResult
from penstock_core.contracts.workflow import Alarm
from penstock_core.errors import ServiceUnavailable
from scheduler.closer import Closer
from scheduler.timer import Timer

AGO = now() - timedelta(days=1)


class Storage:
    """Open datasets in pages of two; those in ``changed`` are no more as they were seen.

    ``later`` is when others are to be looked at.
    """

    def __init__(self, *seen, later=None):
        self.seen = list(seen)
        self.changed = set()
        self.closed = {}
        self.deferred = {}
        self.later = later

    async def closing(self, after=0, limit=2):
        open_ones = [(n, e) for n, e in enumerate(self.seen, 1) if e.uid not in self.closed]
        page = [(n, e) for n, e in open_ones if n > after][:limit]
        following = page[-1][0] if len(page) == limit else None
        return ClosingPage(items=tuple(e for _, e in page), next=following, look_at=self.later)

    async def defer_closing(self, deferrals):
        self.deferred |= {d.uid: d.until for d in deferrals}

    async def close_datasets(self, requests):
        results = []
        for request in requests:
            outcome = "stale" if request.uid in self.changed else "closed"
            if outcome == "closed":
                self.closed[request.uid] = request.rule
            results.append(CloseResult(uid=request.uid, outcome=outcome, revision=8))
        return tuple(results)


class Alarms:
    """Raised alarms by what they are about, with the number of times that they were raised."""

    def __init__(self):
        self.raised = {}
        self.away = False

    async def raise_alarms(self, alarms):
        if self.away:
            raise ServiceUnavailable("away")
        for a in alarms:
            key = (a.kind, a.subject)
            self.raised[key] = self.raised.get(key, 0) + 1

    async def clear_alarms(self, keys):
        for key in keys:
            self.raised.pop((key.kind, key.subject), None)

    async def alarms(self, kind, after):
        rows = [
            Alarm(
                alarm_id=n,
                kind=known,
                subject=subject,
                text="x",
                raised_at=AGO,
                seen_at=AGO,
                count=1,
                acknowledged_by="",
                acknowledged_at=None,
                cleared_at=None,
            )
            for n, (known, subject) in enumerate(self.raised)
            if known == kind
        ]
        return Page(items=tuple(rows))


def dataset(uid, registered, announced, **more):
    return evidence(registered, announced, **{"uid": uid, "name": uid, "opened_at": AGO} | more)


def complete(uid):
    return dataset(uid, 8, 8)


def silent(uid):
    return dataset(uid, 3, None, runs=(run(heard_s=-1e6),), last_file_at=AGO)


def held(uid):
    return dataset(uid, 7, 8, announced_at=AGO, last_file_at=AGO, policy=Policy(incomplete="wait"))


def closer(storage, alarms, forecasts=None):
    return Closer(storage, alarms, (forecasts if forecasts is not None else []).append)


async def test_all_pages_are_looked_at_and_what_is_due_is_closed():
    storage = Storage(
        *(complete(f"d{n}") for n in range(5)), dataset("open", 1, 2, announced_at=now())
    )
    assert not await closer(storage, Alarms()).close()
    assert storage.closed == {f"d{n}": "count" for n in range(5)}


async def test_what_changed_meanwhile_is_looked_at_again():
    storage = Storage(complete("d"))
    storage.changed = {"d"}
    assert await closer(storage, Alarms()).close()


async def test_the_earliest_forecast_is_told_after_each_look():
    forecasts = []
    moment = now()
    soon = dataset("soon", 1, 2, announced_at=moment, last_file_at=moment - timedelta(minutes=1))
    later = dataset("later", 1, 2, announced_at=moment + timedelta(minutes=1))
    await closer(Storage(later, soon), Alarms(), forecasts).close()
    await closer(Storage(complete("d")), Alarms(), forecasts).close()
    await closer(Storage(later=soon.opened_at), Alarms(), forecasts).close()
    assert forecasts == [moment + timedelta(minutes=5), None, soon.opened_at]


async def test_what_nothing_is_due_on_is_left_alone_until_it_may_be():
    moment = now()
    soon = dataset("soon", 1, 2, announced_at=moment)
    unannounced = dataset("unannounced", 0, None)
    in_time = Policy(incomplete="wait")
    left_to_an_operator = dataset("held", 1, 2, announced_at=moment, policy=in_time)
    storage = Storage(soon, unannounced, left_to_an_operator, held("overdue"), complete("d"))
    await closer(storage, Alarms()).close()
    due = moment + timedelta(minutes=5)
    assert storage.deferred == {"soon": due, "unannounced": None, "held": due}


async def test_a_run_without_end_is_closed_with_an_alarm():
    storage, alarms = Storage(silent("swf.1.run")), Alarms()
    await closer(storage, alarms).close()
    assert storage.closed == {"swf.1.run": "no_end_run"}
    assert alarms.raised == {("no_end_run", "swf.1.run"): 1}


async def test_an_alarm_that_came_too_early_is_taken_back():
    storage, alarms = Storage(silent("swf.1.run")), Alarms()
    storage.changed = {"swf.1.run"}
    assert await closer(storage, alarms).close()
    assert alarms.raised == {}


async def test_while_no_alarm_can_be_raised_the_others_close():
    storage, alarms = Storage(silent("a"), silent("b"), complete("c"), complete("d")), Alarms()
    alarms.away = True
    with pytest.raises(ServiceUnavailable):
        await closer(storage, alarms).close()
    assert storage.closed == {"c": "count", "d": "count"}
    alarms.away = False
    await closer(storage, alarms).close()
    assert set(storage.closed) == {"a", "b", "c", "d"}


async def test_what_waits_for_an_operator_is_told_once_and_cleared_when_it_no_longer_waits():
    storage, alarms = Storage(held("a.raw")), Alarms()
    first = closer(storage, alarms)
    await first.close()
    await first.close()
    assert alarms.raised == {("waits_for_operator", "a.raw"): 1}
    again = closer(storage, alarms)
    await again.close()
    assert alarms.raised == {("waits_for_operator", "a.raw"): 1}
    storage.seen = [complete("a.raw")]
    await again.close()
    assert alarms.raised == {}


async def test_the_timer_wakes_at_the_moment_set_last():
    woken = []
    timer = Timer()
    timer.set(now() + timedelta(seconds=0.02), lambda: woken.append("first"))
    timer.set(now() + timedelta(seconds=0.05), lambda: woken.append("second"))
    await asyncio.sleep(0.2)
    timer.set(now() + timedelta(seconds=0.02), lambda: woken.append("third"))
    timer.set(None, lambda: None)
    await asyncio.sleep(0.1)
    assert woken == ["second"]
