"""One task submitted over REST, compiled by the real compiler."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import FastAPI, Query

from data_access.service import open_service
from data_access.settings import AccessSettings
from penstock_core.bus.local import LocalBus
from penstock_core.clients import DataAccessClient
from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.workflow import ClaimRequest
from penstock_core.rights import Role
from penstock_core.service import House
from penstock_core.settings import HouseSettings
from penstock_core.states import DatasetKind, DatasetState
from penstock_core.tokens import Signer
from penstock_core.topology import PENSTOCK

TASK = {"exec": "md5", "args": "--tag 'two words'", "dataset": "run1.raw"}


def storage_manager() -> FastAPI:
    """A storage manager that knows one dataset."""
    app = FastAPI()
    known = Dataset(
        uid="uid-1",
        namespace="default",
        scope="daq",
        name="run1.raw",
        kind=DatasetKind.INPUT,
        state=DatasetState.CLOSED,
        metadata={},
        producer="",
        files=1,
        size_bytes=1,
        announced=1,
        incomplete=False,
        revision=1,
        opened_at=datetime(2026, 1, 1, tzinfo=UTC),
        closed_at=None,
        closed_because="",
        closed_by="",
    )

    @app.get("/api/v1/dataset")
    async def datasets(name: Annotated[str, Query()]) -> dict[str, Any]:
        items = [known.model_dump(mode="json")] if name == known.name else []
        return {"items": items, "next": None}

    @app.get("/api/v1/dataset/{uid}")
    async def dataset(uid: str) -> dict[str, Any]:
        return known.model_dump(mode="json")

    return app


@pytest.fixture
async def operator(tmp_path: Path, executables: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Raw requests of an operator who is a service too."""
    bus = LocalBus(PENSTOCK, ":memory:")
    await bus.start()
    settings = HouseSettings(data_dir=tmp_path)
    house = House(settings, bus, {"dsm": storage_manager()})
    access = AccessSettings(executables_file=executables)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(bus.close)
        service = await stack.enter_async_context(
            open_service(house, announce=lambda _: None, settings=access)
        )
        pem = settings.public_key.with_name("private.pem").read_text()
        token = Signer(pem).sign("operator", [Role.OPERATOR, Role.SERVICE, Role.EXPERT])
        http = httpx2.AsyncClient(
            base_url="http://data-access",
            transport=httpx2.ASGITransport(app=service.app),
            headers={"authorization": f"Bearer {token}"},
        )
        yield await stack.enter_async_context(http)


async def test_a_submitted_task_runs_the_program_over_the_dataset(
    operator: httpx2.AsyncClient,
) -> None:
    answer = await operator.post("/task/create", json=TASK | {"rank": 3, "device": "GPU"})
    assert answer.status_code == 201
    assert answer.json() == {
        "task_id": 1,
        "wflow_id": 1,
        "exec": "md5",
        "args": "--tag 'two words'",
        "rank": 3,
        "device": "GPU",
        "mode": "map",
        "retry": 2,
        "datas_in_id": 1,
        "datas_out_id": 2,
        "datas_log_id": 3,
        "status": "DEFINED",
    }
    client = DataAccessClient(operator)
    (due,) = await client.claim_tasks(ClaimRequest(claimant="me"))
    assert (due.template_id, due.inputs[0].dataset_uid) == (None, "uid-1")
    assert due.output.name == "run1.raw.md5.task1"
    recipe = await client.recipe(due.recipe_digest)
    (step,) = recipe["steps"]
    tool = step["job_document"]
    assert tool["baseCommand"] == ["md5sum"]
    assert [a if isinstance(a, str) else a["valueFrom"] for a in tool["arguments"]] == [
        "--tag",
        "two words",
    ]
    assert (step["rank"], step["resources"]["device"]) == (3, "GPU")
    assert (await client.workflows()).items[0].template_id is None


async def test_a_merge_gets_all_files_and_waits_for_the_closing(
    operator: httpx2.AsyncClient,
) -> None:
    await operator.post("/dataset/create", json={"name": "open.raw", "dataset_uid": "u"})
    body = {"exec": "md5", "mode": "merge", "datas_in_id": 1}
    made = (await operator.post("/task/create", json=body)).json()
    assert made["mode"] == "merge"
    task = await DataAccessClient(operator).task(1)
    assert task.waits_for == ("open.raw to be closed",)


async def test_a_repeat_with_the_same_key_is_the_same_task(
    operator: httpx2.AsyncClient,
) -> None:
    keyed = TASK | {"idempotency_key": "once"}
    first = await operator.post("/task/create", json=keyed)
    again = await operator.post("/task/create", json=keyed)
    assert first.json() == again.json()
    other = await operator.post("/task/create", json=keyed | {"args": ""})
    assert (other.status_code, other.json()["field"]) == (409, "idempotency_key")
    unkeyed = await operator.post("/task/create", json=TASK)
    assert unkeyed.json()["task_id"] == 2


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"exec": "rm"}, 422, "exec"),
        ({"args": "'open"}, 422, "args"),
        ({"args": "$(rm)"}, 422, "args"),
        ({"dataset": ""}, 422, "dataset"),
        ({"dataset": "unknown"}, 404, "dataset"),
        ({"datas_in_id": 99}, 404, ""),
        ({"rank": -1}, 422, "rank"),
        ({"rank": 10_000_000_000}, 422, "rank"),
        ({"retry": -1}, 422, "retry"),
        ({"mode": "sweep"}, 422, "mode"),
    ],
)
async def test_a_bad_submission_is_refused_at_its_field(
    operator: httpx2.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await operator.post("/task/create", json=TASK | change)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["hint"]


async def test_spds_template_is_compiled_and_shown_as_standard_cwl(
    operator: httpx2.AsyncClient,
) -> None:
    run = {
        "baseCommand": "echo",
        "inputs": {"dataset_name": "string", "processing_program": "string"},
        "outputs": {"output_dataset": "File", "log_dataset": "File"},
    }
    step = {
        "run": run,
        "in": {"dataset_name": "*.test.*", "processing_program": "decoder"},
        "out": "[output_dataset, log_dataset]",
    }
    body = {
        "name": "spd",
        "inner_dataset_mask": "*.test.*",
        "description": {"steps": {"decoding": step, "reconstruction": step}},
    }
    answer = await operator.post("/template/create", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["description"] == body["description"]
    standard = (await operator.get("/template/1/standard")).json()
    assert standard["class"] == "Workflow"


async def test_why_a_dataset_does_not_match_is_said_by_its_clause(
    operator: httpx2.AsyncClient,
) -> None:
    tool = {
        "cwlVersion": "v1.2",
        "class": "CommandLineTool",
        "baseCommand": "cat",
        "inputs": {"file": {"type": "File", "inputBinding": {}}},
        "outputs": {"out": {"type": "stdout"}},
    }
    body = {"name": "t", "inner_dataset_mask": "run2.*", "description": tool}
    assert (await operator.post("/template/create", json=body)).status_code == 201
    explained = await DataAccessClient(operator).explain("uid-1", 1)
    assert not explained.matched
    assert explained.clause == "run2.*"
    assert "column 4" in explained.reason
    await operator.put("/template/1/change", json={"inner_dataset_mask": "run1.*"})
    late = await DataAccessClient(operator).explain("uid-1", 2)
    assert not late.matched
    assert late.clause.startswith("effective_from")
