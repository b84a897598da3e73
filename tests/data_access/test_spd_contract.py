"""SPD's paths: their rows, their status codes, and what is refused."""

from typing import Any

import pytest
from tests.data_access.room import Room, batch, entry_of, new_template, ref

from penstock_core.rights import Role

TEMPLATE = {"name": "spd", "inner_dataset_mask": "*.test.*", "description": {"steps": {}}}
TASK_KEYS = [
    "task_id",
    "wflow_id",
    "exec",
    "args",
    "rank",
    "device",
    "mode",
    "retry",
    "datas_in_id",
    "datas_out_id",
    "datas_log_id",
    "status",
]


@pytest.fixture
async def filled(lite: Room) -> Room:
    """A room with one template and three workflows on it."""
    service = lite.client(Role.SERVICE)
    await lite.client(Role.EXPERT).create_template(new_template())
    entry = await entry_of(service, 1)
    await service.store_generated(batch([entry], [ref(f"{n}.test.raw") for n in range(3)]))
    return lite


async def test_a_template_is_created_with_201_and_its_five_keys(lite: Room) -> None:
    http = lite.http(Role.EXPERT)
    answer = await http.post("/template/create", json=TEMPLATE)
    assert answer.status_code == 201
    row = {**TEMPLATE, "template_id": 1, "status": "ACTUAL"}
    assert answer.json() == row
    assert (await http.get("/template/all")).json() == [row]
    assert (await http.get("/template/1")).json() == row
    archived = await http.put("/template/1/change", json={"status": "ARCHIVED"})
    assert archived.json() == row | {"status": "ARCHIVED"}
    assert (await http.get("/template/actual")).json() == []
    deleted = await http.delete("/template/1/delete")
    assert deleted.status_code == 200


async def test_the_standard_that_a_dialect_means_is_shown(lite: Room) -> None:
    http = lite.http(Role.EXPERT)
    await http.post("/template/create", json=TEMPLATE)
    assert (await http.get("/template/1/standard")).json() == {"class": "Workflow"}


async def test_tasks_have_exactly_twelve_keys(filled: Room) -> None:
    http = filled.http(Role.VIEWER)
    rows = (await http.get("/task/all")).json()
    assert [list(row) for row in rows] == [TASK_KEYS] * 6
    assert (await http.get("/task/4")).json() == rows[3]
    assert (await http.get("/task/status/DEFINED")).json() == rows
    assert (await http.get("/task/status/IN_PROGRESS")).json() == []


async def test_a_submitted_task_is_in_progress_to_spd(filled: Room) -> None:
    service = filled.client(Role.SERVICE)
    body = {"claimant": "me"}
    due = (await filled.http(Role.SERVICE).post("/task/claim", json=body)).json()[0]
    told = {"task_id": due["task_id"], "token": due["token"], "external_id": "x"}
    uids = {"output_uid": "o", "log_uid": "l"}
    await filled.http(Role.SERVICE).post("/task/submitted", json=[told | uids])
    rows = (await filled.http(Role.VIEWER).get("/task/status/IN_PROGRESS")).json()
    assert [(row["task_id"], row["status"]) for row in rows] == [(1, "IN_PROGRESS")]
    assert (await service.task(1)).status == "SUBMITTED"


async def test_datasets_have_three_keys_and_take_an_identifier_once(lite: Room) -> None:
    http = lite.http(Role.OPERATOR)
    made = await http.post("/dataset/create", json={"name": "a.raw"})
    row = {"dataset_id": 1, "name": "a.raw", "dataset_uid": None}
    assert (made.status_code, made.json()) == (201, row)
    assert (await http.get("/dataset/all")).json() == [row]
    named = await http.put("/dataset/1/dataset_uid", json={"dataset_uid": "abc"})
    assert named.json() == row | {"dataset_uid": "abc"}
    again = await http.put("/dataset/1/dataset_uid", json={"dataset_uid": "abc"})
    assert again.status_code == 200
    other = await http.put("/dataset/1/dataset_uid", json={"dataset_uid": "def"})
    assert (other.status_code, other.json()["error"]) == (409, "Duplicate")
    twice = await http.post("/dataset/create", json={"name": "a.raw"})
    assert (twice.status_code, twice.json()["facts"]) == (409, {"dataset_id": 1})
    same = await http.post("/dataset/create", json={"name": "b.raw", "dataset_uid": "abc"})
    assert (same.status_code, same.json()["field"]) == (409, "dataset_uid")
    assert (await http.get("/dataset/1/detail")).json()["state"] == "OPEN"
    assert [d["dataset_id"] for d in (await http.get("/dataset/all")).json()] == [1]


async def test_a_workflow_is_made_by_hand_once(lite: Room) -> None:
    await lite.client(Role.EXPERT).create_template(new_template())
    http = lite.http(Role.OPERATOR)
    await http.post("/dataset/create", json={"name": "any.name", "dataset_uid": "u"})
    body = {"template_id": 1, "dataset_id": 1}
    made = await http.post("/workflow/create", json=body)
    assert made.status_code == 201
    assert {**body, "workflow_id": 1, "status": "DEFINED"}.items() <= made.json().items()
    again = await http.post("/workflow/create", json=body)
    assert (again.status_code, again.json()["error"]) == (409, "Duplicate")
    assert (await http.get("/workflow/all")).json() == [made.json()]
    assert (await http.get("/workflow/1")).json() == made.json()
    ids = [row["datas_in_id"] for row in (await http.get("/task/all")).json()]
    assert ids == [1, 2]


@pytest.mark.parametrize("path", ["template", "dataset", "workflow", "task"])
async def test_all_is_a_bare_array_that_limit_and_after_page(filled: Room, path: str) -> None:
    http = filled.http(Role.VIEWER)
    answer = await http.get(f"/{path}/all")
    rows = answer.json()
    assert answer.headers["content-type"] == "application/json"
    paged: list[Any] = []
    while part := (
        await http.get(f"/{path}/all", params={"limit": 2, "after": _last(paged, path)})
    ).json():
        assert len(part) <= 2
        paged += part
    assert paged == rows
    page = (await http.get(f"/{path}", params={"limit": 2})).json()
    assert len(page["items"]) == min(2, len(rows))
    assert page["next"] == (None if len(rows) < 2 else _last(page["items"], path))


def _last(rows: list[Any], path: str) -> int:
    return int(rows[-1][f"{path}_id"]) if rows else 0


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "limit=0", "limit=-5", "limit=99999", "limit=x"]
)
@pytest.mark.parametrize("path", ["/task/all", "/task", "/dataset/all", "/workflow", "/event"])
async def test_a_bad_cursor_or_limit_is_refused_with_its_name(
    lite: Room, path: str, query: str
) -> None:
    answer = await lite.http(Role.VIEWER).get(f"{path}?{query}")
    assert answer.status_code == 422
    assert answer.json()["field"] == query.split("=")[0]
    assert query.split("=")[0] in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/template/99", None),
        ("GET", "/template/99/detail", None),
        ("GET", "/template/99/standard", None),
        ("PUT", "/template/99/change", {"status": "ARCHIVED"}),
        ("DELETE", "/template/99/delete", None),
        ("GET", "/dataset/99", None),
        ("PUT", "/dataset/99/dataset_uid", {"dataset_uid": "x"}),
        ("GET", "/workflow/99", None),
        ("POST", "/workflow/create", {"template_id": 99, "dataset_id": 99}),
        ("GET", "/task/99", None),
        ("GET", "/task/99/detail", None),
        ("GET", "/task/99/job", None),
        ("PUT", "/task/99/rank", {"rank": 2}),
        ("PUT", "/task/99/status", {"status": "CANCELLED"}),
        ("DELETE", "/task/99/delete", None),
        ("GET", "/recipe/sha256:00", None),
        ("GET", "/decision?dataset=nobody", None),
        ("GET", "/explain?dataset=nobody&template=99", None),
    ],
)
async def test_an_unknown_id_is_not_found_and_named(
    lite: Room, method: str, path: str, body: Any
) -> None:
    answer = await lite.http(Role.ADMIN).request(method, path, json=body)
    assert answer.status_code == 404
    assert answer.json()["error"] == "NotFound"
    assert answer.json()["hint"]


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/template/create", {"inner_dataset_mask": "*"}, "name"),
        ("POST", "/template/create", TEMPLATE | {"nmae": "x"}, "nmae"),
        ("POST", "/template/create", TEMPLATE | {"status": "GOOD"}, "status"),
        ("POST", "/dataset/create", {}, "name"),
        ("POST", "/workflow/create", {"template_id": 1}, "dataset_id"),
        ("PUT", "/task/1/rank", {"rank": -1}, "rank"),
        ("PUT", "/task/1/rank", {"rank": 0}, "rank"),
        ("PUT", "/task/1/rank", {}, "rank"),
        ("PUT", "/task/1/status", {"status": "DONE"}, "status"),
        ("PUT", "/task/1/status", {"status": "FINISHED"}, "status"),
        ("PUT", "/task/x/rank", {"rank": 1}, "task_id"),
        ("GET", "/task/status/DONE", None, "status_name"),
    ],
)
async def test_a_body_that_is_wrong_is_refused_at_its_field(
    filled: Room, method: str, path: str, body: Any, field: str
) -> None:
    answer = await filled.http(Role.ADMIN).request(method, path, json=body)
    assert answer.status_code == 422
    assert answer.json()["field"] == field


async def test_what_is_not_json_is_refused_as_such(lite: Room) -> None:
    answer = await lite.http(Role.EXPERT).post(
        "/template/create", content=b"{not json", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert "JSON" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("role", "method", "path", "body"),
    [
        (Role.VIEWER, "POST", "/template/create", TEMPLATE),
        (Role.VIEWER, "PUT", "/template/1/change", {"status": "ARCHIVED"}),
        (Role.VIEWER, "DELETE", "/template/1/delete", None),
        (Role.EXPERT, "PUT", "/task/1/rank", {"rank": 2}),
        (Role.EXPERT, "POST", "/dataset/create", {"name": "a"}),
        (Role.VIEWER, "POST", "/task/create", {"exec": "md5"}),
        (Role.ADMIN, "POST", "/task/claim", {"claimant": "me"}),
        (Role.OPERATOR, "PUT", "/cursor/dsm", {"expected": 0, "cursor": 1}),
        (Role.OPERATOR, "GET", "/users", None),
        (Role.DAQ, "GET", "/task/all", None),
    ],
)
async def test_without_the_right_it_is_forbidden(
    filled: Room, role: Role, method: str, path: str, body: Any
) -> None:
    answer = await filled.http(role).request(method, path, json=body)
    assert answer.status_code == 403
    assert str(role) in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/template/all", "/task/all", "/dataset/all", "/workflow/all", "/users/me", "/event"]
)
async def test_without_a_token_nothing_is_shown(lite: Room, path: str) -> None:
    answer = await lite.http().get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "POST /auth/jwt/login" in answer.json()["hint"]
