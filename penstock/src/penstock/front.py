"""The front door where all services share one port: a request goes to the owner of its path."""

from collections.abc import Mapping
from typing import Any

from penstock_core.service import Asgi


class Front:
    """An ASGI application that hands each request to the face with the longest matching path.

    ``faces`` maps beginnings of paths to faces; ``/`` itself leads to the web face.
    """

    def __init__(self, faces: Mapping[str, Asgi]) -> None:
        self._faces = sorted(faces.items(), key=lambda item: -len(item[0]))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["path"] == "/":
            await _redirect(send, "/ui/")
        else:
            await self._owner(scope["path"])(scope, receive, send)

    def _owner(self, path: str) -> Asgi:
        for start, face in self._faces:
            if path == start or path.startswith(start.rstrip("/") + "/"):
                return face
        raise LookupError(f"no service answers {path}")


async def _redirect(send: Any, to: str) -> None:
    headers = [(b"location", to.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 307, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
