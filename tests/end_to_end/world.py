"""A whole house that runs jobs over a detector's files, as tests tell it and look at it."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.intake import PostedMessage
from penstock_core.contracts.workflow import NewTemplate, Task
from penstock_core.errors import NotFound
from penstock_core.states import FINAL_TASKS

Eventually = Callable[..., Awaitable[Any]]


class World:
    """A whole house, a folder for a detector's files, and what is told and asked."""

    def __init__(self, clients: HouseClients, folder: Path, eventually: Eventually) -> None:
        self.clients = clients
        self.eventually = eventually
        self._folder = folder

    async def upload(self, name: str, documents: dict[str, str], **more: Any) -> None:
        await self.clients.data_access.create_template(
            NewTemplate(name=name, documents=documents, **more)
        )

    async def tell(self, key: str, exchange: str = "dsm.register", **body: Any) -> None:
        await self.clients.dsm.post_messages(exchange, key, [PostedMessage(body=body)])

    async def arrive(self, dataset: str, numbers: list[int], **more: Any) -> Dataset:
        """Register a file for each number in an input dataset; return it, once it is there."""
        storages = await self.clients.dsm.call("GET", "/api/v1/storage", list[dict[str, str]])
        [root] = [s["uid"] for s in storages if s["name"] == "posix-root"]
        files = [self._file(dataset, n, root) for n in numbers]
        await self.tell("dataset.input", datasetName=dataset, files=files, **more)
        found = await self.eventually(lambda: self.datasets(dataset), bool)
        return found[0]

    def _file(self, dataset: str, number: int, root: str) -> dict[str, Any]:
        path = self._folder / f"{dataset}.{number}.txt"
        path.write_text(f"{number}\n")
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        size = path.stat().st_size
        where = {"storageId": root, "path": str(path), "sequence": number}
        return {**where, "name": path.name, "size": size, "checksum": digest}

    async def datasets(self, name: str) -> list[Dataset]:
        return list((await self.clients.dsm.datasets(name=name)).items)

    async def tasks(self, dataset: str) -> dict[str, Task]:
        """Return the tasks of the chain over a dataset, by their step."""
        page = await self.clients.data_access.tasks(dataset=dataset)
        return {task.step: task for task in page.items}

    async def ended(self, dataset: str, count: int) -> dict[str, Task]:
        def good(tasks: dict[str, Task]) -> bool:
            return len(tasks) == count and all(t.status in FINAL_TASKS for t in tasks.values())

        return await self.eventually(lambda: self.tasks(dataset), good, 120)

    async def texts(self, name: str) -> list[str]:
        """Return what the files of a dataset hold, by index."""
        [dataset] = await self.datasets(name)
        contents = await self.clients.dsm.contents(dataset.uid)
        ordered = sorted(contents.files, key=lambda file: file.index)
        return [Path(urlsplit(file.url).path).read_text().strip() for file in ordered]

    async def matches(self, dataset: Dataset) -> list[tuple[str, str]] | None:
        """Return outcome and reason of what was decided on a dataset; None before that."""
        params = {"dataset": dataset.uid}
        ask = self.clients.data_access.call
        try:
            decided = await ask("GET", "/decision", dict[str, Any], params=params)
        except NotFound:
            return None
        return [(m["outcome"], m["reason"]) for m in decided["matches"]]
