"""Requests that cannot be right: callers, ids, cursors, limits, moves; and repeats that are."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.bad_input.conftest import Doors

from penstock_core.rights import Role
from penstock_core.tokens import Signer, make_key_pair

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICES = {"data-access": "/task/all", "dsm": "/api/v1/dataset", "pilot": "/pilot/task"}
NOBODY = "00000000-0000-0000-0000-000000000000"
ABSENT = 987654
HUGE = 10**30


def bad_tokens(signer: Signer, service: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Give tokens that are not good at ``service``, each with what it answers."""
    make_key_pair(folder / "other.pem", folder / "other.pub")
    forged = Signer((folder / "other.pem").read_text()).sign("eve", [Role.ADMIN])
    head, claims, signature = signer.sign("eve", [Role.VIEWER]).split(".")
    raised = signer.sign("eve", [Role.ADMIN]).split(".")[1]
    others = [name for name in SERVICES if name != service]
    yield "", "This needs a signed-in caller"
    yield signer.sign("a", [Role.ADMIN], lifetime=timedelta(seconds=-1)), "The token has expired"
    yield signer.sign("a", [Role.ADMIN], audience=others), f"is not meant for {service}"
    yield forged, "is not one of ours"
    yield f"{head}.{raised}.{signature}", "is not one of ours"
    yield f"{head}.{claims}.", "is not one of ours"
    yield f"eyJhbGciOiJub25lIn0.{claims}.", "is not one of ours"
    yield "nonsense", "is not one of ours"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_bad_token_is_told_what_is_wrong_with_it(
    doors: Doors, service: str, tmp_path: Path
) -> None:
    async with doors.unchanged():
        for token, said in bad_tokens(doors.signer, service, tmp_path):
            error = await doors.refused(401, "GET", SERVICES[service], token=token)
            assert error["error"] == "NotAuthenticated"
            assert said in error["detail"]
            assert "Sign in" in error["hint"] or "Refresh it" in error["hint"]


async def test_a_token_counts_for_nothing_in_other_forms(doors: Doors) -> None:
    token = doors.tokens[Role.ADMIN]
    for path in SERVICES.values():
        for headers in ({"authorization": f"Basic {token}"}, {"cookie": f"token={token}"}):
            answer = await doors.http.get(path, headers=headers, params={"token": token})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_account_is_made_once(doors: Doors) -> None:
    again = {"email": "Viewer@penstock.example", "password": "another password"}
    async with doors.unchanged():
        error = await doors.refused(409, "POST", "/auth/register", token="", json=again)
    assert error["field"] == "email"
    assert "Sign in" in error["hint"]


async def test_each_role_does_its_own_and_no_more(doors: Doors) -> None:
    calls = {
        Role.VIEWER: (
            ("POST", "/dataset/create", {"name": "mine"}),
            ("POST", "/task/create", {"exec": "x", "dataset": "y"}),
            ("PUT", f"/task/{ABSENT}/rank", {"rank": 2}),
            ("POST", "/api/v1/messages/daq/start_run", [{"body": {"run_id": 1}}]),
            ("POST", "/api/v1/storage", {"name": "mine", "base": "/"}),
            ("PUT", "/pilot/hold", {"held": False}),
        ),
        Role.EXPERT: (
            ("POST", "/workflow/create", {"template_id": 1, "dataset_id": 1}),
            ("POST", "/api/v1/dataset", [{"name": "mine"}]),
            ("GET", "/users", None),
        ),
        Role.OPERATOR: (
            ("POST", "/task/claim", {"claimant": "me"}),
            ("POST", "/api/v1/intake", []),
            ("POST", "/api/v1/manifest", []),
            ("POST", "/pilot/task", []),
            ("PATCH", f"/users/{NOBODY}", {"roles": ["admin"]}),
        ),
        Role.SERVICE: (
            ("GET", "/users", None),
            ("POST", "/task/create", {"exec": "x", "dataset": "y"}),
        ),
    }
    async with doors.unchanged():
        for role, refused in calls.items():
            for method, path, body in refused:
                error = await doors.refused(403, method, path, role, json=body)
                assert f"({role}) has no right to" in error["detail"]


ABSENT_THINGS: tuple[tuple[str, str, Any, str], ...] = (
    ("GET", f"/template/{ABSENT}", None, f"no template {ABSENT}"),
    ("GET", f"/template/{ABSENT}/standard", None, f"no template {ABSENT}"),
    ("PUT", f"/template/{ABSENT}/change", {"status": "ARCHIVED"}, f"no template {ABSENT}"),
    ("DELETE", f"/template/{ABSENT}/delete", None, f"no template {ABSENT}"),
    ("GET", f"/dataset/{ABSENT}", None, f"no dataset {ABSENT}"),
    ("PUT", f"/dataset/{ABSENT}/dataset_uid", {"dataset_uid": "x"}, f"no dataset {ABSENT}"),
    ("GET", f"/workflow/{ABSENT}", None, f"no workflow {ABSENT}"),
    ("POST", "/workflow/create", {"template_id": ABSENT, "dataset_id": 1}, "no template"),
    ("GET", f"/task/{ABSENT}", None, f"no task {ABSENT}"),
    ("GET", f"/task/{ABSENT}/job", None, f"no task {ABSENT}"),
    ("PUT", f"/task/{ABSENT}/rank", {"rank": 2}, f"no task {ABSENT}"),
    ("PUT", f"/task/{ABSENT}/status", {"status": "CANCELLED"}, f"no task {ABSENT}"),
    ("DELETE", f"/task/{ABSENT}/delete", None, f"no task {ABSENT}"),
    ("GET", f"/users/{NOBODY}", None, f"no user {NOBODY}"),
    ("DELETE", f"/users/{NOBODY}", None, f"no user {NOBODY}"),
    ("GET", "/recipe/gone", None, "no recipe gone"),
    ("GET", "/decision?dataset=gone", None, "gone"),
    ("GET", f"/explain?dataset=gone&template={ABSENT}", None, "no "),
    ("GET", "/api/v1/dataset/gone", None, "no dataset 'gone'"),
    ("GET", "/api/v1/dataset/gone/contents", None, "no dataset 'gone'"),
    ("GET", "/api/v1/dataset/gone/ledger", None, "no dataset 'gone'"),
    ("POST", "/api/v1/dataset/gone/close", {"because": "so"}, "no dataset 'gone'"),
    ("GET", "/api/v1/file/gone", None, "no file 'gone'"),
    ("POST", "/api/v1/messages/daq/gone", [], "takes no message 'gone'"),
    ("GET", "/nowhere", None, "GET /nowhere: Not Found"),
    ("GET", "/api/v1/nowhere", None, "GET /api/v1/nowhere: Not Found"),
    ("GET", "/pilot/nowhere", None, "GET /pilot/nowhere: Not Found"),
)


async def test_what_is_not_there_is_told_with_the_way_to_find_it(doors: Doors) -> None:
    async with doors.unchanged():
        for method, path, body, said in ABSENT_THINGS:
            error = await doors.refused(404, method, path, json=body)
            assert said in error["detail"]


async def test_a_method_that_a_path_has_not_is_told(doors: Doors) -> None:
    async with doors.unchanged():
        error = await doors.refused(405, "DELETE", "/task/all")
    assert error["detail"] == "DELETE /task/all: Method Not Allowed."


PAGES = (
    "/template",
    "/template/all",
    "/template/actual",
    "/dataset",
    "/dataset/all",
    "/workflow",
    "/workflow/all",
    "/task",
    "/task/all",
    "/task/status/DEFINED",
    "/event",
    "/api/v1/dataset",
    "/api/v1/dataset/closing",
    "/api/v1/file/",
    "/api/v1/run",
    "/api/v1/journal",
    "/api/v1/event",
    "/pilot/task",
    "/pilot/job",
    "/pilot/report",
)


@pytest.mark.parametrize("path", PAGES)
async def test_bad_cursors_and_limits_are_refused_at_their_field(doors: Doors, path: str) -> None:
    bad = {"after": (-1, "abc", HUGE, ""), "limit": (0, -1, 100_000, "all", HUGE)}
    for field, values in bad.items():
        for value in values:
            error = await doors.refused(422, "GET", path, params={field: value})
            assert (error["error"], error["field"]) == ("InvalidInput", field)


@pytest.mark.parametrize("path", ["/event", "/api/v1/event"])
async def test_a_cursor_of_another_log_is_refused(doors: Doors, path: str) -> None:
    error = await doors.refused(422, "GET", path, params={"after": ABSENT})
    assert f"The cursor {ABSENT} lies beyond the newest event" in error["detail"]
    assert error["field"] == "after"


@pytest.mark.parametrize(
    ("path", "field", "said"),
    [
        ("/task/status/RUNNING", "status_name", "'IN_PROGRESS'"),
        ("/task?status=RUNNING", "status", "'IN_PROGRESS'"),
        ("/template?status=NEW", "status", "'ACTUAL'"),
        ("/dataset?state=NEW", "state", "'OPEN'"),
        ("/api/v1/dataset?state=NEW", "state", "'OPEN'"),
        ("/api/v1/dataset?kind=raw", "kind", "'input'"),
        ("/api/v1/run?state=NEW", "state", "'RUNNING'"),
        ("/api/v1/journal?outcome=BAD", "outcome", "'ERROR'"),
    ],
)
async def test_an_unknown_state_is_refused_and_the_known_ones_named(
    doors: Doors, path: str, field: str, said: str
) -> None:
    error = await doors.refused(422, "GET", path)
    assert error["field"] == field
    assert said in error["detail"]


IMPOSSIBLE_VALUES: tuple[tuple[str, str, Any, str], ...] = (
    ("GET", "/template/one", None, "template_id"),
    ("GET", f"/template/{HUGE}", None, "template_id"),
    ("GET", "/task/-1", None, "task_id"),
    ("GET", f"/task?workflow={HUGE}", None, ""),
    ("GET", f"/workflow?template={HUGE}", None, ""),
    ("GET", f"/workflow?dataset={HUGE}", None, ""),
    ("GET", f"/explain?dataset=gone&template={HUGE}", None, ""),
    ("GET", "/users/me-too", None, "user_id"),
    ("POST", "/workflow/create", {"template_id": HUGE, "dataset_id": 1}, ""),
    ("POST", "/task/create", {"exec": "", "dataset": "x"}, "exec"),
    ("POST", "/task/create", {"exec": "x", "dataset": "x", "rank": 0}, "rank"),
    ("POST", "/task/create", {"exec": "x", "dataset": "x", "retry": -1}, "retry"),
    ("POST", "/task/create", {"exec": "x", "dataset": "x", "mode": "reduce"}, "mode"),
    ("POST", "/dataset/create", {"name": ""}, "name"),
    ("POST", "/dataset/create", {}, "name"),
    ("POST", "/api/v1/storage", {"name": "a", "base": "relative"}, ""),
    ("POST", "/api/v1/storage", {"name": "a/b", "base": "/"}, ""),
    ("POST", "/api/v1/dataset", [{"name": "a b"}], ""),
    ("POST", "/auth/register", {"email": "nobody", "password": "good enough"}, "email"),
    ("POST", "/auth/register", {"email": "n@penstock.example", "password": "no"}, "password"),
)


async def test_a_value_that_cannot_be_is_refused_at_its_field(doors: Doors) -> None:
    async with doors.unchanged():
        for method, path, body, field in IMPOSSIBLE_VALUES:
            error = await doors.refused(422, method, path, json=body)
            assert error["field"] == field, error["detail"]


async def test_what_is_not_on_the_list_of_programs_does_not_run(doors: Doors) -> None:
    body = {"exec": "rm", "args": "-rf /", "dataset": "neighbour1.raw"}
    async with doors.unchanged():
        error = await doors.refused(422, "POST", "/task/create", Role.OPERATOR, json=body)
    assert error["detail"] == "rm is not on the list of executables."
    assert "PENSTOCK_EXECUTABLES_FILE" in error["hint"]


async def test_making_the_same_again_is_a_duplicate_or_the_same(doors: Doors) -> None:
    row = await doors.good("POST", "/dataset/create", json={"name": "once", "dataset_uid": "u1"})
    (dataset,) = await doors.good("POST", "/api/v1/dataset", json=[{"name": "once"}])
    storage = await doors.good("POST", "/api/v1/storage", json={"name": "s", "base": "/srv/s"})
    number = row["dataset_id"]
    async with doors.unchanged():
        again = await doors.refused(409, "POST", "/dataset/create", json={"name": "once"})
        assert again["facts"]["dataset_id"] == number
        path = f"/dataset/{number}/dataset_uid"
        assert await doors.good("PUT", path, json={"dataset_uid": "u1"}) == row
        other = await doors.refused(409, "PUT", path, json={"dataset_uid": "u2"})
        assert "given once" in other["hint"]
        assert await doors.good("POST", "/api/v1/dataset", json=[{"name": "once"}]) == [dataset]
        same = await doors.good("POST", "/api/v1/storage", json={"name": "s", "base": "/srv/s/"})
        assert same == storage
        moved = await doors.refused(409, "POST", "/api/v1/storage", json={"name": "s", "base": "/"})
        assert "is there already, at /srv/s" in moved["detail"]


async def test_a_closed_dataset_stays_closed_and_takes_no_file(doors: Doors) -> None:
    (made,) = await doors.good("POST", "/api/v1/dataset", json=[{"name": "ended"}])
    path = f"/api/v1/dataset/{made['uid']}/close"
    await doors.refused(422, "POST", path, json={"because": ""})
    closed = await doors.good("POST", path, json={"because": "enough"})
    storages = await doors.good("GET", "/api/v1/storage")
    file = {"storageId": storages[0]["uid"], "path": "x", "size": 1, "checksum": "ad:00000001"}
    async with doors.unchanged():
        again = await doors.ask("POST", path, json={"because": "once more"})
        assert again.status_code in (200, 409)
        late = file | {"datasetId": made["uid"]}
        error = await doors.refused(409, "POST", "/api/v1/file/", json=late)
        assert "CLOSED" in error["detail"] or "closed" in error["detail"]
    assert closed["state"] == "CLOSED"


async def test_admins_do_not_lock_themselves_out(doors: Doors) -> None:
    me = await doors.good("GET", "/users/me")
    path = f"/users/{me['id']}"
    async with doors.unchanged():
        for method, body in (("PATCH", {"roles": ["viewer"]}), ("DELETE", None)):
            error = await doors.refused(409, method, path, json=body)
            assert error["detail"] == "You would lock yourself out."
