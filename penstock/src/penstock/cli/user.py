"""``penstock user``: who is there, who may do what, and a way back from a lost password."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, show, table
from penstock_core.contracts.base import Json
from penstock_core.rights import Role

Email = Annotated[str, typer.Argument(help="The user's email address.")]


def list_all(url: Url = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the users and their roles; for an admin."""
    with connect(url, data_dir) as penstock:
        users = penstock.users()
    show(users, as_json, lambda: _list_view(users))


def password(
    email: Email, url: Url = "", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Give a user a new random password and print it once; for an admin."""
    with connect(url, data_dir) as penstock:
        made = penstock.set_password(email)
    said = f"{escape(email)} signs in with [bold]{made}[/] from now on, and nowhere is signed in."
    show({"email": email, "password": made}, as_json, lambda: [said])


def role(
    email: Email,
    roles: Annotated[list[Role], typer.Argument(help="All roles that the user shall have.")],
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a user roles, in place of those held."""
    with connect(url, data_dir) as penstock:
        user = penstock.set_roles(email, roles)
    words = ", ".join(sorted(roles))
    show(user, as_json, lambda: [f"{email} is now: {words}. It counts from the next token on."])


def _list_view(users: Sequence[Json]) -> Iterator[RenderableType]:
    rows = ((user["email"], ", ".join(user["roles"]), _remark(user)) for user in users)
    yield table(("email", "roles", "remark"), rows)


def _remark(user: Json) -> str:
    return "" if user["is_active"] else "closed"
