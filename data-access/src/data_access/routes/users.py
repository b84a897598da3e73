"""Accounts: one's own, and all of them for an admin."""

import uuid

from fastapi import APIRouter

from data_access.context import Here
from data_access.people import (
    Person,
    PersonChange,
    by_id,
    change_other,
    change_own,
    person,
    refuse_lock_out,
    whose,
)
from penstock_core.web import Admin, Caller

router = APIRouter(prefix="/users", tags=["users"])


@router.get("")
async def all_users(here: Here, _: Admin) -> list[Person]:
    """Return every account."""
    return [person(user) for user in await here.people.users.all()]


@router.get("/me")
async def me(here: Here, caller: Caller) -> Person:
    """Return one's own account."""
    return person(await whose(here, caller))


@router.patch("/me")
async def change_me(here: Here, caller: Caller, body: PersonChange) -> Person:
    """Change one's own password."""
    return person(await change_own(here, await whose(here, caller), body))


@router.get("/{user_id}")
async def one_user(here: Here, _: Admin, user_id: uuid.UUID) -> Person:
    """Return an account."""
    return person(await by_id(here, user_id))


@router.patch("/{user_id}")
async def change_user(here: Here, caller: Admin, user_id: uuid.UUID, body: PersonChange) -> Person:
    """Change an account: its roles, whether it is open, its password."""
    user = await change_other(here, await by_id(here, user_id), body, caller.subject)
    if not user.is_active or body.password is not None:
        await here.sessions.close(user, "")
    return person(user)


@router.delete("/{user_id}", status_code=204)
async def delete_user(here: Here, caller: Admin, user_id: uuid.UUID) -> None:
    """Delete an account."""
    user = await by_id(here, user_id)
    refuse_lock_out(user.email != caller.subject)
    await here.people.users.delete(user)
