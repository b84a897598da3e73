"""Where Penstock is and who one is to it, found in this order.

1. ``--url`` or ``PENSTOCK_URL``; else the embedded Penstock of the data folder, if there is one;
   else where ``penstock login`` signed in last.
2. ``PENSTOCK_USERNAME`` with ``PENSTOCK_PASSWORD`` or ``PENSTOCK_PASSWORD_FILE``; else, for the
   embedded Penstock, the operator's secret in its data folder; else what ``penstock login`` kept.
"""

from pathlib import Path
from typing import Annotated

import httpx2
import typer

from penstock.cli.credentials import (
    RefreshTokens,
    SignInKept,
    credentials_file,
    read_credentials,
    write_credentials,
)
from penstock.cli.settings import CliSettings
from penstock.client import Penstock, SignIn
from penstock_core.clients import PasswordTokens, ServiceTokens, TokenSource
from penstock_core.errors import NotAuthenticated

DEFAULT_URL = "http://127.0.0.1:8642"
DEFAULT_DATA_DIR = Path("penstock-data")
OPERATOR = "operator"

Url = Annotated[
    str,
    typer.Option(
        "--url", envvar="PENSTOCK_URL", show_default=False, help="Where Penstock answers."
    ),
]
DataDir = Annotated[
    Path,
    typer.Option(
        "--data-dir", envvar="PENSTOCK_DATA_DIR", help="Data folder of a Penstock on this machine."
    ),
]


def connect(url: str, data_dir: Path) -> Penstock:
    """Return the client; raises ``NotAuthenticated`` where nobody has signed in."""
    local = local_url(data_dir)
    target = (url or local or read_credentials(credentials_file()).url or DEFAULT_URL).rstrip("/")
    return Penstock(target, sign_in=_sign_in(target, data_dir if target == local else None))


def local_url(data_dir: Path) -> str:
    """Return where the Penstock of a data folder answers; "" if there is none."""
    try:
        return (data_dir / "url").read_text().strip().rstrip("/")
    except OSError:
        return ""


def _sign_in(url: str, data_dir: Path | None) -> SignIn:
    settings = CliSettings()
    if settings.username:
        password = settings.known_password()
        return lambda http: PasswordTokens(http, settings.username, password)
    secret = data_dir / "secrets" / OPERATOR if data_dir else None
    if secret is not None and secret.exists():
        return lambda http: ServiceTokens(http, OPERATOR, secret)
    return _kept_sign_in(url)


def _kept_sign_in(url: str) -> SignIn:
    path = credentials_file()
    kept = read_credentials(path).sign_ins.get(url)
    if kept is None:
        raise NotAuthenticated(
            f"Nobody is signed in to {url}.",
            hint=f"Run: penstock login --url {url}. On the machine of an embedded Penstock, "
            "name its folder with --data-dir instead.",
        )
    username = kept.username

    def keep(refresh_token: str) -> None:
        newer = SignInKept(username=username, refresh_token=refresh_token)
        write_credentials(path, read_credentials(path).with_sign_in(url, newer))

    def source(http: httpx2.AsyncClient) -> TokenSource:
        return RefreshTokens(http, kept.refresh_token, keep)

    return source
