"""The sign-ins that ``penstock login`` keeps: refresh tokens in a file that only the user reads."""

import os
from collections.abc import Callable
from pathlib import Path

import httpx2
from pydantic import ValidationError

from penstock_core.clients.sign_in import renew
from penstock_core.contracts.base import Frozen
from penstock_core.errors import InvalidInput, NotAuthenticated
from penstock_core.tokens import write_secret


class SignInKept(Frozen):
    """One sign-in."""

    username: str
    refresh_token: str


class Credentials(Frozen):
    """All sign-ins by URL; ``url`` is the one that was made last."""

    url: str = ""
    sign_ins: dict[str, SignInKept] = {}

    def with_sign_in(self, url: str, kept: SignInKept) -> "Credentials":
        """Return these with one more, or a newer one."""
        return Credentials(url=url, sign_ins={**self.sign_ins, url: kept})

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


class RefreshTokens:
    """Tokens from a refresh token, each of which may bring its successor."""

    def __init__(
        self, http: httpx2.AsyncClient, refresh_token: str, keep: Callable[[str], None]
    ) -> None:
        self._http = http
        self._refresh_token = refresh_token
        self._keep = keep
        self._access_token = ""

    async def token(self) -> str:
        """Return the token held, or a new one."""
        if not self._access_token:
            await self._renew()
        return self._access_token

    def forget(self) -> None:
        """Drop the token held: the next call renews it."""
        self._access_token = ""

    async def _renew(self) -> None:
        try:
            tokens = await renew(self._http, self._refresh_token)
        except NotAuthenticated as error:
            raise NotAuthenticated("The sign-in has ended.", hint="Run: penstock login.") from error
        self._access_token = tokens.access_token
        if tokens.refresh_token and tokens.refresh_token != self._refresh_token:
            self._refresh_token = tokens.refresh_token
            self._keep(tokens.refresh_token)
