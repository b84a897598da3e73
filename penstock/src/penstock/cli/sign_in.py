"""``penstock login`` and ``penstock logout``."""

import asyncio
from typing import Annotated

import httpx2
import typer

from penstock.cli.connection import DEFAULT_URL, Url
from penstock.cli.credentials import (
    SignInKept,
    credentials_file,
    locked,
    read_credentials,
    write_credentials,
)
from penstock.cli.hints import in_commands
from penstock.cli.output import AsJson, show
from penstock_core.clients.sign_in import SignedIn, renew, sign_in, sign_out
from penstock_core.errors import NotAuthenticated, PenstockError


def login(
    username: Annotated[str, typer.Option(prompt="Email", help="Your email address.")],
    password: Annotated[
        str,
        typer.Option(
            prompt=True,
            hide_input=True,
            envvar="PENSTOCK_PASSWORD",
            help="Better typed than given.",
        ),
    ],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Sign in, and stay signed in on this account."""
    url = url.rstrip("/")
    with in_commands():
        tokens = asyncio.run(_sign_in(url, username, password))
    path = credentials_file()
    kept = SignInKept.of(username, tokens)
    with locked(path):
        write_credentials(path, read_credentials(path).with_sign_in(url, kept))
    answer = {"url": url, "username": username, "kept_in": str(path)}
    show(answer, as_json, lambda: [f"Signed in to {url} as {username}; kept in {path}."])


def logout(url: Url = "", as_json: AsJson = False) -> None:
    """Sign out, and forget the sign-in."""
    path = credentials_file()
    credentials = read_credentials(path)
    target = (url or credentials.url).rstrip("/")
    kept = credentials.sign_ins.get(target)
    if kept is None:
        raise NotAuthenticated(f"Nobody is signed in to {target or 'any Penstock'}.")
    with locked(path):
        write_credentials(path, read_credentials(path).without(target))
    ended = asyncio.run(_sign_out(target, kept))
    answer = {"url": target, "username": kept.username, "ended_there": ended}
    there = "" if ended else "; it did not answer, so it ends there by itself"
    show(answer, as_json, lambda: [f"Signed out of {target}{there}."])


async def _sign_in(url: str, username: str, password: str) -> SignedIn:
    async with httpx2.AsyncClient(base_url=url) as http:
        return await sign_in(http, username, password)


async def _sign_out(url: str, kept: SignInKept) -> bool:
    async with httpx2.AsyncClient(base_url=url) as http:
        try:
            if not kept.is_fresh:
                kept = SignInKept.of(kept.username, await renew(http, kept.refresh_token))
            await sign_out(http, kept.access_token, kept.refresh_token)
        except PenstockError:
            return False
    return True
