"""One test through a whole Penstock: an upload, a dataset with its file, the chain, the outputs."""

import asyncio
import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cwltest.compare import CompareFail, compare

from benchmarks.conformance.results import Made, NotPicked, Results
from benchmarks.conformance.suite import Bundle, Test, as_text, file_of
from penstock.errands import upload
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import Dataset, NewDataset
from penstock_core.contracts.workflow import NewTemplate, Task, Template
from penstock_core.errors import InvalidTemplate, PenstockError
from penstock_core.states import FINAL_TASKS
from recipe.model import Recipe

DATASET = "conformance"
LONGEST_S = 120.0
_UNSUPPORTED = ("not taken: ", "requires a container", "requires what the pilot lacks")
_PLAIN = re.compile(r"[\w.-]+")
_NO_INPUT = re.compile(r"there is no input '([^']*)' that takes a value")
Verdict = Literal["passed", "failed", "unsupported"]


@dataclass(frozen=True)
class Result:
    """What became of a test, in how many seconds, and why it did not pass.

    ``given`` is the output object, each file with its checksum in place of where it lies.
    """

    id: str
    verdict: Verdict
    seconds: float
    why: str = ""
    given: Any = None


class Failed(Exception):
    """The chain did not do it; its message says why."""


async def run_test(test: Test, number: int, world: "World") -> Result:
    """Return what became of one test; it has a namespace of its own."""
    began = time.monotonic()
    given: Any = None
    try:
        given = await world.outputs(test, f"t{number}")
        verdict, why = _compared(test, given)
    except (Failed, NotPicked, PenstockError) as error:
        verdict, why = _refused(test, str(error))
    except Exception as error:  # one test must not end the others
        verdict, why = "failed", f"{type(error).__name__}: {error}"
    return Result(test.id, verdict, time.monotonic() - began, why, _without_places(given))


def _without_places(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_places(one) for one in value]
    if not isinstance(value, dict):
        return value
    rest = {key: _without_places(one) for key, one in value.items() if key != "location"}
    if value.get("class") == "File":
        content = Path(value["location"]).read_bytes()
        rest["checksum"] = hashlib.sha256(content).hexdigest()
    return rest


def _compared(test: Test, given: dict[str, Any]) -> tuple[Verdict, str]:
    if test.should_fail:
        return "failed", f"should fail, and gave {as_text(given)}"
    try:
        compare(test.expected, given)
    except CompareFail as error:
        return "failed", " ".join(str(error).split())[:600]
    return "passed", ""


def _refused(test: Test, why: str) -> tuple[Verdict, str]:
    if test.should_fail:
        return "passed", ""
    return ("unsupported" if any(word in why for word in _UNSUPPORTED) else "failed"), why


@dataclass(frozen=True)
class World:
    """A house, with what a test needs of it; ``storage`` holds every path of the machine."""

    clients: HouseClients
    storage: str
    root: Path
    folder: Path

    async def outputs(self, test: Test, name: str) -> dict[str, Any]:
        """Return the output object of a test; raises ``Failed``, or what refused the upload."""
        template, bound, values = await self._upload(test, name)
        body = await self.clients.data_access.recipe(template.recipe_digest)
        recipe = Recipe.model_validate(body)
        await self._arrive(name, _files(test.order.get(bound), test.order_folder))
        tasks = await self._ended(name, len(recipe.steps))
        for task in tasks:
            if task.status not in ("FINISHED", "SKIPPED"):
                raise Failed(f"{task.step} is {task.status}: {task.reason}")
        made = {task.step: await self._made(task) for task in tasks}
        defaults = {spec.name: spec.default for spec in recipe.inputs}
        return Results(recipe, made, defaults | values, self.folder / name).object()

    async def _upload(self, test: Test, name: str) -> tuple[Template, str, dict[str, Any]]:
        """Upload with the first of the order's files that can be a dataset's, or with none."""
        unknown: set[str] = set()
        absent: dict[str, None] = {}
        ways = [*_candidates(test), ""]
        while ways:
            bound = ways[0]
            bundle = Bundle(self.root)
            bundle.add_document(test.tool)
            order = {k: one for k, one in test.order.items() if k != bound and k not in unknown}
            values = {key: bundle.value(one, test.order_folder) for key, one in order.items()}
            values |= absent
            template = NewTemplate(
                name=name,
                namespace=name,
                masks=(DATASET,),
                main=bundle.name_of(test.tool) + (f"#{test.process}" if test.process else ""),
                documents=bundle.documents,
                input=bound,
                values=values,
            )
            try:
                made = await upload(self.clients.data_access, template)
            except InvalidTemplate as error:
                if extra := _NO_INPUT.search(str(error)):
                    unknown.add(extra[1])  # CWL passes over values that no input takes
                elif bound and _is_of_the_input(str(error), bound):
                    ways.pop(0)
                else:
                    raise
                continue
            body = await self.clients.data_access.recipe(made.recipe_digest)
            if bound and any(link["beside"] for step in body["steps"] for link in step["links"]):
                ways.pop(0)  # the order leaves what lies beside the file to the runner to find
                continue
            if body["input"] == bound:
                return made, bound, values
            absent[body["input"]] = None  # the order leaves it out, and no dataset is to take it
        raise AssertionError("the last way ends the loop")

    async def _arrive(self, namespace: str, files: list[Path]) -> None:
        storage = self.clients.dsm
        new = NewDataset(name=DATASET, namespace=namespace, producer="operator")
        [dataset] = await storage.create_datasets([new])
        told = [_told(dataset, self.storage, path, n) for n, path in enumerate(files, 1)]
        if told:
            await storage.call("POST", "/api/v1/file/", None, body=told)
        path = f"/api/v1/dataset/{dataset.uid}/close"
        await storage.call("POST", path, Dataset, body={"because": "all is there"})

    async def _ended(self, namespace: str, count: int) -> list[Task]:
        deadline = time.monotonic() + LONGEST_S
        while True:
            page = await self.clients.data_access.tasks(namespace=namespace)
            tasks = list(page.items)
            ended = [task for task in tasks if task.status in FINAL_TASKS]
            if len(ended) == count or any(task.status in ("FAILED", "PARTIAL") for task in ended):
                return ended
            if time.monotonic() > deadline:
                states = {task.step: str(task.status) for task in tasks}
                raise Failed(f"not ended within {LONGEST_S:g} s: {states}")
            await asyncio.sleep(0.1)

    async def _made(self, task: Task) -> Made:
        page = await self.clients.dsm.datasets(name=task.output_name, namespace=task.namespace)
        contents = await self.clients.dsm.contents(page.items[0].uid)
        jobs = await self.clients.data_access.jobs(task.task_id, limit=500)
        return Made(contents.files, sorted(job.index for job in jobs.items))


def _candidates(test: Test) -> Iterator[str]:
    """Yield the inputs whose values are plain files, one or several."""
    for name, value in test.order.items():
        items = value if isinstance(value, list) else [value]
        if items and all(_is_plain(item, test.order_folder) for item in items):
            names = [path.name for path in _files(value, test.order_folder)]
            if len(set(names)) == len(names):
                yield name


def _is_plain(item: Any, folder: Path) -> bool:
    path = file_of(item, folder)
    is_file = path is not None and path.is_file() and item["class"] == "File"
    is_plain = path is not None and bool(_PLAIN.fullmatch(path.name))
    return is_file and is_plain and item.keys() <= {"class", "location", "path", "basename"}


def _is_of_the_input(message: str, bound: str) -> bool:
    """Return whether an upload was refused for what takes the dataset, and not for the rest."""
    signs = ("what takes the dataset", "secondaryFiles by an expression", f"no input {bound!r}")
    return any(sign in message for sign in signs)


def _files(value: Any, folder: Path) -> list[Path]:
    items = value if isinstance(value, list) else [value]
    return [path for item in items if (path := file_of(item, folder)) is not None]


def _told(dataset: Dataset, storage: str, path: Path, sequence: int) -> dict[str, Any]:
    data = path.read_bytes()
    return {
        "datasetId": dataset.uid,
        "storageId": storage,
        "path": str(path.resolve()),
        "size": len(data),
        "checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sequence": sequence,
    }
