"""People: fastapi-users behind one module, over our store, with roles instead of a flag."""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import BaseUserManager, UUIDIDMixin, exceptions, schemas
from fastapi_users.db import BaseUserDatabase
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from data_access.schema import user as table
from penstock_core.rights import Role
from penstock_core.store import Store

logger = logging.getLogger(__name__)
MIN_PASSWORD = 8
MAX_PASSWORD = 1024


@dataclass(frozen=True, slots=True)
class User:
    """A person's account. A superuser, in SPD's word, is who has the role admin."""

    id: uuid.UUID
    email: str
    hashed_password: str
    is_active: bool
    is_verified: bool
    roles: tuple[Role, ...]

    @property
    def is_superuser(self) -> bool:
        return Role.ADMIN in self.roles


class UserTable(BaseUserDatabase[User, uuid.UUID]):  # type: ignore[type-var]  # ours is frozen
    """The table of accounts, as fastapi-users asks for it; each call is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: uuid.UUID) -> User | None:
        return await self._one(table.c.id == str(id))

    async def get_by_email(self, email: str) -> User | None:
        return await self._one(table.c.email == email.lower())

    async def create(self, create_dict: Mapping[str, Any]) -> User:
        """Return the new account: a viewer, unless told otherwise."""
        given = {"is_active": True, "is_verified": False, "roles": [Role.VIEWER], **create_dict}
        row = {**given, "id": str(uuid.uuid4()), "email": str(given["email"]).lower()}
        try:
            async with self._store.write() as connection:
                await connection.execute(table.insert(), [row])
        except IntegrityError as error:
            raise exceptions.UserAlreadyExists from error
        return _user(row)

    async def update(self, user: User, update_dict: Mapping[str, Any]) -> User:
        """Return the account with these columns changed."""
        change = {name: value for name, value in update_dict.items() if name in table.c}
        this = table.c.id == str(user.id)
        async with self._store.write() as connection:
            if change:
                await connection.execute(table.update().where(this).values(change))
            rows = await connection.execute(select(table).where(this))
            return _user(rows.mappings().one())

    async def delete(self, user: User) -> None:
        async with self._store.write() as connection:
            await connection.execute(table.delete().where(table.c.id == str(user.id)))

    async def all(self) -> list[User]:
        """Return every account, by email."""
        async with self._store.read() as connection:
            rows = await connection.execute(select(table).order_by(table.c.email))
            return [_user(row) for row in rows.mappings()]

    async def any(self) -> bool:
        """Return whether there is any account."""
        async with self._store.read() as connection:
            return await connection.scalar(select(table.c.id).limit(1)) is not None

    async def _one(self, condition: Any) -> User | None:
        async with self._store.read() as connection:
            rows = await connection.execute(select(table).where(condition))
            row = rows.mappings().one_or_none()
        return _user(row) if row else None


def _user(row: Any) -> User:
    return User(
        id=uuid.UUID(row["id"]),
        email=row["email"],
        hashed_password=row["hashed_password"],
        is_active=row["is_active"],
        is_verified=row["is_verified"],
        roles=tuple(Role(role) for role in row["roles"]),
    )


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):  # type: ignore[type-var]
    """Accounts with their rules. Passwords are hashed in a thread, for that is slow by design.

    There is no mail: tokens for a reset or a verification go to the log, for the admin to pass on.
    """

    def __init__(self, users: UserTable, secret: str) -> None:
        super().__init__(users)
        self.users = users
        self.reset_password_token_secret = secret
        self.verification_token_secret = secret

    async def create(
        self,
        user_create: schemas.BaseUserCreate,
        safe: bool = False,
        request: Request | None = None,
    ) -> User:
        """Return the new account; ``safe`` or not, it gives no role but viewer."""
        await self.validate_password(user_create.password, user_create)
        if await self.users.get_by_email(user_create.email):
            raise exceptions.UserAlreadyExists
        hashed = await asyncio.to_thread(self.password_helper.hash, user_create.password)
        return await self.users.create({"email": user_create.email, "hashed_password": hashed})

    async def authenticate(self, credentials: OAuth2PasswordRequestForm) -> User | None:
        """Return whose credentials these are; an unknown name takes as long as a wrong password."""
        found = await self.users.get_by_email(credentials.username)
        password = credentials.password[:MAX_PASSWORD]
        if found is None:
            await asyncio.to_thread(self.password_helper.hash, password)
            return None
        good, _ = await asyncio.to_thread(
            self.password_helper.verify_and_update, password, found.hashed_password
        )
        return found if good and found.is_active else None

    async def validate_password(self, password: str, user: schemas.BaseUserCreate | User) -> None:
        """Raise ``InvalidPasswordException`` for one that is too short, or the address itself."""
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            reason = f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters."
            raise exceptions.InvalidPasswordException(reason)
        if password.lower() == user.email.lower():
            raise exceptions.InvalidPasswordException("The password is the email address.")

    async def change(self, user: User, update: Mapping[str, Any]) -> User:
        """Return the account with a password, roles or flags changed."""
        return await self._update(user, dict(update))

    async def _update(self, user: User, update_dict: dict[str, Any]) -> User:
        password = update_dict.pop("password", None)
        if password is not None:
            await self.validate_password(password, user)
            hashed = await asyncio.to_thread(self.password_helper.hash, password)
            update_dict["hashed_password"] = hashed
        return await super()._update(user, update_dict)

    async def on_after_forgot_password(
        self, user: User, token: str, request: Request | None = None
    ) -> None:
        logger.warning(
            "%s forgot the password. Pass on, for POST /auth/reset-password: %s", user.email, token
        )

    async def on_after_request_verify(
        self, user: User, token: str, request: Request | None = None
    ) -> None:
        logger.warning(
            "%s asks to be verified. Pass on, for POST /auth/verify: %s", user.email, token
        )
