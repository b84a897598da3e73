"""Signing in, roles, sessions, and the tokens of services."""

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.data_access.room import Room, open_room

from penstock_core.rights import Role
from penstock_core.tokens import Signer, make_key_pair

ANNA = {"email": "anna@penstock.example", "password": "correct horse"}


async def login(room: Room, email: str, password: str) -> httpx2.Response:
    return await room.http().post("/auth/jwt/login", data={"username": email, "password": password})


@pytest.fixture
async def anna(room: Room) -> dict[str, Any]:
    """Anna, who registered herself and signed in: her tokens."""
    answer = await room.http().post("/auth/register", json=ANNA)
    assert answer.status_code == 201
    tokens: dict[str, Any] = (await login(room, **ANNA)).json()
    return tokens


async def test_the_first_start_makes_an_admin_who_can_sign_in(lite: Room) -> None:
    (made,) = lite.announced
    tokens = (await login(lite, made.username, made.password)).json()
    me = (await lite.http(token=tokens["access_token"]).get("/users/me")).json()
    assert (me["email"], me["roles"], me["is_superuser"]) == (made.username, ["admin"], True)


async def test_the_admin_is_announced_once_and_the_password_stored_nowhere(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as first:
        (made,) = first.announced
    async with open_room(tmp_path) as second:
        assert second.announced == []
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or made.password.encode() not in file.read_bytes()


async def test_who_registers_is_a_viewer(room: Room, anna: dict[str, Any]) -> None:
    assert anna["token_type"] == "bearer"
    assert anna["expires_in"] == 900
    http = room.http(token=anna["access_token"])
    me = (await http.get("/users/me")).json()
    assert (me["roles"], me["is_superuser"], me["is_active"]) == (["viewer"], False, True)
    assert (await http.get("/task/all")).json() == []
    assert (await http.post("/template/create", json={"name": "x"})).status_code == 403


async def test_nobody_registers_as_more_than_a_viewer(lite: Room) -> None:
    answer = await lite.http().post("/auth/register", json=ANNA | {"is_superuser": True})
    assert (answer.status_code, answer.json()["is_superuser"]) == (201, False)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"email": "no address"}, 422, "email"),
        ({"password": "short"}, 422, "password"),
        ({"password": ANNA["email"]}, 422, "password"),
    ],
)
async def test_a_bad_registration_is_refused_at_its_field(
    lite: Room, change: dict[str, str], status: int, field: str
) -> None:
    answer = await lite.http().post("/auth/register", json=ANNA | change)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def test_an_address_registers_once_in_whatever_letters(
    room: Room, anna: dict[str, Any]
) -> None:
    again = await room.http().post("/auth/register", json=ANNA | {"email": "Anna@penstock.example"})
    assert (again.status_code, again.json()["field"]) == (409, "email")


async def test_unknown_name_and_wrong_password_look_alike(room: Room, anna: dict[str, Any]) -> None:
    wrong = await login(room, ANNA["email"], "wrong password")
    unknown = await login(room, "nobody@penstock.example", "wrong password")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json() == unknown.json()


async def test_a_refresh_token_is_used_once_and_a_copy_ends_the_session(
    room: Room, anna: dict[str, Any]
) -> None:
    http = room.http()
    old = {"refresh_token": anna["refresh_token"]}
    new = (await http.post("/auth/jwt/refresh", json=old)).json()
    assert new["access_token"]
    stolen = await http.post("/auth/jwt/refresh", json=old)
    assert stolen.status_code == 401
    owner = {"refresh_token": new["refresh_token"]}
    assert (await http.post("/auth/jwt/refresh", json=owner)).status_code == 401


async def test_signing_out_ends_the_session(room: Room, anna: dict[str, Any]) -> None:
    http = room.http(token=anna["access_token"])
    other = (await login(room, **ANNA)).json()
    mine = {"refresh_token": anna["refresh_token"]}
    assert (await http.post("/auth/jwt/logout", json=mine)).status_code == 204
    assert (await http.post("/auth/jwt/refresh", json=mine)).status_code == 401
    theirs = {"refresh_token": other["refresh_token"]}
    renewed = (await http.post("/auth/jwt/refresh", json=theirs)).json()
    assert (await http.post("/auth/jwt/logout")).status_code == 204
    last = {"refresh_token": renewed["refresh_token"]}
    assert (await http.post("/auth/jwt/refresh", json=last)).status_code == 401


async def test_an_admin_gives_roles_and_nobody_gives_themselves_any(
    room: Room, anna: dict[str, Any]
) -> None:
    http = room.http(token=anna["access_token"])
    own = await http.patch("/users/me", json={"roles": ["admin"]})
    assert own.status_code == 403
    number = (await http.get("/users/me")).json()["id"]
    assert (await http.get(f"/users/{number}")).status_code == 403
    admin = room.http(Role.ADMIN)
    given = await admin.patch(f"/users/{number}", json={"roles": ["expert", "operator"]})
    assert given.json()["roles"] == ["expert", "operator"]
    raised = await admin.patch(f"/users/{number}", json={"is_superuser": True})
    assert raised.json()["roles"] == ["admin", "expert", "operator"]
    service = await admin.patch(f"/users/{number}", json={"roles": ["service"]})
    assert service.status_code == 422
    assert (await admin.get("/users")).json()[-1]["email"] == ANNA["email"]


async def test_a_closed_account_signs_in_and_refreshes_no_more(
    room: Room, anna: dict[str, Any]
) -> None:
    admin = room.http(Role.ADMIN)
    number = (await admin.get("/users")).json()[-1]["id"]
    await admin.patch(f"/users/{number}", json={"is_active": False})
    assert (await login(room, **ANNA)).status_code == 401
    old = {"refresh_token": anna["refresh_token"]}
    assert (await room.http().post("/auth/jwt/refresh", json=old)).status_code == 401
    assert (await admin.delete(f"/users/{number}")).status_code == 204
    assert (await admin.get(f"/users/{number}")).status_code == 404


async def test_an_admin_does_not_lock_themselves_out(lite: Room) -> None:
    (made,) = lite.announced
    tokens = (await login(lite, made.username, made.password)).json()
    http = lite.http(token=tokens["access_token"])
    number = (await http.get("/users/me")).json()["id"]
    for change in ({"roles": ["viewer"]}, {"is_active": False}, {"is_superuser": False}):
        assert (await http.patch(f"/users/{number}", json=change)).status_code == 409
    assert (await http.delete(f"/users/{number}")).status_code == 409


async def test_a_forgotten_password_is_reset_by_a_token_from_the_log(
    room: Room, anna: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    http = room.http()
    with caplog.at_level(logging.WARNING):
        unknown = await http.post("/auth/forgot-password", json={"email": "no@penstock.example"})
        known = await http.post("/auth/forgot-password", json={"email": ANNA["email"]})
    assert (unknown.status_code, known.status_code) == (202, 202)
    token = re.findall(r"reset-password: (\S+)", caplog.text)[0]
    body = {"token": token, "password": "another password"}
    assert (await http.post("/auth/reset-password", json=body)).status_code == 200
    assert (await login(room, ANNA["email"], "another password")).status_code == 200
    assert (await login(room, **ANNA)).status_code == 401
    again = await http.post("/auth/reset-password", json=body)
    assert (again.status_code, again.json()["field"]) == (422, "token")


async def test_an_address_is_verified_by_a_token_from_the_log(
    room: Room, anna: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    http = room.http()
    address = {"email": ANNA["email"]}
    with caplog.at_level(logging.WARNING):
        await http.post("/auth/request-verify-token", json=address)
    token = re.findall(r"/auth/verify: (\S+)", caplog.text)[0]
    verified = await http.post("/auth/verify", json={"token": token})
    assert verified.json()["is_verified"] is True
    assert (await http.post("/auth/verify", json={"token": "x"})).status_code == 422


async def test_a_service_exchanges_its_secret_for_a_token(lite: Room) -> None:
    http = lite.http()
    for service, role in (("dsm", Role.SERVICE), ("daq", Role.DAQ)):
        file = lite.house.settings.secret_file(service)
        assert file.stat().st_mode & 0o077 == 0
        body = {"service": service, "secret": file.read_text().strip()}
        answer = (await http.post("/auth/service/token", json=body)).json()
        allowed = await lite.http(token=answer["access_token"]).get("/task/all")
        assert allowed.status_code == (200 if role is Role.SERVICE else 403)
    for body in ({"service": "dsm", "secret": "x"}, {"service": "nobody", "secret": ""}):
        assert (await http.post("/auth/service/token", json=body)).status_code == 401


async def test_tokens_that_are_expired_forged_or_for_others_say_so(
    lite: Room, tmp_path: Path
) -> None:
    signer = lite.signer()
    make_key_pair(tmp_path / "other.pem", tmp_path / "other.pub")
    forged = Signer((tmp_path / "other.pem").read_text()).sign("eve", [Role.ADMIN])
    cases = {
        signer.sign("a", [Role.ADMIN], lifetime=timedelta(seconds=-5)): "expired",
        forged: "not one of ours",
        signer.sign("a", [Role.ADMIN], audience=["dsm"]): "not meant for data-access",
        "no.token.atall": "not one of ours",
    }
    for token, said in cases.items():
        answer = await lite.http(token=token).get("/task/all")
        assert answer.status_code == 401
        assert said in answer.json()["detail"]
