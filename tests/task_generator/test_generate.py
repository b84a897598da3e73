"""From the storage manager's log to decisions and chains."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock_core.clock import now
from penstock_core.contracts.base import Event, EventPage
from penstock_core.contracts.workflow import Catalogue, CatalogueEntry, GeneratedBatch
from penstock_core.errors import ServiceUnavailable, Stale
from recipe.model import InputSpec, Link, Port, Recipe, Step
from task_generator.generate import told_datasets
from task_generator.generator import Generator

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

STEP = Step(
    name="decode",
    mode="map",
    trigger="open",
    links=(Link(key="f", take="each"),),
    values=(),
    ports=(Port(name="out"),),
    job_document={},
    label="decode",
)
RECIPE = Recipe(
    input="raw", inputs=(InputSpec(name="raw", type="File", required=True),), steps=(STEP,),
    documents={},
)  # fmt: skip


def entry(template_id: int, status: str = "ACTUAL") -> CatalogueEntry:
    return CatalogueEntry(
        template_id=template_id,
        name=f"t{template_id}",
        version=1,
        status=status,
        masks=("swf.{run}.run",),
        exclude=(),
        where=(),
        namespace="*",
        effective_from=NOON,
        recipe_digest="digest",
    )


def dataset(uid: str, name: str, kind: str = "input", state: str = "OPEN") -> dict[str, Any]:
    return {
        "uid": uid,
        "namespace": "default",
        "scope": "group.daq",
        "name": name,
        "kind": kind,
        "state": state,
        "metadata": {},
        "producer": "",
        "files": 0,
        "size_bytes": 0,
        "announced": None,
        "incomplete": False,
        "revision": 0,
        "opened_at": NOON.isoformat(),
        "closed_at": None,
        "closed_because": "",
        "closed_by": "",
    }


def event(seq: int, body: dict[str, Any], topic: str = "dataset.registered") -> Event:
    return Event(
        seq=seq, topic=topic, key=body["uid"], namespace="default", at=NOON.isoformat(), body=body
    )


def test_a_dataset_comes_once_with_its_last_state_in_the_order_of_arrival() -> None:
    events = [
        event(1, dataset("a", "swf.1.run")),
        event(2, dataset("b", "swf.2.run")),
        event(3, dataset("a", "swf.1.run", state="CLOSED"), "dataset.closed"),
    ]
    assert [(d.uid, d.state) for d in told_datasets(events)] == [("a", "CLOSED"), ("b", "OPEN")]


def test_logs_are_not_decided_on() -> None:
    events = [event(1, dataset("o", "swf.1.run", kind="log"))]
    assert told_datasets(events) == ()


class Dsm:
    """A log."""

    def __init__(self, *events: Event) -> None:
        self.log = events

    async def events(self, after: int, limit: int, topics: object) -> EventPage:
        found = tuple(e for e in self.log if e.seq > after)[:limit]
        return EventPage(events=found, cursor=found[-1].seq if found else after)


class DataAccess:
    """Stores batches by the rule of the cursor."""

    def __init__(self, *entries: CatalogueEntry) -> None:
        self.at = 0
        self.batches: list[GeneratedBatch] = []
        self.entries = entries
        self.recipes = {"digest": RECIPE}
        self.away = False

    async def cursor(self, follower: str) -> int:
        return self.at

    async def catalogue(self, known: int, since: datetime) -> Catalogue | None:
        if self.away:
            raise ServiceUnavailable("away")
        return None if known == 1 else Catalogue(revision=1, templates=self.entries)

    async def recipe(self, digest: str) -> dict[str, Any]:
        return self.recipes[digest].model_dump(mode="json")

    async def store_generated(self, batch: GeneratedBatch) -> None:
        if batch.expected != self.at:
            raise Stale("moved on")
        self.at = batch.cursor
        self.batches.append(batch)


async def generate(dsm: Dsm, data_access: DataAccess) -> Generator:
    generator = Generator(dsm, data_access)  # type: ignore[arg-type]
    while await generator.generate():
        pass
    return generator


async def test_a_match_becomes_a_chain_and_no_match_a_decision() -> None:
    data_access = DataAccess(entry(1))
    dsm = Dsm(event(1, dataset("a", "swf.1.run")), event(2, dataset("b", "other")))
    await generate(dsm, data_access)
    (batch,) = data_access.batches
    assert [len(d.matches) for d in batch.decisions] == [1, 0]
    assert [(w.dataset_uid, w.tasks[0].output_name) for w in batch.workflows] == [
        ("a", "swf.1.run.t1.decode.v1")
    ]
    assert batch.decisions[0].matches[0].captures == {"run": "1"}


async def test_a_shadow_decides_and_makes_nothing() -> None:
    data_access = DataAccess(entry(1, status="SHADOW"))
    await generate(Dsm(event(1, dataset("a", "swf.1.run"))), data_access)
    (batch,) = data_access.batches
    assert batch.decisions[0].matches[0].outcome == "SHADOW"
    assert batch.workflows == ()


async def test_a_chain_that_cannot_be_made_is_a_conflict_and_holds_up_nobody() -> None:
    lost = STEP.model_copy(update={"output_pattern": "{nowhere}"})
    data_access = DataAccess(entry(1), entry(2).model_copy(update={"recipe_digest": "bad"}))
    data_access.recipes["bad"] = RECIPE.model_copy(update={"steps": (lost,)})
    await generate(Dsm(event(1, dataset("a", "swf.1.run"))), data_access)
    (batch,) = data_access.batches
    good, bad = batch.decisions[0].matches
    assert (good.outcome, bad.outcome) == ("MATCH", "CONFLICT")
    assert "nowhere" in bad.reason
    assert [w.template_id for w in batch.workflows] == [1]


async def test_the_stretch_is_stored_with_where_it_began_and_ended() -> None:
    data_access = DataAccess(entry(1))
    data_access.at = 1
    dsm = Dsm(event(1, dataset("a", "swf.1.run")), event(2, dataset("b", "swf.2.run")))
    await generate(dsm, data_access)
    (batch,) = data_access.batches
    assert (batch.expected, batch.cursor, len(batch.decisions)) == (1, 2, 1)


async def test_a_stretch_is_not_passed_over_when_data_access_was_away() -> None:
    data_access = DataAccess(entry(1))
    data_access.away = True
    generator = Generator(Dsm(event(1, dataset("a", "swf.1.run"))), data_access)  # type: ignore[arg-type]
    with pytest.raises(ServiceUnavailable):
        await generator.generate()
    data_access.away = False
    await generator.generate()
    assert [len(b.decisions) for b in data_access.batches] == [1]


async def test_a_replica_that_came_second_reads_on_from_where_the_first_is() -> None:
    data_access = DataAccess(entry(1))
    dsm = Dsm(event(1, dataset("a", "swf.1.run")))
    second = await generate(Dsm(), data_access)
    await generate(dsm, data_access)
    dsm.log += (event(2, dataset("b", "swf.2.run")),)
    second._dsm = dsm  # type: ignore[assignment]
    try:
        await second.generate()
    except Stale:
        await second.generate()
    assert [len(b.decisions) for b in data_access.batches] == [1, 1]


async def test_what_lay_unread_too_long_is_skipped_with_a_record_however_new_it_is() -> None:
    late = entry(1).model_copy(update={"catch_up": "skip", "catch_up_after_s": 3600})
    fresh = event(2, dataset("b", "swf.2.run")).model_copy(update={"at": now().isoformat()})
    again = event(3, dataset("a", "swf.1.run"), "dataset.closed")
    data_access = DataAccess(late)
    told_anew = again.model_copy(update={"at": now().isoformat()})
    await generate(Dsm(event(1, dataset("a", "swf.1.run")), fresh, told_anew), data_access)
    (batch,) = data_access.batches
    assert [d.matches[0].outcome for d in batch.decisions] == ["SKIPPED", "MATCH"]
    assert "a backfill takes it" in batch.decisions[0].matches[0].reason
    assert [w.dataset_uid for w in batch.workflows] == ["b"]


async def test_of_a_backlog_the_newest_first_goes_behind_live_data() -> None:
    first = entry(1).model_copy(update={"catch_up": "newest_first", "catch_up_after_s": 3600})
    newer = dataset("b", "swf.2.run") | {"opened_at": (NOON + timedelta(hours=1)).isoformat()}
    live = event(3, dataset("c", "swf.3.run")).model_copy(update={"at": now().isoformat()})
    data_access = DataAccess(first)
    await generate(Dsm(event(1, dataset("a", "swf.1.run")), event(2, newer), live), data_access)
    (batch,) = data_access.batches
    by_place = sorted(batch.workflows, key=lambda w: w.behind)
    assert [w.dataset_uid for w in by_place] == ["c", "b", "a"]
    assert by_place[0].behind == 0


async def test_outputs_are_taken_only_where_a_template_says_so() -> None:
    both = entry(2).model_copy(update={"takes_outputs": True})
    data_access = DataAccess(entry(1), both)
    await generate(Dsm(event(1, dataset("o", "swf.1.run", kind="output"))), data_access)
    (batch,) = data_access.batches
    assert [m.template_id for m in batch.decisions[0].matches] == [2]
