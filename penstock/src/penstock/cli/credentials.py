"""The sign-ins that ``penstock login`` keeps, in a file that only the user reads."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
from pydantic import ValidationError

from penstock_core.clients.sign_in import SignedIn, renew
from penstock_core.clock import now
from penstock_core.contracts.base import Frozen
from penstock_core.errors import InvalidInput, NotAuthenticated
from penstock_core.tokens import write_secret

_RENEW_BEFORE = timedelta(minutes=1)


class SignInKept(Frozen):
    """One sign-in: a token, until when it is good, and the one that renews it once."""

    username: str
    refresh_token: str
    access_token: str
    expires_at: datetime

    @classmethod
    def of(cls, username: str, tokens: SignedIn) -> "SignInKept":
        """Return what is to be kept of a sign-in that was just made."""
        return cls(
            username=username,
            refresh_token=tokens.refresh_token,
            access_token=tokens.access_token,
            expires_at=now() + timedelta(seconds=tokens.expires_in),
        )

    @property
    def is_fresh(self) -> bool:
        """Return whether the token is good for a while."""
        return now() < self.expires_at - _RENEW_BEFORE


class Credentials(Frozen):
    """All sign-ins by URL; ``url`` is the one that was made last."""

    url: str = ""
    sign_ins: dict[str, SignInKept] = {}

    def with_sign_in(self, url: str, kept: SignInKept) -> "Credentials":
        """Return these with one more, or a newer one."""
        return Credentials(url=url, sign_ins={**self.sign_ins, url: kept})

    def renewed(self, url: str, kept: SignInKept) -> "Credentials":
        """Return these with a renewed one; the last one made stays the last."""
        return Credentials(url=self.url, sign_ins={**self.sign_ins, url: kept})

    def without(self, url: str) -> "Credentials":
        """Return these without the one for ``url``."""
        others = {u: kept for u, kept in self.sign_ins.items() if u != url}
        return Credentials(url="" if self.url == url else self.url, sign_ins=others)


def credentials_file() -> Path:
    """Return where sign-ins are kept, by the XDG convention."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "penstock" / "credentials.json"


def read_credentials(path: Path) -> Credentials:
    """Return what is kept; nothing where there is no file."""
    try:
        return Credentials.model_validate_json(path.read_text())
    except FileNotFoundError:
        return Credentials()
    except (OSError, ValidationError) as error:
        raise InvalidInput(
            f"{path} cannot be read.", hint="Delete it and run penstock login again."
        ) from error


def write_credentials(path: Path, credentials: Credentials) -> None:
    """Keep ``credentials``, readable by their owner alone."""
    write_secret(path, credentials.model_dump_json(indent=2) + "\n")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the credentials: commands that run together must not renew one sign-in twice.

    A refresh token that is used a second time ends the session, as if it had been stolen.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class KeptTokens:
    """Tokens from the sign-in that is kept for ``url``, renewed there when they are old."""

    def __init__(self, http: httpx2.AsyncClient, path: Path, url: str) -> None:
        self._http = http
        self._path = path
        self._url = url
        self._given = ""
        self._refused = ""

    async def token(self) -> str:
        """Return the token kept, or a new one; raises ``NotAuthenticated``."""
        with locked(self._path):
            credentials = read_credentials(self._path)
            kept = credentials.sign_ins.get(self._url)
            if kept is None:
                raise _ended(self._url)
            if not kept.is_fresh or kept.access_token == self._refused:
                kept = await self._renew(kept)
                write_credentials(self._path, credentials.renewed(self._url, kept))
        self._given = kept.access_token
        return kept.access_token

    def forget(self) -> None:
        """Drop the token given last: it was refused."""
        self._refused = self._given

    async def _renew(self, kept: SignInKept) -> SignInKept:
        try:
            return SignInKept.of(kept.username, await renew(self._http, kept.refresh_token))
        except NotAuthenticated as error:
            raise _ended(self._url) from error


def _ended(url: str) -> NotAuthenticated:
    return NotAuthenticated(
        f"The sign-in to {url} has ended.", hint=f"Run: penstock login --url {url}."
    )
