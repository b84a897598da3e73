"""A person's sign-in: what it gives, and how it is renewed without the password."""

import httpx2
from pydantic import BaseModel, ConfigDict

from penstock_core.clients.base import RestClient, _error_of, parse, send


class SignedIn(BaseModel):
    """What a sign-in gives: a token for a quarter of an hour, and one that renews it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_token: str
    refresh_token: str = ""
    expires_in: float


class HeldToken:
    """A token that its holder looks after."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        """Return the token."""
        return self._token

    def forget(self) -> None:
        """Keep it: there is no other."""


async def sign_in(http: httpx2.AsyncClient, username: str, password: str) -> SignedIn:
    """Return the tokens of a person; raises ``NotAuthenticated``."""
    form = {"username": username, "password": password}
    response = await send(http, "POST", "/auth/jwt/login", data=form)
    if not response.is_success:
        raise _error_of(response)
    return parse(SignedIn, response.content)


async def renew(http: httpx2.AsyncClient, refresh_token: str) -> SignedIn:
    """Return new tokens for a refresh token; raises ``NotAuthenticated``."""
    body = {"refresh_token": refresh_token}
    return await RestClient(http).call("POST", "/auth/jwt/refresh", SignedIn, body=body)


async def sign_out(http: httpx2.AsyncClient, access_token: str, refresh_token: str) -> None:
    """End a sign-in: its refresh token is worth nothing afterwards."""
    client = RestClient(http, HeldToken(access_token))
    await client.call("POST", "/auth/jwt/logout", None, body={"refresh_token": refresh_token})
