"""Finding what people name: a dataset by its name, a template by its name, a user by the email."""

import uuid

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import Dataset, File
from penstock_core.contracts.inspection import StorageUse
from penstock_core.contracts.workflow import Template
from penstock_core.errors import InvalidInput, NotFound
from penstock_core.states import TemplateStatus

_PREFERRED = (TemplateStatus.ACTUAL, TemplateStatus.SHADOW)


async def find_dataset(storage: DsmClient, name: str, namespace: str = "default") -> Dataset:
    """Return the dataset of this uid or name; raises ``NotFound``."""
    if _is_uid(name):
        return await storage.dataset(name)
    page = await storage.datasets(name=name, namespace=namespace)
    for dataset in page.items:
        if dataset.name == name:
            return dataset
    raise NotFound(
        f"There is no dataset {name!r} in namespace {namespace!r}.",
        hint="Look with: penstock dataset list --name 'PART*'.",
        facts={"name": name, "namespace": namespace},
    )


async def find_storage(storage: DsmClient, name: str) -> StorageUse:
    """Return the storage of this uid or name, and how it is used; raises ``NotFound``."""
    for use in await storage.storage_uses():
        if name in (use.storage.uid, use.storage.name):
            return use
    raise NotFound(f"There is no storage {name!r}.", hint="Look with: penstock storage list.")


async def find_template(workflows: DataAccessClient, template: str | int) -> Template:
    """Return the template of this id, or the ACTUAL version of this name; raises ``NotFound``."""
    if isinstance(template, int) or template.isdecimal():
        return await workflows.template(int(template))
    found: list[Template] = []
    after: int | None = 0
    while after is not None:
        page = await workflows.templates(name=template, after=after)
        found += [version for version in page.items if version.name == template]
        after = page.next
    if not found:
        raise NotFound(
            f"There is no template {template!r}.",
            hint="Look with: penstock template list.",
            facts={"name": template},
        )
    return max(found, key=lambda version: (version.status in _PREFERRED, version.version))


async def find_actual(workflows: DataAccessClient, template: str | int) -> Template:
    """Return the version of this id, or the one of this name that is ACTUAL; raises ``NotFound``.

    Not the one in the shadow, which :func:`find_template` prefers where it is newer.
    """
    if isinstance(template, int) or template.isdecimal():
        return await workflows.template(int(template))
    page = await workflows.templates(status=TemplateStatus.ACTUAL, name=template, limit=1)
    if page.items:
        return page.items[0]
    raise NotFound(
        f"No version of template {template!r} is ACTUAL.",
        hint="Look with: penstock template list.",
        facts={"name": template},
    )


async def find_user(workflows: DataAccessClient, email: str) -> Json:
    """Return the user of this email address; raises ``NotFound``."""
    users: list[Json] = await workflows.call("GET", "/users", list[Json])
    for user in users:
        if user["email"].lower() == email.lower():
            return user
    raise NotFound(
        f"There is no user {email!r}.",
        hint="Look with: penstock user list. Users register themselves, on the page /ui/register.",
        facts={"email": email},
    )


async def find_file(storage: DsmClient, name: str, namespace: str = "default") -> File:
    """Return the file of this uid or name; raises ``NotFound``, ``InvalidInput`` for several."""
    if _is_uid(name):
        return (await storage.file_details(name)).file
    found = (await storage.files(name=name, namespace=namespace)).items
    if not found:
        raise NotFound(
            f"There is no file {name!r} in namespace {namespace!r}.",
            hint="Look for it in its dataset with: penstock dataset show DATASET --json.",
            facts={"name": name, "namespace": namespace},
        )
    if len(found) > 1:
        scopes = ", ".join(f"{file.scope} ({file.uid})" for file in found)
        raise InvalidInput(
            f"There are files {name!r} in several scopes: {scopes}.",
            hint="Give the uid in place of the name.",
        )
    return found[0]


def _is_uid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
