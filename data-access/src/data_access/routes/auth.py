"""Signing in and out, registration, and the services' tokens."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import exceptions, schemas
from pydantic import EmailStr, Field

from data_access.context import Context, Here
from data_access.first_start import SERVICES
from data_access.people import Person, person, whose
from data_access.sessions import Tokens
from penstock_core.contracts.base import Frozen
from penstock_core.errors import Conflict, Duplicate, InvalidInput, NotAuthenticated
from penstock_core.tokens import LIFETIME
from penstock_core.web import Caller

router = APIRouter(prefix="/auth", tags=["auth"])
Form = Annotated[OAuth2PasswordRequestForm, Depends()]


class RefreshToken(Frozen):
    """A refresh token; to sign out, none ends all sessions."""

    refresh_token: str = ""


class Address(Frozen):
    """Whose account it is about."""

    email: EmailStr


class Reset(Frozen):
    """A token for a reset, and the new password."""

    token: str
    password: str


class Verification(Frozen):
    """A token that shows that an address is one's own."""

    token: str


class ServiceSecret(Frozen):
    """What a service shows to get a token."""

    service: str = Field(max_length=64)
    secret: str = Field(max_length=256)


class ServiceToken(Frozen):
    """A service's token; ``expires_in`` in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = int(LIFETIME.total_seconds())


@router.post("/jwt/login")
async def login(here: Here, form: Form) -> Tokens:
    """Sign in with user name (the email address) and password."""
    user = await here.people.authenticate(form)
    if user is None:
        raise NotAuthenticated(
            "The user name or the password is wrong, or the account is closed.",
            hint="Check both; POST /auth/forgot-password asks for a new password.",
        )
    return await here.sessions.open(user)


@router.post("/jwt/refresh")
async def refresh(here: Here, body: RefreshToken) -> Tokens:
    """Return new tokens; the old refresh token is used up."""
    return await here.sessions.renew(body.refresh_token)


@router.post("/jwt/logout", status_code=204)
async def logout(here: Here, caller: Caller, body: RefreshToken | None = None) -> None:
    """End a session, or all of the caller's; an access token lives on until it expires."""
    user = await whose(here, caller)
    await here.sessions.close(user, body.refresh_token if body else "")


@router.post("/register", status_code=201)
async def register(here: Here, body: schemas.BaseUserCreate) -> Person:
    """Make an account: a viewer, until an admin says more."""
    with _our_errors():
        return person(await here.people.create(body, safe=True))


@router.post("/forgot-password", status_code=202)
async def forgot_password(here: Here, body: Address) -> None:
    """Make a token for a reset, if there is such an account; the answer does not tell."""
    user = await here.people.users.get_by_email(body.email)
    if user is not None and user.is_active:
        await here.people.forgot_password(user)


@router.post("/reset-password")
async def reset_password(here: Here, body: Reset) -> None:
    """Set a new password; ends all sessions of the account."""
    with _our_errors():
        user = await here.people.reset_password(body.token, body.password)
    await here.sessions.close(user, "")


@router.post("/request-verify-token", status_code=202)
async def request_verify_token(here: Here, body: Address) -> None:
    """Make a token that verifies an address; the answer does not tell whether there is one."""
    user = await here.people.users.get_by_email(body.email)
    if user is not None and user.is_active and not user.is_verified:
        await here.people.request_verify(user)


@router.post("/verify")
async def verify(here: Here, body: Verification) -> Person:
    """Mark an address as verified."""
    with _our_errors():
        return person(await here.people.verify(body.token))


@router.post("/service/token", tags=["services"])
async def service_token(here: Here, body: ServiceSecret) -> ServiceToken:
    """Return a token for a service of the house that shows its secret."""
    if not _is_secret(here, body):
        raise NotAuthenticated(
            f"The secret is not {body.service}'s.",
            hint="It is in the service's file under the secrets folder of data-access.",
        )
    role = SERVICES[body.service]
    return ServiceToken(access_token=here.signer.sign(body.service, [role]))


def _is_secret(here: Context, body: ServiceSecret) -> bool:
    file = here.secrets.get(body.service)
    secret = file.read_text().strip() if file and file.exists() else ""
    return bool(secret) and hmac.compare_digest(secret.encode(), body.secret.encode())


@contextmanager
def _our_errors() -> Iterator[None]:
    """Translate what fastapi-users raises into our tree."""
    try:
        yield
    except exceptions.UserAlreadyExists as error:
        hint = "Sign in, or POST /auth/forgot-password."
        raise Duplicate("There is such an account already.", hint=hint, field="email") from error
    except exceptions.InvalidPasswordException as error:
        hint = "Choose another one."
        raise InvalidInput(str(error.reason), hint=hint, field="password") from error
    except exceptions.UserAlreadyVerified as error:
        raise Conflict("The address is verified already.") from error
    except (
        exceptions.InvalidResetPasswordToken,
        exceptions.InvalidVerifyToken,
        exceptions.UserInactive,
        exceptions.UserNotExists,
    ) as error:
        raise InvalidInput(
            "The token is wrong, expired or used.", hint="Ask for a new one.", field="token"
        ) from error
