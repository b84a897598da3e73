"""What guards every answer: headers that keep foreign content out, and forms that are our own.

Cookies are SameSite=Strict; a form that changes something must also come from our own origin,
which browsers tell in ``Origin`` and programs cannot forge inside one.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response

from penstock_core.errors import Forbidden
from template_manager import error_pages, session

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Next = Callable[[Request], Awaitable[Response]]


async def guard(request: Request, call_next: Next) -> Response:
    """Refuse foreign forms; add the headers, and the cookies of a renewed sign-in.

    What a file came with is stricter than our pages' own headers, and stays.
    """
    if request.method in _SAFE or is_own(request):
        response = await call_next(request)
    else:
        response = error_pages.page(request, _foreign())
    session.keep_renewed(request, response)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.url.path.startswith("/ui/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def is_own(request: Request) -> bool:
    """Return whether the browser says that the form was on a page of ours."""
    said = request.headers.get("origin") or request.headers.get("referer", "")
    return bool(said) and urlsplit(said).netloc == request.headers.get("host")


def _foreign() -> Forbidden:
    return Forbidden(
        "This form was sent from a page that is not ours.",
        hint="Open the page here and send the form again.",
    )
