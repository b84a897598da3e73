"""Which templates take a dataset, and why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock_core.contracts.workflow import Catalogue, CatalogueEntry, DatasetRef
from penstock_core.errors import NotFound
from penstock_core.states import DatasetState, TemplateStatus
from recipe.matching import Matcher

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def entry(template_id: int, **changes: Any) -> CatalogueEntry:
    fields: dict[str, Any] = {
        "template_id": template_id,
        "name": f"template{template_id}",
        "version": 1,
        "status": TemplateStatus.ACTUAL,
        "masks": ("run{run:[0-9]*}.test.*",),
        "exclude": (),
        "where": (),
        "namespace": "*",
        "effective_from": NOW,
        "recipe_digest": "",
    }
    return CatalogueEntry(**(fields | changes))


def dataset(name: str = "run42.test.raw", **changes: Any) -> DatasetRef:
    fields: dict[str, Any] = {
        "uid": "u",
        "namespace": "default",
        "scope": "daq",
        "name": name,
        "state": DatasetState.OPEN,
        "registered_at": NOW,
    }
    return DatasetRef(**(fields | changes))


def matcher(*entries: CatalogueEntry) -> Matcher:
    return Matcher(Catalogue(revision=5, templates=entries))


def test_masks_see_the_logical_name_of_successors_and_deltas() -> None:
    successor = dataset("cosmics.s2", logical="cosmics")
    found = matcher(entry(1, masks=("cosmics",)), entry(2, masks=("*.s2",))).decide(successor)
    assert [m.template_id for m in found] == [1]
    assert not matcher(entry(1, masks=("x",), where=("name = cosmics",))).decide(successor)


def test_late_files_that_are_archived_only_no_template_takes_and_it_says_so() -> None:
    delta = dataset("run42.test.raw.d1", logical="run42.test.raw", processing=False)
    decider = matcher(entry(1))
    assert decider.decide(delta) == ()
    assert decider.decide(delta.model_copy(update={"processing": True}))
    explained = decider.explain(delta, 1)
    assert (explained.matched, explained.clause) == (False, "late = archive")
    assert explained.reason == (
        "its files came after run42.test.raw had closed; its rule archives them only"
    )


def test_every_template_whose_mask_fits_takes_it_with_its_captures() -> None:
    found = matcher(entry(2), entry(1, masks=("*.raw",)), entry(3, masks=("x",))).decide(dataset())
    assert [(m.template_id, m.outcome, m.captures) for m in found] == [
        (1, "MATCH", {}),
        (2, "MATCH", {"run": "42"}),
    ]


def test_a_shadow_decides_but_says_so() -> None:
    [found] = matcher(entry(1, status=TemplateStatus.SHADOW)).decide(dataset())
    assert found.outcome == "SHADOW"


def test_a_template_takes_no_dataset_older_than_itself() -> None:
    older = dataset(registered_at=NOW - timedelta(seconds=1))
    one = matcher(entry(1))
    assert one.decide(older) == ()
    explained = one.explain(older, 1)
    assert not explained.matched
    assert explained.clause == "effective_from 2026-01-01T00:00:00+00:00"


def test_a_dataset_belongs_to_the_version_of_its_registration_however_late_the_decision() -> None:
    noon = NOW + timedelta(hours=12)
    both = matcher(entry(1, effective_until=noon), entry(2, effective_from=noon))
    taken = {
        at: [m.template_id for m in both.decide(dataset(registered_at=at))]
        for at in (NOW, noon - timedelta(microseconds=1), noon)
    }
    assert list(taken.values()) == [[1], [1], [2]]
    assert both.explain(dataset(registered_at=noon), 1).clause.startswith("effective_until")


def test_a_version_that_came_back_is_explained_by_the_time_that_counts() -> None:
    one, two = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    twice = matcher(entry(1, effective_until=one), entry(1, effective_from=two))
    for at, taken in ((NOW, True), (one, False), (two, True)):
        seen = dataset(registered_at=at)
        assert (len(twice.decide(seen)) == 1, twice.explain(seen, 1).matched) == (taken, taken)


def test_namespaces_stay_apart() -> None:
    one = matcher(entry(1, namespace="alice"))
    assert one.decide(dataset()) == ()
    assert one.decide(dataset(namespace="alice"))


def test_conditions_see_metadata_captures_and_the_name() -> None:
    where = ("run >= 40", "stream = physics", "name = run42.test.raw")
    one = matcher(entry(1, where=where))
    assert one.decide(dataset(metadata={"stream": "physics"}))
    assert not one.decide(dataset(metadata={"stream": "cosmics"}))
    assert "stream is cosmics" in one.explain(dataset(metadata={"stream": "cosmics"}), 1).reason


def test_why_and_why_not_are_explained() -> None:
    one = matcher(entry(1))
    assert one.explain(dataset(), 1).reason == "mask run{run:[0-9]*}.test.* fits"
    assert "no mask fits" in one.explain(dataset("run42.raw"), 1).reason
    with pytest.raises(NotFound, match="Template 9 is not in revision 5"):
        one.explain(dataset(), 9)


def test_decision_and_explanation_agree() -> None:
    one = matcher(entry(1), entry(2, exclude=("*.raw",)), entry(3, namespace="bob"))
    taken = {match.template_id for match in one.decide(dataset())}
    assert taken == {key for key in (1, 2, 3) if one.explain(dataset(), key).matched}
