"""Errors as pages: what is wrong, and what to do next."""

from contextlib import suppress

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from penstock_core.errors import InvalidInput, NotAuthenticated, NotFound, PenstockError
from template_manager import session
from template_manager.rendering import render

_TITLES = {
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    409: "Not now",
    422: "Not understood",
    503: "Not reachable at the moment",
}


def install(app: FastAPI) -> None:
    """Let every error of a page become a page."""
    app.add_exception_handler(NotAuthenticated, _to_sign_in)
    app.add_exception_handler(PenstockError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _no_page)


def page(request: Request, error: PenstockError) -> Response:
    """Return the page of ``error``."""
    title = _TITLES.get(error.status, "Something went wrong")
    return render(request, "error.html", status=error.status, title=title, error=error)


async def _to_sign_in(request: Request, _error: Exception) -> Response:
    response = RedirectResponse(session.sign_in_url(request), 303)
    session.drop(response)
    return response


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, PenstockError)  # noqa: S101 - registered for this class alone
    return page(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    message = f"{field or 'The request'}: {first['msg']}."
    return page(request, InvalidInput(message, hint="Change it in the address or in the form."))


async def _no_page(request: Request, error: Exception) -> Response:
    """Answer for an address that no page has; who is signed in keeps the navigation."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    message = f"{request.method} {request.url.path}: {error.detail}."
    with suppress(PenstockError):
        await session.visitor(request)
    ours = NotFound(message, hint="The pages are Tasks, Datasets and Templates.")
    return page(request, ours)
