"""``penstock user``: who may do what."""

from typing import Annotated

import typer

from penstock.cli.connection import DEFAULT_DATA_DIR, DataDir, Url, connect
from penstock.cli.output import AsJson, show
from penstock_core.rights import Role


def role(
    email: Annotated[str, typer.Argument(help="The user's email address.")],
    roles: Annotated[list[Role], typer.Argument(help="All roles that the user shall have.")],
    url: Url = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Give a user roles, in place of those held."""
    with connect(url, data_dir) as penstock:
        user = penstock.set_roles(email, roles)
    words = ", ".join(sorted(roles))
    show(user, as_json, lambda: [f"{email} is now: {words}. It counts from the next token on."])
