"""Where Penstock is and who one is to it, found in this order.

1. What the command line names: ``--url`` or ``--data-dir``; else ``PENSTOCK_URL`` or
   ``PENSTOCK_DATA_DIR``; else the embedded Penstock of ``penstock-data`` here, if one runs; else
   where ``penstock login`` signed in last. A folder that is named is meant: if no Penstock runs
   there, no other one is taken for it.
2. ``PENSTOCK_USERNAME`` with ``PENSTOCK_PASSWORD`` or ``PENSTOCK_PASSWORD_FILE``; else, for the
   embedded Penstock, the operator's secret in its data folder; else what ``penstock login`` kept.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from penstock.cli.credentials import KeptTokens, credentials_file, read_credentials
from penstock.cli.hints import in_commands
from penstock.cli.settings import CliSettings
from penstock.client import OPERATOR, Penstock, SignIn, local_url
from penstock.services import PORT
from penstock_core.errors import InvalidInput, NotAuthenticated, NotFound

DEFAULT_URL = f"http://127.0.0.1:{PORT}"
DEFAULT_DATA_DIR = Path("penstock-data")

Url = Annotated[
    str,
    typer.Option(
        "--url", envvar="PENSTOCK_URL", show_default=False, help="Where Penstock answers."
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="PENSTOCK_DATA_DIR",
        show_default=str(DEFAULT_DATA_DIR),
        help="Data folder of a Penstock on this machine.",
    ),
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a Penstock answers; ``data_dir`` is its folder if it is one of this machine."""

    url: str
    data_dir: Path | None


@contextmanager
def connect(url: str, data_dir: Path | None) -> Iterator[Penstock]:
    """Give the client; what goes wrong leaves with a hint that names commands, not REST.

    Raises
    ------
    NotFound
        no Penstock runs in the folder that was named.
    NotAuthenticated
        nobody has signed in.
    """
    settings = CliSettings()
    place = find_place(url, data_dir, settings)
    with (
        _client(place, settings, data_dir or DEFAULT_DATA_DIR) as penstock,
        in_commands(place.data_dir),
    ):
        yield penstock


def find_place(url: str, data_dir: Path | None, settings: CliSettings) -> Place:
    """Return the Penstock that is meant; raises ``NotFound`` or ``InvalidInput``."""
    typed_url = bool(url) and url != settings.url
    typed_folder = data_dir is not None and data_dir != settings.data_dir
    if url and (data_dir is None or (typed_url and not typed_folder)):
        return _at(url, data_dir or DEFAULT_DATA_DIR)
    if data_dir is None:
        return _unnamed()
    there = local_url(data_dir)
    if url and url.rstrip("/") != there and typed_url == typed_folder:
        raise _two_places(url, data_dir, there)
    return Place(there, data_dir)


def _at(url: str, data_dir: Path) -> Place:
    url = url.rstrip("/")
    return Place(url, data_dir if _local(data_dir) == url else None)


def _unnamed() -> Place:
    if local := _local(DEFAULT_DATA_DIR):
        return Place(local, DEFAULT_DATA_DIR)
    return Place(read_credentials(credentials_file()).url or DEFAULT_URL, None)


def _local(data_dir: Path) -> str:
    try:
        return local_url(data_dir)
    except NotFound:
        return ""


def _client(place: Place, settings: CliSettings, data_dir: Path) -> Penstock:
    if settings.username:
        return Penstock(place.url, settings.username, settings.known_password())
    if place.data_dir is not None and os.access(place.data_dir / "secrets" / OPERATOR, os.R_OK):
        return Penstock.local(place.data_dir)
    return Penstock(place.url, sign_in=_kept_sign_in(place, data_dir))


def _kept_sign_in(place: Place, data_dir: Path) -> SignIn:
    path, url = credentials_file(), place.url
    if url in read_credentials(path).sign_ins:
        return lambda http: KeptTokens(http, path, url)
    if place.data_dir is not None:
        raise NotAuthenticated(
            f"You cannot read the operator's secret in {place.data_dir}, and are not signed in "
            f"to {url}.",
            hint=f"Run: penstock login --url {url}",
        )
    here = "" if _local(data_dir) else f", and no Penstock runs in {data_dir}"
    raise NotAuthenticated(
        f"Nobody is signed in to {url}{here}.",
        hint=f"Run: penstock login --url {url}. On the machine of an embedded Penstock name its "
        f"folder with --data-dir instead; start one with: penstock up --data-dir {data_dir}",
    )


def _two_places(url: str, data_dir: Path, there: str) -> InvalidInput:
    return InvalidInput(
        f"{url} and {data_dir} are two Penstocks: the one of the folder answers at {there}.",
        hint="Give one of --url (PENSTOCK_URL) and --data-dir (PENSTOCK_DATA_DIR).",
    )
