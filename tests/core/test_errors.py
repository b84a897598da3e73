"""Errors keep their class, their words and their facts on the way over the wire."""

import pytest

from penstock_core.errors import NotFound, PenstockError, Stale, error_classes, from_json


@pytest.mark.parametrize("cls", error_classes().values())
def test_an_error_survives_the_wire(cls: type[PenstockError]) -> None:
    sent = cls("what is wrong", hint="what to do", field="name", facts={"id": 7})
    received = from_json(cls.status, sent.as_json())
    assert type(received) is cls
    assert received.as_json() == sent.as_json()


def test_an_unknown_error_becomes_that_of_its_status() -> None:
    assert type(from_json(404, {"detail": "gone"})) is NotFound


def test_message_and_hint_are_shown_together() -> None:
    assert str(Stale("Moved on.", hint="Read again.")) == "Moved on. Read again."
