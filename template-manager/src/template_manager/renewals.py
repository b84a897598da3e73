"""Renewing a sign-in once, however many of a visitor's pages ask for it at the same moment.

A refresh token is good for one use, and a second use ends the session as if it were stolen. Two
live pages in two tabs do come together, with the same cookies.
"""

import asyncio
import time

import httpx2

from penstock_core.clients.sign_in import SignedIn, renew

KEPT_S = 60.0


class Renewals:
    """Remembers for a minute what a refresh token was exchanged for."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._recent: dict[str, tuple[float, asyncio.Task[SignedIn]]] = {}

    async def renew(self, refresh_token: str) -> SignedIn:
        """Return the new tokens; raises ``NotAuthenticated``."""
        self._forget_old()
        if refresh_token not in self._recent:
            task = asyncio.create_task(renew(self._http, refresh_token))
            self._recent[refresh_token] = (time.monotonic(), task)
        # A visitor who leaves must not take the new tokens away from the other pages.
        return await asyncio.shield(self._recent[refresh_token][1])

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEPT_S
        self._recent = {
            token: (at, task) for token, (at, task) in self._recent.items() if at > oldest
        }
