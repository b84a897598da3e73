"""Who visits: tokens in two cookies that no script and no foreign page can use."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import Response

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clients.sign_in import SignedIn
from penstock_core.errors import NotAuthenticated
from penstock_core.tokens import Identity, Verifier
from template_manager.faces import Faces

ACCESS, REFRESH = "penstock_access", "penstock_refresh"
PATH = "/ui"
SIGN_IN = "/ui/sign-in"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person, and the services as this person may see them."""

    identity: Identity
    workflows: DataAccessClient
    storage: DsmClient


async def visitor(request: Request) -> Visitor:
    """Return who visits, renewing an expired token; raises ``NotAuthenticated``."""
    faces: Faces = request.app.state.faces
    verifier: Verifier = request.app.state.verifier
    token = request.cookies.get(ACCESS, "")
    try:
        identity = verifier.verify(token)
    except NotAuthenticated:
        token = await _renewed(request, faces)
        identity = verifier.verify(token)
    found = Visitor(identity, faces.workflows(token), faces.storage(token))
    request.state.visitor = found
    return found


CurrentVisitor = Annotated[Visitor, Depends(visitor)]


async def _renewed(request: Request, faces: Faces) -> str:
    refresh = request.cookies.get(REFRESH, "")
    if not refresh:
        raise NotAuthenticated("Nobody is signed in.", hint="Sign in.")
    tokens = await faces.renewals.renew(refresh)
    request.state.renewed = tokens
    return tokens.access_token


def keep_renewed(request: Request, response: Response) -> None:
    """Store in the cookies what this request renewed, if it did."""
    tokens: SignedIn | None = getattr(request.state, "renewed", None)
    if tokens is not None:
        keep(request, response, tokens)


def keep(request: Request, response: Response, tokens: SignedIn) -> None:
    """Store a sign-in in the cookies; they end with the browser's session."""
    for name, value in ((ACCESS, tokens.access_token), (REFRESH, tokens.refresh_token)):
        if value:
            response.set_cookie(
                name,
                value,
                path=PATH,
                httponly=True,
                samesite="strict",
                secure=request.url.scheme == "https",
            )


def drop(response: Response) -> None:
    """Delete the cookies."""
    for name in (ACCESS, REFRESH):
        response.delete_cookie(name, path=PATH, httponly=True, samesite="strict")


def sign_in_url(request: Request) -> str:
    """Return the address of the sign-in page that comes back here."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    is_page = request.method == "GET" and here != "/ui/"
    return f"{SIGN_IN}?next={quote(here, safe='')}" if is_page else SIGN_IN


def safe_next(address: str) -> str:
    """Return ``address`` if it is a page of ours, else the first page."""
    is_ours = address.startswith("/ui/") and "//" not in address and "\\" not in address
    return address if is_ours else "/ui/"
