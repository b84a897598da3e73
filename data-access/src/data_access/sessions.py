"""Sessions: a short access token, and a refresh token that is used once and then replaced.

Only digests are stored. A refresh token that comes a second time was copied by somebody: its
whole family ends, the thief's and the owner's.
"""

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.auth import User, UserTable
from data_access.schema import refresh_token as table
from penstock_core.contracts.base import Frozen
from penstock_core.errors import NotAuthenticated
from penstock_core.store import Store
from penstock_core.tokens import LIFETIME, Signer

_SECONDS_A_DAY = 86_400.0


class Tokens(Frozen):
    """What a sign-in gives; ``expires_in`` is the access token's, in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = int(LIFETIME.total_seconds())
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """Opens, renews and closes sessions."""

    store: Store
    users: UserTable
    signer: Signer
    refresh_days: float

    async def open(self, user: User) -> Tokens:
        """Return the tokens of a new session."""
        async with self.store.write() as connection:
            await self._forget_expired(connection)
            refresh = await self._issue(connection, str(user.id), str(uuid.uuid4()))
        return self._tokens(user, refresh)

    async def renew(self, token: str) -> Tokens:
        """Return new tokens for a refresh token; raises ``NotAuthenticated``."""
        refresh = user_id = ""
        async with self.store.write() as connection:
            this = table.c.digest == _digest(token)
            found = await connection.execute(select(table).where(this).with_for_update())
            row = found.mappings().one_or_none()
            if row and (row["used"] or row["expires_at"] < time.time()):
                await self._end(connection, row["family"])
            elif row:
                await connection.execute(table.update().where(this).values(used=True))
                user_id = row["user_id"]
                refresh = await self._issue(connection, user_id, row["family"])
        user = await self.users.get(uuid.UUID(user_id)) if user_id else None
        if user is None or not user.is_active:
            raise NotAuthenticated(
                "The refresh token is unknown, expired or used before.",
                hint="Sign in again: POST /auth/jwt/login.",
            )
        return self._tokens(user, refresh)

    async def close(self, user: User, token: str) -> None:
        """End the session of a refresh token of this user; without one, all of the user's."""
        mine = table.c.user_id == str(user.id)
        async with self.store.write() as connection:
            change = table.delete().where(mine)
            if token:
                query = select(table.c.family).where(mine, table.c.digest == _digest(token))
                change = change.where(table.c.family == await connection.scalar(query))
            await connection.execute(change)

    def _tokens(self, user: User, refresh: str) -> Tokens:
        return Tokens(access_token=self.signer.sign(user.email, user.roles), refresh_token=refresh)

    async def _issue(self, connection: AsyncConnection, user_id: str, family: str) -> str:
        token = secrets.token_urlsafe(32)
        row = {
            "digest": _digest(token),
            "family": family,
            "user_id": user_id,
            "expires_at": time.time() + self.refresh_days * _SECONDS_A_DAY,
            "used": False,
        }
        await connection.execute(table.insert(), [row])
        return token

    async def _end(self, connection: AsyncConnection, family: str) -> None:
        await connection.execute(table.delete().where(table.c.family == family))

    async def _forget_expired(self, connection: AsyncConnection) -> None:
        await connection.execute(table.delete().where(table.c.expires_at < time.time()))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
