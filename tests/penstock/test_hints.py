"""Hints at the command line name commands."""

import re
from pathlib import Path

import pytest

from penstock.cli import COMMANDS
from penstock.cli.hints import NEXT_STEPS, command_hint, for_people
from penstock_core.errors import Conflict, IllegalMove, ServiceUnavailable


@pytest.mark.parametrize(
    ("hint", "command"),
    [
        ("GET /task/all lists them.", "penstock task list"),
        ('Cancel it first: PUT /task/7/status {"status": "CANCELLED"}.', "penstock task cancel"),
        ("PUT /template/3/change makes a new version of it.", "penstock template upload"),
        ("GET /template/all lists them.", "penstock template list"),
        ("GET /dataset/all lists them; one gets its number.", "penstock dataset list"),
        ("GET /api/v1/dataset lists them; file.input makes them.", "penstock dataset list"),
        ("GET /workflow?dataset=4", "penstock workflow list"),
        ("Sign in again: POST /auth/jwt/login.", "penstock login"),
        ("GET /users lists them.", "penstock user list"),
        ("An admin can: PATCH /users/{id}.", "penstock user role"),
    ],
)
def test_a_rest_call_becomes_the_command_that_does_it(hint: str, command: str):
    assert command_hint(hint).startswith(f"Try: {command}")


@pytest.mark.parametrize("hint", ["", "Choose another one.", "Register one: POST /api/v1/storage."])
def test_a_hint_without_such_a_call_stays(hint: str):
    assert command_hint(hint) == hint


def test_every_command_named_is_there():
    for said in NEXT_STEPS.values():
        words = re.sub(r",.*", "", said).split()[1:]
        group, command = (words[0], words[1]) if words[0] in COMMANDS else ("", words[0])
        assert command in COMMANDS[group].commands, said


def test_the_error_stays_what_it_was():
    error = IllegalMove("No.", hint="GET /task/all lists them.", field="f", facts={"a": 1})
    told = for_people(error)
    assert (type(told), told.message, told.field, told.facts) == (IllegalMove, "No.", "f", {"a": 1})
    plain = Conflict("No.", hint="Wait.")
    assert for_people(plain) is plain


def test_nobody_there_names_the_folder_that_was_asked():
    told = for_people(ServiceUnavailable("refused"), Path("/srv/p"))
    assert "No Penstock answers for /srv/p" in told.message
    assert told.hint == "Start it with: penstock up --data-dir /srv/p"
