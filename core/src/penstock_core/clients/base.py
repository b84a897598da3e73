"""One REST call: a token, a typed body, a typed answer, and errors of our own tree."""

import os
import time
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx2
from pydantic import TypeAdapter

from penstock_core.errors import NotAuthenticated, PenstockError, ServiceUnavailable, from_json
from penstock_core.tracing import HEADER, traceparent

Answer = TypeVar("Answer")
_RENEW_BEFORE_S = 60.0


class TokenSource(Protocol):
    """Where a client gets its token."""

    async def token(self) -> str:
        """Return a token that is good for a while."""
        ...

    def forget(self) -> None:
        """Drop the token held: it was refused."""
        ...


class RestClient:
    """Calls one service. All failures leave as ours; what is not answered is retriable."""

    def __init__(self, http: httpx2.AsyncClient, tokens: TokenSource | None = None) -> None:
        self._http = http
        self._tokens = tokens

    async def call(
        self,
        method: str,
        path: str,
        answer: type[Answer] | Any,
        *,
        body: Any = None,
        params: dict[str, Any] | None = None,
    ) -> Answer:
        """Return the answer, parsed as ``answer``; ``body`` may hold models.

        Raises
        ------
        ServiceUnavailable
            no answer, or a 5xx that is none of ours: the same call may succeed later.
        PenstockError
            the error that the service answered, as its own class.
        """
        response = await self._send(method, path, body, params)
        if response.status_code == 401 and self._tokens is not None:
            self._tokens.forget()
            response = await self._send(method, path, body, params)
        if response.is_success:
            parsed: Answer = parse(answer, response.content)
            return parsed
        raise _error_of(response)

    async def _send(
        self, method: str, path: str, body: Any, params: dict[str, Any] | None
    ) -> httpx2.Response:
        headers = {"content-type": "application/json"}
        if trace := traceparent():
            headers[HEADER] = trace
        if self._tokens is not None:
            headers["authorization"] = f"Bearer {await self._tokens.token()}"
        content = None if body is None else dump(body)
        given = {k: v for k, v in (params or {}).items() if v is not None and v != ""}
        return await send(self._http, method, path, content=content, headers=headers, params=given)

    async def close(self) -> None:
        """Close the connection pool."""
        await self._http.aclose()


_ANY: TypeAdapter[Any] = TypeAdapter(Any)
_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def dump(body: Any) -> bytes:
    """Return ``body``, which may hold models anywhere, as JSON."""
    return _ANY.dump_json(body)


def parse(answer: type[Answer] | Any, content: bytes) -> Answer:
    """Return ``content`` as ``answer``; ``None`` ignores it, ``bytes`` takes it as it is."""
    if answer is None:
        return None  # type: ignore[return-value]
    if answer is bytes:
        return content  # type: ignore[return-value]
    if answer not in _ADAPTERS:
        _ADAPTERS[answer] = TypeAdapter(answer)
    parsed: Answer = _ADAPTERS[answer].validate_json(content)
    return parsed


async def send(http: httpx2.AsyncClient, method: str, path: str, **request: Any) -> httpx2.Response:
    """Return the response; no response is ``ServiceUnavailable``."""
    try:
        return await http.request(method, path, **request)
    except httpx2.HTTPError as error:
        url = str(http.base_url.join(path))
        raise ServiceUnavailable(
            f"HTTP Exception for {url} - {_cause(error)}",
            hint="It is tried again by itself; see that the service runs.",
            facts={"url": url},
        ) from error


def _cause(error: BaseException) -> str:
    """Return the innermost reason: ``[Errno 111] Connection refused`` rather than its wrapper."""
    reason = error
    while True:
        inner = reason.__cause__ or reason.__context__
        if isinstance(reason, OSError) and (reason.errno or 0) > 0:
            return f"[Errno {reason.errno}] {os.strerror(reason.errno or 0)}"
        if inner is None:
            return str(reason) or type(reason).__name__
        reason = inner


def _error_of(response: httpx2.Response) -> PenstockError:
    url = str(response.request.url)
    try:
        body = response.json()
        if isinstance(body, dict) and "error" in body:
            return from_json(response.status_code, body)
    except ValueError:
        pass
    text = f"{url} answered {response.status_code}: {response.text[:300]}"
    if response.status_code >= 500:
        return ServiceUnavailable(text, hint="It is tried again by itself.", facts={"url": url})
    return from_json(response.status_code, {"detail": text})


class _KeptToken:
    """A token kept until shortly before it expires."""

    def __init__(self) -> None:
        self._token = ""
        self._renew_at = 0.0

    async def token(self) -> str:
        """Return the kept token, or a new one."""
        if not self._token or time.monotonic() > self._renew_at:
            answer = await self._obtain()
            self._token = str(answer["access_token"])
            self._renew_at = time.monotonic() + float(answer["expires_in"]) - _RENEW_BEFORE_S
        return self._token

    def forget(self) -> None:
        """Drop the kept token."""
        self._token = ""

    async def _obtain(self) -> dict[str, Any]:
        raise NotImplementedError


class ServiceTokens(_KeptToken):
    """Tokens for a service of the house, exchanged for the secret in its file."""

    def __init__(self, http: httpx2.AsyncClient, service: str, secret_file: Path) -> None:
        super().__init__()
        self._http = http
        self._service = service
        self._secret_file = secret_file

    async def _obtain(self) -> dict[str, Any]:
        try:
            secret = self._secret_file.read_text().strip()
        except OSError as error:
            raise NotAuthenticated(
                f"The secret of {self._service} cannot be read: {error}",
                hint="data-access writes one file a service at its first start.",
            ) from error
        body = {"service": self._service, "secret": secret}
        answer: dict[str, Any] = await RestClient(self._http).call(
            "POST", "/auth/service/token", dict[str, Any], body=body
        )
        return answer


class PasswordTokens(_KeptToken):
    """Tokens for a person, by user name (an email address) and password."""

    def __init__(self, http: httpx2.AsyncClient, username: str, password: str) -> None:
        super().__init__()
        self._http = http
        self._form = {"username": username, "password": password}

    async def _obtain(self) -> dict[str, Any]:
        response = await send(self._http, "POST", "/auth/jwt/login", data=self._form)
        if not response.is_success:
            raise _error_of(response)
        answer: dict[str, Any] = response.json()
        return answer
