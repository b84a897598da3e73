"""What the first start makes: keys, the services' secrets, and an admin."""

import asyncio
import fcntl
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fastapi_users import exceptions

from data_access.auth import UserManager
from data_access.bulk import insert_into
from data_access.counters import NAMES
from data_access.schema import counter
from data_access.settings import AccessSettings
from penstock_core.rights import Role
from penstock_core.settings import HouseSettings
from penstock_core.store import Store
from penstock_core.tokens import make_key_pair, write_secret

SERVICES: dict[str, Role] = {
    "auditor": Role.SERVICE,
    "daq": Role.DAQ,
    "data-access": Role.SERVICE,
    "dsm": Role.SERVICE,
    "dsm-inspector": Role.SERVICE,
    "operator": Role.ADMIN,
    "pilot": Role.SERVICE,
    "scheduler": Role.SERVICE,
    "task-generator": Role.SERVICE,
    "task-manager": Role.SERVICE,
    "template-manager": Role.SERVICE,
}
"""Who has a secret in a file, and the role that its token carries.

``operator`` is the command line on this machine: who can read the file is the operator here.
"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A sign-in that was just made; it can be shown now and never again."""

    username: str
    password: str


Announce = Callable[[Credentials], None]


def make_secrets(house: HouseSettings, access: AccessSettings) -> tuple[str, str]:
    """Return the private key (PEM) and the secret of mailed tokens; make what is not there.

    Each service's secret is in a file of its own, which its owner alone can read. Of replicas that
    start together the first makes them.
    """
    private = access.private_key_file or house.public_key.with_name("private.pem")
    private.parent.mkdir(parents=True, exist_ok=True)
    with private.with_name("making.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_key_pair(private, house.public_key)
        for service in SERVICES:
            _secret(house.secret_file(service))
        return private.read_text(), _secret(private.with_name("mailed-tokens.secret"))


def _secret(path: Path) -> str:
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


async def make_counters(store: Store) -> None:
    """Write the counters that are not there, at 0."""
    async with store.write() as connection:
        change = insert_into(connection, counter).on_conflict_do_nothing()
        await connection.execute(change, [{"name": name, "value": 0} for name in NAMES])


async def make_admin(people: UserManager, email: str, announce: Announce) -> None:
    """Make the admin of an empty table of users; the password is announced before it counts."""
    if await people.users.any():
        return
    password = secrets.token_urlsafe(16)
    hashed = await asyncio.to_thread(people.password_helper.hash, password)
    announce(Credentials(email, password))
    row = {"email": email, "hashed_password": hashed, "is_verified": True, "roles": [Role.ADMIN]}
    with suppress(exceptions.UserAlreadyExists):  # another replica starts, and was first
        await people.users.create(row)
