"""Tokens: what is accepted, what is refused, and in which words."""

from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from penstock_core.clock import now
from penstock_core.errors import Forbidden, NotAuthenticated
from penstock_core.rights import RIGHTS, Right, Role
from penstock_core.tokens import LIFETIME, Signer, Verifier, make_key_pair


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Signer, Verifier]:
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    make_key_pair(private, public)
    return Signer(private.read_text()), Verifier(public.read_text(), "dsm")


def test_a_token_says_who_and_what(keys: tuple[Signer, Verifier]) -> None:
    signer, verifier = keys
    identity = verifier.verify(signer.sign("ada", [Role.EXPERT, Role.VIEWER]))
    assert (identity.subject, identity.roles) == ("ada", {Role.EXPERT, Role.VIEWER})


def test_no_token_lives_longer_than_a_quarter_of_an_hour(keys: tuple[Signer, Verifier]) -> None:
    signer, verifier = keys
    identity = verifier.verify(signer.sign("ada", [], lifetime=timedelta(days=1)))
    assert identity.expires_at <= now() + LIFETIME


def test_an_expired_token_is_refused(keys: tuple[Signer, Verifier]) -> None:
    signer, verifier = keys
    with pytest.raises(NotAuthenticated, match="has expired"):
        verifier.verify(signer.sign("ada", [], lifetime=timedelta(seconds=-1)))


def test_a_token_that_was_accepted_is_refused_once_it_has_expired(
    keys: tuple[Signer, Verifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    signer, verifier = keys
    token = signer.sign("ada", [])
    assert verifier.verify(token) is verifier.verify(token)
    monkeypatch.setattr("penstock_core.tokens.now", lambda: now() + LIFETIME)
    with pytest.raises(NotAuthenticated, match="has expired"):
        verifier.verify(token)


def test_a_token_for_somebody_else_is_refused(keys: tuple[Signer, Verifier]) -> None:
    signer, verifier = keys
    with pytest.raises(NotAuthenticated, match="not meant for dsm"):
        verifier.verify(signer.sign("ada", [], audience=["pilot"]))


def test_a_token_by_another_key_is_refused(keys: tuple[Signer, Verifier], tmp_path: Path) -> None:
    _, verifier = keys
    make_key_pair(tmp_path / "other.pem", tmp_path / "other.pub")
    forged = Signer((tmp_path / "other.pem").read_text()).sign("ada", [Role.ADMIN])
    with pytest.raises(NotAuthenticated, match="not one of ours"):
        verifier.verify(forged)


def test_a_token_cannot_choose_its_algorithm(keys: tuple[Signer, Verifier]) -> None:
    _, verifier = keys
    claims = {"sub": "ada", "roles": ["admin"], "aud": ["dsm"], "iss": "penstock"}
    claims["exp"] = now() + timedelta(minutes=5)
    for forged in (jwt.encode(claims, "x" * 32, "HS256"), jwt.encode(claims, None, "none")):
        with pytest.raises(NotAuthenticated):
            verifier.verify(forged)


def test_an_unknown_role_is_refused(keys: tuple[Signer, Verifier]) -> None:
    signer, verifier = keys
    with pytest.raises(NotAuthenticated):
        verifier.verify(signer.sign("ada", ["emperor"]))


def test_a_missing_right_is_named(keys: tuple[Signer, Verifier]) -> None:
    signer, verifier = keys
    viewer = verifier.verify(signer.sign("ada", [Role.VIEWER]))
    with pytest.raises(Forbidden, match="has no right to write templates"):
        viewer.require(Right.WRITE_TEMPLATES)


def test_announcing_data_is_not_running_things() -> None:
    assert RIGHTS[Role.DAQ] == {Right.ANNOUNCE_DATA}


def test_the_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    make_key_pair(tmp_path / "private.pem", tmp_path / "public.pem")
    assert (tmp_path / "private.pem").stat().st_mode & 0o077 == 0


def test_making_keys_twice_keeps_the_first(tmp_path: Path) -> None:
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    make_key_pair(private, public)
    before = private.read_bytes(), public.read_bytes()
    make_key_pair(private, public)
    assert (private.read_bytes(), public.read_bytes()) == before
