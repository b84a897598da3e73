"""What the client does in more than one call."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from penstock.finding import find_dataset, find_template, find_user
from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clients.inspection import V1
from penstock_core.clients.pilot import PilotClient
from penstock_core.contracts.base import Json, Page
from penstock_core.contracts.dsm import ContentFile, Dataset
from penstock_core.contracts.workflow import ExplainedMatch, NewTemplate, Template, TemplateChange
from penstock_core.contracts.workload import Hold
from penstock_core.errors import Duplicate
from penstock_core.rights import Role

Item = TypeVar("Item")
_FILES = 1000


async def all_pages(page: Callable[[int], Awaitable[Page[Item]]], start: int = 0) -> list[Item]:
    """Return the items of all pages; ``page(after)`` gives one."""
    found: list[Item] = []
    after: int | None = start
    while after is not None:
        one = await page(after)
        found += one.items
        after = one.next
    return found


async def all_files(storage: DsmClient, uid: str) -> list[ContentFile]:
    """Return a dataset's files in the order of their registration."""
    found: list[ContentFile] = []
    cursor = 0
    while True:
        contents = await storage.contents(uid, after=cursor, limit=_FILES)
        found += contents.files
        if len(contents.files) < _FILES:
            return found
        cursor = contents.cursor


async def upload(workflows: DataAccessClient, template: NewTemplate) -> Template:
    """Return the stored template: a new one, or a version of the one that has its name."""
    try:
        return await workflows.create_template(template)
    except Duplicate as error:
        number = error.facts.get("template_id")
        if number is None:
            raise
    change = TemplateChange(**template.model_dump(exclude_unset=True))
    return await workflows.change_template(int(number), change)


async def close(storage: DsmClient, name: str, because: str, namespace: str) -> Dataset:
    """Close a dataset on the caller's word and return it."""
    dataset = await find_dataset(storage, name, namespace)
    path = f"{V1}/dataset/{dataset.uid}/close"
    closed: Dataset = await storage.call("POST", path, Dataset, body={"because": because})
    return closed


async def explain(
    workflows: DataAccessClient,
    storage: DsmClient,
    name: str,
    template: str | int,
    namespace: str,
) -> ExplainedMatch:
    """Return why a template took a dataset, or did not."""
    dataset = await find_dataset(storage, name, namespace)
    found = await find_template(workflows, template)
    return await workflows.explain(dataset.uid, found.template_id)


async def set_roles(workflows: DataAccessClient, email: str, roles: Sequence[Role]) -> Json:
    """Give a user these roles; return the user."""
    user = await find_user(workflows, email)
    body = {"roles": sorted(roles)}
    answer: Json = await workflows.call("PATCH", f"/users/{user['id']}", Json, body=body)
    return answer


async def set_password(workflows: DataAccessClient, email: str) -> str:
    """Give a user a new random password, in place of the one held, and return it."""
    user = await find_user(workflows, email)
    password = secrets.token_urlsafe(16)
    await workflows.call("PATCH", f"/users/{user['id']}", None, body={"password": password})
    return password


async def jobs_held(pilot: PilotClient) -> bool:
    """Return whether new jobs are held back."""
    return (await pilot.call("GET", "/pilot/hold", Hold)).held
