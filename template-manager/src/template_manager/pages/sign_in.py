"""Sign in, register, sign out."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from penstock_core.clients import RestClient
from penstock_core.clients.sign_in import sign_in, sign_out
from penstock_core.errors import PenstockError, RetriableError
from template_manager import session
from template_manager.faces import Faces
from template_manager.rendering import render

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/sign-in")
async def show_sign_in(request: Request, next: str = "", registered: str = "") -> Response:
    """Return the form."""
    return render(request, "sign_in.html", next=next, username=registered, registered=registered)


@router.post("/sign-in")
async def take_sign_in(
    request: Request, username: Text, password: Text, next: Text = ""
) -> Response:
    """Sign in and go on to where the visitor wanted to be."""
    faces: Faces = request.app.state.faces
    try:
        tokens = await sign_in(faces.data_access, username.strip(), password)
    except RetriableError:
        raise
    except PenstockError as error:
        values: dict[str, Any] = {
            "next": next,
            "username": username,
            "registered": "",
            "error": error,
        }
        return render(request, "sign_in.html", status=401, **values)
    response = RedirectResponse(session.safe_next(next), 303)
    session.keep(request, response, tokens)
    return response


@router.get("/register")
async def show_register(request: Request) -> Response:
    """Return the form."""
    return render(request, "register.html", username="")


@router.post("/register")
async def take_register(request: Request, username: Text, password: Text) -> Response:
    """Make a user, who is a viewer until an admin says more."""
    faces: Faces = request.app.state.faces
    body = {"email": username.strip(), "password": password}
    try:
        await RestClient(faces.data_access).call("POST", "/auth/register", None, body=body)
    except RetriableError:
        raise
    except PenstockError as error:
        return render(request, "register.html", status=422, username=username, error=error)
    query = urlencode({"registered": username.strip()})
    return RedirectResponse(f"{session.SIGN_IN}?{query}", 303)


@router.post("/sign-out")
async def take_sign_out(request: Request) -> Response:
    """Forget the visitor, here and at data-access."""
    faces: Faces = request.app.state.faces
    access = request.cookies.get(session.ACCESS, "")
    refresh = request.cookies.get(session.REFRESH, "")
    response = RedirectResponse(session.SIGN_IN, 303)
    session.drop(response)
    if access:
        try:
            await sign_out(faces.data_access, access, refresh)
        except PenstockError:
            # An expired token cannot be ended again; the cookies are gone either way.
            return response
    return response
