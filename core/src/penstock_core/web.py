"""What every REST face has in common: errors as JSON, tokens, health, and nothing from outside."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from penstock_core.errors import (
    Defect,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PenstockError,
    RetriableError,
)
from penstock_core.metrics import REQUESTS
from penstock_core.rights import Right
from penstock_core.tokens import Identity, Verifier
from penstock_core.tracing import HEADER, tracing

log = logging.getLogger(__name__)

Asgi = Callable[..., Awaitable[None]]
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def new_app(title: str, verifier: Verifier, description: str = "", *, prefix: str = "") -> FastAPI:
    """Return an application that speaks our errors and knows its callers by ``verifier``.

    FastAPI's own pages for /docs load scripts from elsewhere, so they are off;
    ``<prefix>/openapi.json`` is on. ``prefix`` begins the paths of a face that shares a port.
    """
    app = FastAPI(
        title=title,
        description=description,
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.verifier = verifier
    app.add_middleware(Traced)
    app.add_middleware(Measured, service=title.removeprefix("Penstock "))
    app.add_exception_handler(PenstockError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_defect)
    app.add_exception_handler(HTTPException, _answer_unroutable)

    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        """Return that the process answers."""
        return {"status": "alive"}

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Return what this process has measured, as Prometheus reads it; names no data."""
        return exposition()

    return app


def exposition() -> Response:
    """Return all metrics of this process in Prometheus's text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class Measured:
    """Measures each request by the template of its route; what meets no route is ``none``."""

    def __init__(self, app: Asgi, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def noting(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = perf_counter()
        try:
            await self._app(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            labels = (self._service, method, _route(scope), status)
            REQUESTS.labels(*labels).observe(perf_counter() - began)


def _route(scope: Any) -> str:
    """Return the template of the path that a request met; a router's prefix belongs to it."""
    whole = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(whole or scope.get("route"), "path", "none")


class Traced:
    """Follows the trace that a request carries, or begins one."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        headers = dict(scope.get("headers", ()))
        with tracing(headers.get(HEADER.encode(), b"").decode("latin-1")):
            await self._app(scope, receive, send)


async def identity(request: Request) -> Identity:
    """Return who is asking; raises ``NotAuthenticated``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated(
            "This needs a signed-in caller.",
            hint="Sign in with POST /auth/jwt/login and send 'Authorization: Bearer <token>'.",
        )
    verifier: Verifier = request.app.state.verifier
    return verifier.verify(token)


Caller = Annotated[Identity, Depends(identity)]


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency that gives the caller's identity and refuses one without any of ``rights``.

    The refusal names the first of them.
    """

    rights: tuple[Right, ...]

    async def __call__(self, caller: Caller) -> Identity:
        """Return the caller; raises ``Forbidden``."""
        if caller.rights.isdisjoint(self.rights):
            caller.require(self.rights[0])
        return caller


def needs(*rights: Right) -> Any:
    """Return the dependency on a caller who has one of ``rights``."""
    return Depends(Needs(rights))


Reader = Annotated[Identity, needs(Right.READ)]
Expert = Annotated[Identity, needs(Right.WRITE_TEMPLATES)]
Operator = Annotated[Identity, needs(Right.OPERATE)]
Announcer = Annotated[Identity, needs(Right.ANNOUNCE_DATA)]
Admin = Annotated[Identity, needs(Right.ADMINISTER)]
ServiceCaller = Annotated[Identity, needs(Right.SERVE)]
OperatorOrService = Annotated[Identity, needs(Right.OPERATE, Right.SERVE)]


async def _answer_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PenstockError)  # noqa: S101 - registered for this class alone
    headers = {"Retry-After": "1"} if isinstance(error, RetriableError) else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.as_json(), error.status, headers)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        ours = _not_json(first, error.body)
        return JSONResponse(ours.as_json(), ours.status)
    field = ".".join(str(part) for part in first["loc"][1:])
    all_of_them = [
        {"field": ".".join(str(p) for p in e["loc"][1:]), "message": e["msg"]}
        for e in error.errors()[:20]
    ]
    ours = InvalidInput(
        f"{field or 'the body'}: {first['msg']}.",
        hint=f"See {request.app.openapi_url} for what this call takes.",
        field=field,
        facts={"errors": all_of_them},
    )
    return JSONResponse(ours.as_json(), ours.status)


def _not_json(first: dict[str, Any], body: Any) -> InvalidInput:
    """Return the error for a body that is no JSON; the place in ``first`` counts characters."""
    position = int(first["loc"][-1])
    read = str(body)[:position]
    line, column = read.count("\n") + 1, position - (read.rfind("\n") + 1) + 1
    reason = str(first.get("ctx", {}).get("error", "")).lower()
    return InvalidInput(
        f"the body is not JSON: line {line} column {column}: {reason}.",
        hint="Send JSON: names and texts in double quotes, no comma at the end.",
        facts={"line": line, "column": column},
    )


async def _answer_unroutable(request: Request, error: Exception) -> Response:
    """Answer in our form what the framework refuses before any route sees it."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    kind = NotFound if error.status_code in (404, 405) else InvalidInput
    ours = kind(
        f"{request.method} {request.url.path[:200]}: {error.detail}.",
        hint=f"{request.app.openapi_url} lists every call and what it takes.",
    )
    return JSONResponse(ours.as_json(), error.status_code, error.headers)


async def _answer_defect(request: Request, error: Exception) -> Response:
    """Answer 500 in our form and log the defect; whoever asks for something else goes on."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    ours = Defect(
        f"{request.method} {request.url.path} failed: {type(error).__name__}.",
        hint="It is a defect; the service's log has it, under the trace of this request.",
    )
    return JSONResponse(ours.as_json(), ours.status)


def add_readiness(app: FastAPI, ready: Callable[[], Awaitable[dict[str, str]]]) -> None:
    """Add ``/health/ready``: 200 when ``ready()`` gives no reason, else 503 with the reasons.

    ``ready`` returns what is not ready yet, by name; empty means subscribed, migrated, answering.
    """

    @app.get("/health/ready", tags=["health"])
    async def readiness() -> JSONResponse:
        """Return whether this service can do its work now, and what it waits for if not."""
        reasons = await ready()
        return JSONResponse({"ready": not reasons, "waits_for": reasons}, 503 if reasons else 200)
