"""Small twins of data-access and dsm: their contracts over facts held in lists."""

import secrets
from fnmatch import fnmatchcase
from typing import Annotated, Any

from fastapi import FastAPI, Form, Query
from fastapi.responses import Response
from tests.template_manager.told import (
    FORM,
    MADE,
    RECIPE,
    SERVICES,
    Facts,
    _part,
    content_file,
    forecast,
)

from penstock_core.contracts.base import Page
from penstock_core.contracts.closing import Part
from penstock_core.contracts.dsm import Contents, LedgerRow
from penstock_core.contracts.workflow import (
    ActionResult,
    NewAction,
    TaskAction,
    TaskOutcome,
)
from penstock_core.errors import (
    Duplicate,
    Forbidden,
    InvalidInput,
    NotAuthenticated,
    NotFound,
)
from penstock_core.states import TaskStatus
from penstock_core.tokens import Signer, Verifier
from penstock_core.web import Expert, Operator, Reader, new_app


def _page(items: list[Any], key: Any, after: int, limit: int) -> dict[str, Any]:
    rest = [item for item in items if key(item) > after]
    following = key(rest[limit - 1]) if len(rest) > limit else None
    return Page[Any](items=tuple(rest[:limit]), next=following).model_dump(mode="json")


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
        files = tuple(content_file(position) for position in range(after + 1, 121))[:limit]
        if uid == "uid-4":
            names = ("log.000001.log", "log.000012.log", "log.000001.again1.log")
            files = tuple(content_file(n, name=name) for n, name in enumerate(names, 1))
        if uid == "uid-3":
            files = (
                content_file(1, name="plot.png"),
                content_file(2, name="raw.png", readable=False),
            )
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
