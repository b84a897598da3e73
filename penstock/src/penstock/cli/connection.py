"""Where Penstock is and who one is to it, found in this order.

1. ``--url`` or ``PENSTOCK_URL``; else the embedded Penstock of the data folder, if there is one;
   else where ``penstock login`` signed in last.
2. ``PENSTOCK_USERNAME`` with ``PENSTOCK_PASSWORD`` or ``PENSTOCK_PASSWORD_FILE``; else, for the
   embedded Penstock, the operator's secret in its data folder; else what ``penstock login`` kept.
"""

from pathlib import Path
from typing import Annotated

import typer

from penstock.cli.credentials import KeptTokens, credentials_file, read_credentials
from penstock.cli.settings import CliSettings
from penstock.client import OPERATOR, Penstock, SignIn, local_url
from penstock_core.errors import NotAuthenticated, NotFound

DEFAULT_URL = "http://127.0.0.1:8642"
DEFAULT_DATA_DIR = Path("penstock-data")

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
    local = _local(data_dir)
    target = (url or local or read_credentials(credentials_file()).url or DEFAULT_URL).rstrip("/")
    settings = CliSettings()
    if settings.username:
        return Penstock(target, settings.username, settings.known_password())
    if target == local and (data_dir / "secrets" / OPERATOR).exists():
        return Penstock.local(data_dir)
    return Penstock(target, sign_in=_kept_sign_in(target))


def _local(data_dir: Path) -> str:
    try:
        return local_url(data_dir)
    except NotFound:
        return ""


def _kept_sign_in(url: str) -> SignIn:
    path = credentials_file()
    if url not in read_credentials(path).sign_ins:
        raise NotAuthenticated(
            f"Nobody is signed in to {url}.",
            hint=f"Run: penstock login --url {url}. On the machine of an embedded Penstock, "
            "name its folder with --data-dir instead.",
        )
    return lambda http: KeptTokens(http, path, url)
