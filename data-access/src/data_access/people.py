"""Accounts as they are shown, and the rules of changing them."""

import uuid

from fastapi_users import exceptions

from data_access.auth import User, UserManager
from data_access.context import Context
from penstock_core.contracts.base import Frozen
from penstock_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from penstock_core.rights import Role
from penstock_core.tokens import Identity


class Person(Frozen):
    """An account, without its secrets."""

    id: uuid.UUID
    email: str
    is_active: bool
    is_superuser: bool
    is_verified: bool
    roles: tuple[Role, ...]


class PersonChange(Frozen):
    """What to change of an account; all but the password is an admin's to change."""

    password: str | None = None
    is_active: bool | None = None
    is_superuser: bool | None = None
    is_verified: bool | None = None
    roles: tuple[Role, ...] | None = None


def person(user: User) -> Person:
    """Return an account as it is shown."""
    return Person(**{name: getattr(user, name) for name in Person.model_fields})


async def whose(here: Context, caller: Identity) -> User:
    """Return the caller's account; raises ``NotFound`` for a service."""
    user = await here.people.users.get_by_email(caller.subject)
    if user is None:
        raise NotFound(
            f"{caller.subject} has no account here.",
            hint="A service has none; a person whose account was deleted may register anew.",
        )
    return user


async def by_id(here: Context, user_id: uuid.UUID) -> User:
    """Return an account; raises ``NotFound``."""
    user = await here.people.users.get(user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.", hint="GET /users lists them.")
    return user


async def change_own(here: Context, user: User, change: PersonChange) -> User:
    """Return one's own account with a new password; raises ``Forbidden`` for all else."""
    given = change.model_dump(exclude_none=True)
    if given.keys() - {"password"}:
        raise Forbidden(
            f"Nobody changes their own {', '.join(sorted(given.keys() - {'password'}))}.",
            hint="An admin can: PATCH /users/{id}.",
        )
    return await _change(here.people, user, given)


async def change_other(here: Context, user: User, change: PersonChange, actor: str) -> User:
    """Return an account as an admin changed it; admins do not lock themselves out."""
    given = change.model_dump(exclude_none=True)
    roles = set(given.pop("roles", user.roles))
    superuser = given.pop("is_superuser", None)
    if superuser is not None:
        roles = roles | {Role.ADMIN} if superuser else roles - {Role.ADMIN}
    if user.email == actor:
        refuse_lock_out(Role.ADMIN in roles and given.get("is_active", True))
    if Role.SERVICE in roles:
        raise InvalidInput(
            "A person cannot have the role service.", hint="Services have secrets.", field="roles"
        )
    return await _change(here.people, user, {**given, "roles": sorted(roles)})


def refuse_lock_out(stays: bool) -> None:
    """Raise ``Conflict`` if an admin would be none, or away, by their own hand."""
    if not stays:
        raise Conflict(
            "You would lock yourself out.", hint="Let another admin do it.", field="roles"
        )


async def _change(people: UserManager, user: User, given: dict[str, object]) -> User:
    try:
        return await people.change(user, given)
    except exceptions.InvalidPasswordException as error:
        hint = "Choose another one."
        raise InvalidInput(str(error.reason), hint=hint, field="password") from error
