"""Small twins of data-access and dsm: their contracts over facts held in lists."""

import secrets
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any

from fastapi import FastAPI, Form, Query
from fastapi.responses import Response

from penstock_core.contracts.base import Page
from penstock_core.contracts.closing import Evidence, Forecast, Part, Policy
from penstock_core.contracts.dsm import ContentFile, Contents, Dataset, File, LedgerRow
from penstock_core.contracts.services import ServiceRow
from penstock_core.contracts.workflow import (
    ActionResult,
    JobReport,
    NewAction,
    Task,
    TaskAction,
    TaskOutcome,
    Template,
)
from penstock_core.errors import (
    Duplicate,
    Forbidden,
    InvalidInput,
    NotAuthenticated,
    NotFound,
)
from penstock_core.rights import Role
from penstock_core.states import FileState, TaskStatus
from penstock_core.tokens import Signer, Verifier
from penstock_core.web import Expert, Operator, Reader, new_app

MADE = datetime.now(UTC) - timedelta(minutes=3)
EMAIL, PASSWORD = "shift@example.org", "river-of-data-42"


def template(template_id: int = 1, name: str = "dimuon", **changes: Any) -> Template:
    values: dict[str, Any] = {
        "template_id": template_id,
        "name": name,
        "inner_dataset_mask": "swf.{run}.run",
        "description": "cwlVersion: v1.2\nclass: Workflow\n",
        "status": "ACTUAL",
        "version": 1,
        "masks": ("swf.{run}.run",),
        "exclude": (),
        "where": ("run >= 1000",),
        "namespace": "*",
        "input": "stfs",
        "values": {"minimum_pt": 20},
        "recipe_digest": f"sha256:{template_id:064d}",
        "effective_from": MADE,
        "created_at": MADE,
        "created_by": "expert@example.org",
    }
    return Template.model_validate(values | changes)


def _step(name: str, mode: str, reads: str, label: str) -> dict[str, Any]:
    return {
        "name": name,
        "mode": mode,
        "trigger": "open" if mode == "map" else "closed",
        "links": [{"key": "in", "step": reads, "port": "out" if reads else "", "take": "each"}],
        "ports": [{"name": "out", "many": False, "optional": False}],
        "label": label,
        "args": "",
        "rank": 1,
        "retry": 2,
        "resources": {"cores": 1, "memory_mib": 256, "device": "CPU"},
    }


RECIPE: dict[str, Any] = {
    "dialect": "spd",
    "input": "stfs",
    "steps": [
        _step("decode", "map", "", "decode.py"),
        _step("reconstruct", "map", "decode", "reconstruct.py"),
        _step("merge", "merge", "reconstruct", "merge.py"),
        _step("plot", "merge", "merge", "plot.py"),
    ],
    "documents": {"dimuon.cwl": "cwlVersion: v1.2\nclass: Workflow\n# <script>alert(1)</script>\n"},
    "standard": {"cwlVersion": "v1.2", "class": "Workflow"},
}


FORM: list[dict[str, Any]] = [
    {"name": "stfs", "label": "stfs", "widget": "structure", "kind": "File[]", "required": True},
    {
        "name": "minimum_pt",
        "label": "Least transverse momentum",
        "help": "Muons below it are left out <in GeV>.",
        "widget": "number",
        "kind": "float",
        "required": False,
        "default": 10,
    },
    {"name": "mode", "widget": "select", "kind": "enum", "choices": ["fast", "full"]},
    {"name": "bins", "widget": "structure", "kind": "int[]?", "default": [1, 2]},
    {"name": "note", "widget": "text", "kind": "string?", "default": "plain"},
    {"name": "veto", "widget": "checkbox", "kind": "boolean?", "default": True},
]
FORM = [{"label": f["name"], "help": "", "required": False} | f for f in FORM]


def dataset(uid: str, name: str, state: str = "OPEN", **changes: Any) -> Dataset:
    closed = state == "CLOSED"
    values: dict[str, Any] = {
        "uid": uid,
        "namespace": "default",
        "scope": "daq",
        "name": name,
        "kind": "input",
        "state": state,
        "metadata": {"run": 101983},
        "producer": "daq",
        "files": 12,
        "size_bytes": 48_300_000,
        "announced": 12 if closed else None,
        "incomplete": False,
        "revision": 13,
        "opened_at": MADE,
        "closed_at": MADE if closed else None,
        "closed_because": "12 of 12 announced files are registered" if closed else "",
        "closed_by": "scheduler" if closed else "",
    }
    return Dataset.model_validate(values | changes)


def forecast(of: Dataset) -> Forecast:
    """Return when ``of`` will close."""
    kept = of.model_dump(include=set(Evidence.model_fields) & set(Dataset.model_fields))
    more = {"registered": of.files, "announced_by": "", "announced_at": None, "last_file_at": None}
    seen = Evidence(**kept | more, rule="default-run", policy=Policy())
    return Forecast(uid=of.uid, at=MADE, text="closes at 14:32Z unless STF 57 comes", evidence=seen)


def _part(number: int) -> Part:
    return Part(
        number=number,
        name="swf.101983.run" + (f".b{number}" if number > 1 else ""),
        first_position=1 + 60 * (number - 1),
        files=60,
        size_bytes=241_500_000,
        closed_at=MADE,
    )


def task(task_id: int, step: str, status: str, **changes: Any) -> Task:
    values: dict[str, Any] = {
        "task_id": task_id,
        "wflow_id": 6,
        "exec": "processing_program",
        "args": "cable_map",
        "rank": 1,
        "device": "CPU",
        "mode": "map",
        "retry": 5,
        "datas_in_id": 26,
        "datas_out_id": 27,
        "datas_log_id": 28,
        "status": status,
        "step": step,
        "namespace": "default",
        "template_id": 1,
        "input_name": "swf.101983.run",
        "output_name": f"swf.101983.run.dimuon.{step}.v1",
        "log_name": f"swf.101983.run.dimuon.{step}.v1.log",
        "paused": False,
        "external_id": f"default.6.{step}",
        "jobs": 12,
        "running": 2,
        "finished": 7,
        "failed": 1,
        "reason": "",
        "waits_for": (),
        "created_at": MADE,
        "submitted_at": MADE,
        "ended_at": None,
    }
    return Task.model_validate(values | changes)


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63600000"
    "00020001481bb1310000000049454e44ae426082"
)


def file(uid: str, name: str, size_bytes: int) -> File:
    return File(
        uid=uid,
        namespace="default",
        scope="daq",
        name=name,
        state=FileState.REGISTERED,
        storage_id="pilot",
        path=name,
        size_bytes=size_bytes,
        checksum="ad:00000001",
        guid=uid,
        registered_at=MADE,
    )


def job(index: int, state: str, **changes: Any) -> JobReport:
    values: dict[str, Any] = {
        "task_id": 11,
        "index": index,
        "state": state,
        "attempts": 1,
        "exit_code": 0 if state == "FINISHED" else 1,
        "reason": "" if state == "FINISHED" else "the program ended with exit code 1",
        "host": "farm-07",
        "started_at": MADE,
        "ended_at": MADE + timedelta(seconds=4.2),
        "log_tail": "" if state == "FINISHED" else "ValueError: header says run 7\n",
    }
    return JobReport.model_validate(values | changes)


class Facts:
    """What the twins know; tests change it as they need."""

    def __init__(self) -> None:
        self.users = {EMAIL: PASSWORD}
        self.templates = [template(), template(2, "md5", status="ARCHIVED", masks=("*.raw",))]
        self.datasets = [
            dataset("uid-1", "swf.101983.run", "CLOSED"),
            dataset("uid-2", "swf.101984.run", files=5, size_bytes=20_100_000),
            dataset(
                "uid-5",
                "swf.101983.run.d1",
                files=1,
                logical="swf.101983.run",
                processing=False,
            ),
            dataset("uid-3", "swf.101983.run.dimuon.decode.v1", kind="output", announced=12),
        ]
        self.tasks = [
            task(11, "decode", "FINISHED", finished=12, running=0, failed=0, ended_at=MADE),
            task(12, "reconstruct", "IN_PROGRESS", datas_in_id=27, datas_out_id=29),
            task(
                13,
                "merge",
                "DEFINED",
                jobs=0,
                waits_for=("reconstruct to be closed",),
                input_incomplete=True,
            ),
            task(14, "md5", "FAILED", wflow_id=7, finished=4, running=0, failed=8),
        ]
        self.jobs = [job(0, "FINISHED"), job(1, "FAILED")]
        self.contents = {"f-plot": PNG, "f-page": b"<script>alert(1)</script>"}
        self.files = [
            file("f-plot", "plot.png", len(PNG)),
            file("f-page", "page.html", 25),
            file("f-far", "far.stf", 12),
        ]
        self.hint = "Look at the list."
        self.asked: list[str] = []
        self.roles = [Role.VIEWER]
        self.refusal = ""
        self.actions: list[TaskAction] = []
        self.refresh_tokens: dict[str, str] = {}


def _page(items: list[Any], key: Any, after: int, limit: int) -> dict[str, Any]:
    rest = [item for item in items if key(item) > after]
    following = key(rest[limit - 1]) if len(rest) > limit else None
    return Page[Any](items=tuple(rest[:limit]), next=following).model_dump(mode="json")


def _service(number: int, name: str, **more: Any) -> ServiceRow:
    at = datetime(2026, 11, 27, 12, tzinfo=UTC)
    told = {"instance": str(number), "version": "1", "host": "farm-07", "pid": 4711}
    return ServiceRow(service_id=number, name=name, started_at=at, seen_at=at, **told | more)


SERVICES = (
    _service(1, "dsm", state="WAITING", waits_for={"database": "it does not answer"}),
    _service(2, "scheduler", state="LOST", lag_events=37),
)


def _one(items: list[Any], hint: str = "Look at the list.") -> Any:
    if not items:
        raise NotFound("There is no such thing.", hint=hint)
    return items[0].model_dump(mode="json")


def data_access(facts: Facts, signer: Signer, verifier: Verifier) -> FastAPI:
    app = new_app("twin of data-access", verifier)

    def tokens(email: str) -> dict[str, Any]:
        token, refresh = signer.sign(email, facts.roles), secrets.token_hex(8)
        facts.refresh_tokens[refresh] = email
        return {"access_token": token, "refresh_token": refresh, "expires_in": 900}

    @app.post("/auth/jwt/login")
    async def login(username: Annotated[str, Form()], password: Annotated[str, Form()]) -> Any:
        if facts.users.get(username) != password:
            raise NotAuthenticated("Email or password are wrong.", hint="Try again.")
        return tokens(username)

    @app.post("/auth/jwt/refresh")
    async def refresh(body: dict[str, str]) -> Any:
        email = facts.refresh_tokens.pop(body["refresh_token"], "")
        if email not in facts.users:
            raise NotAuthenticated("The refresh token is not good.", hint="Sign in again.")
        return tokens(email)

    @app.post("/auth/jwt/logout", status_code=204)
    async def logout(_caller: Reader) -> None:
        facts.asked.append("logout")

    @app.post("/auth/register", status_code=201)
    async def register(body: dict[str, str]) -> Any:
        if body["email"] in facts.users:
            raise Duplicate(f"{body['email']} is registered already.", hint="Sign in.")
        facts.users[body["email"]] = body["password"]
        return {"email": body["email"]}

    @app.get("/template")
    async def templates(
        _caller: Reader, status: str = "", name: str = "", after: int = 0, limit: int = 100
    ) -> Any:
        found = [t for t in facts.templates if status in ("", t.status) and name in t.name]
        return _page(found, lambda t: t.template_id, after, limit)

    @app.get("/template/{template_id}/detail")
    async def one_template(_caller: Reader, template_id: int) -> Any:
        return _one([t for t in facts.templates if t.template_id == template_id])

    @app.get("/template/{template_id}/parameters")
    async def parameters(_caller: Reader, template_id: int) -> Any:
        return {"values": {}, "form": FORM}

    @app.put("/template/{template_id}/change")
    async def change(_caller: Expert, template_id: int, body: dict[str, Any]) -> Any:
        wrong = [n for n, v in body["values"].items() if n == "minimum_pt" and isinstance(v, str)]
        if wrong:
            raise InvalidInput(
                "minimum_pt: 'ten' is no float.", hint="Give a number.", field="minimum_pt"
            )
        before = next(t for t in facts.templates if t.template_id == template_id)
        new = {"template_id": 99, "version": before.version + 1, "values": body["values"]}
        facts.templates.append(before.model_copy(update=new))
        return {"template_id": 99}

    @app.get("/recipe/{digest}")
    async def recipe(_caller: Reader, digest: str) -> Any:
        return RECIPE

    @app.get("/dataset/{number}")
    async def numbered(_caller: Reader, number: int) -> Any:
        uid = {26: "uid-1", 27: "uid-3", 30: "uid-4"}.get(number)
        return {"dataset_id": number, "name": f"dataset {number}", "dataset_uid": uid}

    @app.get("/task")
    async def tasks(
        _caller: Reader,
        status: str = "",
        workflow: int | None = None,
        dataset: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> Any:
        found = [
            t
            for t in facts.tasks
            if status in ("", t.status)
            and workflow in (None, t.wflow_id)
            and dataset in ("", t.input_name)
        ]
        return _page(found, lambda t: t.task_id, after, limit)

    @app.get("/services")
    async def services(
        _caller: Reader, name: str = "", state: str = "", after: int = 0, limit: int = 100
    ) -> Any:
        found = [s for s in SERVICES if name in ("", s.name) and state in ("", s.state)]
        return _page(found, lambda s: s.service_id, after, limit)

    @app.get("/task/{task_id}/detail")
    async def one_task(_caller: Reader, task_id: int) -> Any:
        return _one([t for t in facts.tasks if t.task_id == task_id], facts.hint)

    @app.get("/task/{task_id}/action")
    async def done(_caller: Reader, task_id: int, after: int = 0, limit: int = 100) -> Any:
        return _page([a for a in facts.actions if a.task_id == task_id], _id, after, limit)

    @app.post("/action")
    async def act(caller: Operator, asked: NewAction) -> ActionResult:
        (number,) = asked.selection.tasks
        (found,) = [t for t in facts.tasks if t.task_id == number]
        refused = facts.refusal or (asked.action == "retry" and found.status == "FINISHED")
        told = {"outcome": "refused" if refused else "asked", "why": facts.refusal}
        keep = found.model_dump(include={"task_id", "wflow_id", "step", "input_name", "status"})
        if not asked.dry_run and not refused:
            facts.actions.append(_done(len(facts.actions) + 1, number, asked, caller.subject))
        outcome = TaskOutcome.model_validate(keep | told)
        return ActionResult(action_id=None, dry_run=asked.dry_run, outcomes=(outcome,))

    @app.get("/task/{task_id}/job")
    async def jobs(_caller: Reader, task_id: int, after: int = -1, limit: int = 100) -> Any:
        return _page(facts.jobs, lambda j: j.index, after, limit)

    return app


def _id(action: TaskAction) -> int:
    return action.action_id


def _done(number: int, task_id: int, asked: NewAction, actor: str) -> TaskAction:
    return TaskAction(
        action_id=number,
        task_id=task_id,
        at=MADE,
        actor=actor,
        action=asked.action,
        because=asked.because,
        rank=None,
        before=TaskStatus.PARTIAL,
        outcome="asked",
    )


def dsm(facts: Facts, verifier: Verifier) -> FastAPI:
    app = new_app("twin of dsm", verifier)

    @app.get("/api/v1/dataset")
    async def datasets(
        _caller: Reader,
        name: str = "",
        state: str = "",
        kind: str = "",
        logical: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> Any:
        found = [
            d
            for d in facts.datasets
            if fnmatchcase(d.name, name or "*")
            and state in ("", d.state)
            and kind in ("", d.kind)
            and logical in ("", d.logical or d.name)
        ]
        return _page(found, lambda d: 1 + facts.datasets.index(d), after, limit)

    @app.get("/api/v1/dataset/forecast")
    async def forecasts(_caller: Reader, uid: Annotated[list[str], Query()]) -> Any:
        return [forecast(d) for d in facts.datasets if d.uid in uid and d.state == "OPEN"]

    @app.get("/api/v1/dataset/{uid}/parts")
    async def parts(_caller: Reader, uid: str) -> list[Part]:
        return [_part(n) for n in (1, 2)] if uid == "uid-1" else [_part(1)]

    @app.get("/api/v1/dataset/{uid}")
    async def one_dataset(_caller: Reader, uid: str) -> Any:
        return _one([d for d in facts.datasets if d.uid == uid])

    @app.get("/api/v1/dataset/{uid}/contents")
    async def contents(_caller: Reader, uid: str, after: int = 0, limit: int = 100) -> Contents:
        files = tuple(_file(position) for position in range(after + 1, 121))[:limit]
        if uid == "uid-4":
            names = ("log.000001.log", "log.000012.log", "log.000001.again1.log")
            files = tuple(_file(n, name=name) for n, name in enumerate(names, 1))
        if uid == "uid-3":
            files = (_file(1, name="plot.png"), _file(2, name="raw.png", readable=False))
        cursor = files[-1].position if files else after
        return Contents(
            uid=uid, files=files, closed=True, total=120, incomplete=False, cursor=cursor
        )

    @app.get("/api/v1/file/")
    async def files(_caller: Reader, name: str, namespace: str, scope: str) -> Any:
        found = [
            f for f in facts.files if (f.name, f.namespace, f.scope) == (name, namespace, scope)
        ]
        return _page(found, lambda f: 1 + facts.files.index(f), 0, 100)

    @app.get("/api/v1/file/{uid}/content")
    async def content(_caller: Reader, uid: str, offset: int = 0, length: int = 2**62) -> Response:
        if uid not in facts.contents:
            raise Forbidden("The file lies in no open storage.", hint="Ask an operator.")
        facts.asked.append(f"{uid} from {offset}")
        return Response(facts.contents[uid][offset : offset + length])

    @app.get("/api/v1/dataset/{uid}/ledger")
    async def ledger(_caller: Reader, uid: str) -> list[LedgerRow]:
        evidence = {"registered": 12, "announced": 12, "announced_by": "daq"}
        because = "12 of 12 announced files are registered"
        row = LedgerRow(
            uid=uid, at=MADE, rule="count", because=because, evidence=evidence, actor="scheduler"
        )
        return [row] if uid == "uid-1" else []

    return app


def _file(position: int, name: str = "", **changes: Any) -> ContentFile:
    name = name or f"swf.101983.{position:06d}.stf"
    return ContentFile(
        position=position,
        name=name,
        basename=name,
        port="",
        index=position - 1,
        part=0,
        size_bytes=4_025_000,
        checksum="sha256:" + f"{position:02x}" * 32,
        url=f"file:///data/{name}",
        usable=position != 3,
        **changes,
    )
