"""A face in another process: requests go on to where it answers, and its answers come back."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
from fastapi.responses import JSONResponse

from penstock_core.errors import ServiceUnavailable

_OF_THE_CONNECTION = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
    }
)
"""Headers that hold for one connection alone (RFC 9110, 7.6.1)."""


class Proxy:
    """An ASGI application that stands for the one at ``http``'s address.

    Bodies are passed on as they come, in both directions. Where nobody answers it says 503.
    """

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        path = scope["raw_path"].decode("ascii")
        query = scope["query_string"].decode("ascii")
        request = self._http.build_request(
            scope["method"],
            f"{path}?{query}" if query else path,
            headers=_passed_on(scope["headers"]),
            content=_body(receive),
        )
        try:
            response = await self._http.send(request, stream=True)
        except httpx2.HTTPError as error:
            await _away(self._http, error)(scope, receive, send)
            return
        try:
            headers = _passed_on(response.headers.raw)
            start = {"status": response.status_code, "headers": headers}
            await send({"type": "http.response.start", **start})
            async for part in response.aiter_raw():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()


def _passed_on(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in _OF_THE_CONNECTION]


async def _body(receive: Any) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        yield message.get("body", b"")


def _away(http: httpx2.AsyncClient, error: httpx2.HTTPError) -> JSONResponse:
    ours = ServiceUnavailable(
        f"{http.base_url} does not answer: {error}.",
        hint="It may be starting; try again, and see that the service runs.",
    )
    return JSONResponse(ours.as_json(), ours.status, {"Retry-After": "1"})
