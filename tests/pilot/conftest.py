"""A pilot in a house of twins: a storage manager and a data-access that live in memory."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from penstock_core.bus.local import LocalBus
from penstock_core.clients.pilot import PilotClient
from penstock_core.contracts.base import Event, EventPage
from penstock_core.contracts.dsm import (
    ContentFile,
    Contents,
    ContentsNews,
    Manifest,
    NewStorage,
    Outcome,
    ProducedFile,
    ReadTo,
    Storage,
)
from penstock_core.contracts.inspection import FileEvent, FileVerdict, Place, Verdict
from penstock_core.contracts.workflow import JobReport, TaskInput, TaskReport
from penstock_core.contracts.workload import WorkloadTask
from penstock_core.errors import NotFound, PenstockError, ServiceUnavailable
from penstock_core.rights import Role
from penstock_core.service import House, Service
from penstock_core.settings import HouseSettings
from penstock_core.states import FINAL_TASKS, FileState
from penstock_core.tokens import Signer, make_key_pair, write_secret
from penstock_core.topology import PENSTOCK
from penstock_core.web import new_app
from pilot.service import open_service
from pilot.settings import PilotSettings
from recipe.model import Link, Mode, Port, Recipe, Step, Trigger

SETTINGS = PilotSettings(slots=2, retry_first_pause_s=0.05, report_pause_s=0.05)


@dataclass
class Dsm:
    """A storage manager that holds contents and takes manifests."""

    folder: Path
    contents: dict[str, list[ContentFile]] = field(default_factory=lambda: defaultdict(list))
    closed: set[str] = field(default_factory=set)
    incomplete: set[str] = field(default_factory=set)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    away: bool = False
    refuses: PenstockError | None = None
    base: str = ""
    verdicts: list[FileVerdict] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def quarantine(self, uid: str, reason: str) -> None:
        """Put a file into quarantine, and tell it."""
        for dataset, files in self.contents.items():
            for n, file in enumerate(files):
                if file.uid == uid:
                    news = {"usable": False, "state": FileState.QUARANTINED, "reason": reason}
                    files[n] = file.model_copy(update=news)
                    self._tell(dataset, files[n])

    def _tell(self, dataset: str, file: ContentFile) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        told = FileEvent(
            uid=file.uid,
            namespace="default",
            scope="daq",
            name=file.name,
            state=file.state,
            storage_id="s1",
            path=file.name,
            size_bytes=file.size_bytes,
            checksum=file.checksum,
            guid=file.uid,
            registered_at=at,
            reason=file.reason,
            places=(Place(dataset_uid=dataset, position=file.position),),
        )
        event = Event(
            seq=len(self.events) + 1,
            topic="file.quarantined",
            key=file.uid,
            namespace="default",
            at=at.isoformat(),
            body=told.model_dump(mode="json"),
        )
        self.events.append(event)

    def add(self, uid: str, index: int, text: str, **other: Any) -> ContentFile:
        """Put a file into a dataset."""
        name = other.get("name", f"{uid}.{index}.dat")
        path = self.folder / name
        path.write_text(text)
        values = {
            "position": len(self.contents[uid]) + 1,
            "name": name,
            "basename": name,
            "port": "",
            "index": index,
            "part": 0,
            "size_bytes": len(text),
            "checksum": f"md5:{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}",
            "url": path.as_uri(),
            "usable": True,
            "uid": f"uid of {name}",
        }
        file = ContentFile.model_validate(values | other)
        self.contents[uid].append(file)
        return file

    def files(self, uid: str) -> list[ProducedFile]:
        """Return what was registered in an output dataset, by name."""
        parts = [p for m in self.manifests.values() for p in m.parts if p.dataset_uid == uid]
        return sorted((f for p in parts for f in p.files), key=lambda f: f.name)

    def texts(self, uid: str) -> list[str]:
        """Return the contents of the registered files, by name."""
        return [(Path(self.base) / f.path).read_text() for f in self.files(uid)]

    def app(self, verifier: Any) -> FastAPI:
        app = new_app("twin of dsm", verifier)

        @app.post("/api/v1/dataset/news")
        async def news(read: list[ReadTo]) -> ContentsNews:
            changed = tuple(
                one.uid
                for one in read
                if len(self.contents[one.uid]) > one.cursor or one.uid in self.closed
            )
            gone = tuple(one.uid for one in read if one.uid == "gone")
            return ContentsNews(changed=changed, gone=gone)

        @app.get("/api/v1/dataset/{uid}/contents")
        async def contents(uid: str, after: int = 0, limit: int = 1000) -> Contents:
            if uid == "gone":
                raise NotFound("There is no dataset gone.")
            files = tuple(f for f in self.contents[uid] if f.position > after)[:limit]
            cursor = files[-1].position if files else after
            return Contents(
                uid=uid,
                files=files,
                closed=uid in self.closed,
                total=len(self.contents[uid]),
                incomplete=uid in self.incomplete,
                cursor=cursor,
            )

        @app.post("/api/v1/manifest")
        async def register(manifests: list[Manifest]) -> list[Outcome]:
            if self.away:
                raise ServiceUnavailable("The storage manager is away.")
            self.sent += [m.job for m in manifests]
            return [self._take(m) for m in manifests]

        @app.post("/api/v1/file/verdict")
        async def judge(verdicts: list[FileVerdict]) -> list[Outcome]:
            self.verdicts += verdicts
            for verdict in verdicts:
                if verdict.verdict is Verdict.DIFFERS:
                    self.quarantine(verdict.uid, verdict.reason)
            return [Outcome(key=v.uid, ok=True) for v in verdicts]

        @app.get("/api/v1/event")
        async def events(after: int = 0) -> EventPage:
            return EventPage(events=tuple(self.events[after:]), cursor=len(self.events))

        @app.post("/api/v1/storage")
        async def storage(new: NewStorage) -> Storage:
            self.base = new.base
            return Storage(uid="s1", name=new.name, kind=new.kind, base=new.base)

        return app

    def _take(self, manifest: Manifest) -> Outcome:
        if error := self.refuses:
            details = {"details": str(error), "error": error.as_json()}
            return Outcome(key=manifest.job, ok=False, **details)
        known = self.manifests.setdefault(manifest.job, manifest)
        assert known == manifest, "a repeated manifest says the same"
        return Outcome(key=manifest.job, ok=True)


def data_access(recipes: dict[str, Recipe], signer: Signer, verifier: Any) -> FastAPI:
    """A data-access that knows recipes and gives tokens."""
    app = new_app("twin of data-access", verifier)

    @app.get("/recipe/{digest}")
    async def recipe(digest: str) -> dict[str, Any]:
        if digest not in recipes:
            raise NotFound(f"There is no recipe {digest}.")
        return recipes[digest].model_dump(mode="json")

    @app.post("/auth/service/token")
    async def token() -> dict[str, Any]:
        return {"access_token": signer.sign("pilot", [Role.SERVICE]), "expires_in": 900}

    return app


class Tokens:
    """Tokens signed at once."""

    def __init__(self, signer: Signer, role: Role) -> None:
        self._signer = signer
        self._role = role

    async def token(self) -> str:
        return self._signer.sign("test", [self._role])

    def forget(self) -> None:
        return


async def stopped(loops: Sequence[asyncio.Task[None]]) -> list[BaseException | None]:
    """Cancel until all have ended: ``wait_for`` of Python 3.11 may swallow a cancellation."""
    while waiting := [loop for loop in loops if not loop.done()]:
        for loop in waiting:
            loop.cancel()
        await asyncio.wait(waiting, timeout=0.5)
    return await asyncio.gather(*loops, return_exceptions=True)


@dataclass
class World:
    """The house, its twins, and a client of the pilot."""

    house: House
    dsm: Dsm
    recipes: dict[str, Recipe]
    signer: Signer
    service: Service | None = None

    @property
    def data_dir(self) -> Path:
        return self.house.settings.data_dir

    def client(self, role: Role = Role.SERVICE) -> PilotClient:
        http = self.house.http("http://pilot")
        return PilotClient(http, Tokens(self.signer, role))

    @asynccontextmanager
    async def pilot(
        self, settings: PilotSettings = SETTINGS, hold: bool = False, sandbox: str = "auto"
    ) -> AsyncIterator[PilotClient]:
        """Run a pilot; leaving stops it as a kill would: what ran is found running."""
        own = self.house.settings.model_copy(update={"sandbox": sandbox})
        async with open_service(replace(self.house, settings=own), settings, hold) as service:
            self.house.doors["pilot"] = service.app  # type: ignore[assignment]
            loops = [asyncio.create_task(loop()) for loop in service.loops]
            client = self.client()
            try:
                yield client
            finally:
                ends = await stopped(loops)
                await client.close()
                assert [e for e in ends if not isinstance(e, asyncio.CancelledError)] == []

    def add_step(self, step: Step, documents: dict[str, str] | None = None) -> str:
        """Store a recipe with this step; return its digest."""
        digest = f"recipe-{len(self.recipes)}"
        self.recipes[digest] = Recipe(
            input="files", inputs=(), steps=(step,), documents=documents or {}
        )
        return digest

    def task(self, step: Step, name: str = "t1", **other: Any) -> WorkloadTask:
        """Return a task of a step that reads dataset ``in``."""
        values = {
            "name": name,
            "task_id": 7,
            "namespace": "default",
            "recipe_digest": self.add_step(step, other.pop("documents", None)),
            "step": step.name,
            "values": {},
            "rank": 1,
            "retry": step.retry,
            "inputs": (TaskInput(step="", dataset_uid="in"),),
            "output_uid": f"{name}-out",
            "output_name": f"{name}.out.v1",
            "log_uid": f"{name}-log",
            "log_name": f"{name}.log.v1",
        }
        return WorkloadTask.model_validate(values | other)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A house of twins, on the local bus in memory."""
    settings = HouseSettings(data_dir=tmp_path / "data", reconcile_every_s=0.2)
    private, public = tmp_path / "private.pem", settings.public_key
    public.parent.mkdir(parents=True)
    make_key_pair(private, public)
    write_secret(settings.secret_file("pilot"), "secret")
    signer = Signer(private.read_text())
    bus = LocalBus(PENSTOCK, ":memory:")
    await bus.start()
    house = House(settings, bus)
    files = tmp_path / "files"
    files.mkdir()
    found = World(house, Dsm(files), {}, signer)
    house.doors["dsm"] = found.dsm.app(None)
    house.doors["data-access"] = data_access(found.recipes, signer, None)
    yield found
    await bus.close()


def tool_step(
    script: str,
    mode: Mode = Mode.MAP,
    ports: Sequence[str] = ("made.txt",),
    **other: Any,
) -> Step:
    """Return a step that runs a shell script with its input files as arguments.

    ``ports`` are the names of the files that it makes; each is a port by its stem.
    """
    take = "each" if mode is Mode.MAP else "all"
    links = other.pop("links", (Link(key="f", take=take),))
    values = other.pop("values", ())
    types = {k.key: "File" if k.take == "each" else "File[]" for k in links}
    types |= {v.key: "Any" for v in values}
    outputs = {Path(p).stem: p for p in ports}
    tool = {
        "class": "CommandLineTool",
        "requirements": {"InlineJavascriptRequirement": {}} | other.pop("requirements", {}),
        "hints": other.pop("hints", {}),
        "baseCommand": ["sh", "-c", script, "tool"],
        "inputs": {
            k: {"type": t, "inputBinding": {"position": n}}
            for n, (k, t) in enumerate(types.items())
        },
        "outputs": {
            name: {"type": "File", "outputBinding": {"glob": glob}}
            for name, glob in outputs.items()
        },
    }
    document = {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "inputs": types,
        "outputs": {n: {"type": "File", "outputSource": f"s/{n}"} for n in outputs},
        "steps": {"s": {"in": {k: k for k in types}, "out": list(outputs), "run": tool}},
    }
    fields = {
        "name": "s",
        "mode": mode,
        "trigger": Trigger.OPEN if mode is Mode.MAP else Trigger.CLOSED,
        "links": links,
        "values": values,
        "ports": tuple(Port(name=n) for n in outputs),
        "job_document": document,
        "label": "tool",
        "retry": 0,
    }
    return Step.model_validate(fields | other)


@pytest.fixture
def make_step() -> Callable[..., Step]:
    """How a step is made: see ``tool_step``."""
    return tool_step


@dataclass
class Told:
    """All reports, in their order."""

    jobs: list[JobReport]
    tasks: list[TaskReport]
    order: list[str]


@pytest.fixture
def follow() -> Callable[..., Any]:
    """How reports are followed until ``tasks`` tasks have ended."""

    async def until_ended(client: PilotClient, tasks: int = 1, within_s: float = 30) -> Told:
        told = Told([], [], [])
        async with asyncio.timeout(within_s):
            cursor = 0
            while sum(t.status in FINAL_TASKS for t in told.tasks) < tasks:
                page = await client.reports(cursor)
                cursor = page.cursor
                for report in page.reports:
                    if report.job is not None:
                        told.jobs.append(report.job)
                        told.order.append(f"job {report.job.state}")
                    if report.task is not None:
                        told.tasks.append(report.task)
                        told.order.append(f"task {report.task.status}")
                await asyncio.sleep(0.02)
        return told

    return until_ended
