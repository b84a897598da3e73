"""What the tests of data-access share: recipes made by hand, batches, callers with roles."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from data_access.first_start import Credentials
from data_access.service import open_service
from data_access.settings import AccessSettings
from penstock_core.bus.local import LocalBus
from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import (
    CatalogueEntry,
    DatasetDecision,
    DatasetRef,
    GeneratedBatch,
    Match,
    NewTemplate,
)
from penstock_core.errors import InvalidTemplate
from penstock_core.rights import Role
from penstock_core.service import House, Service
from penstock_core.settings import HouseSettings
from penstock_core.states import DatasetState, TemplateStatus
from penstock_core.tokens import Signer
from penstock_core.topology import PENSTOCK
from recipe.compiler import CompileRequest
from recipe.model import Link, Mode, Port, Recipe, Step, Trigger
from recipe.plan import plan

EARLY = datetime(2026, 1, 1, tzinfo=UTC)
LATE = datetime(2100, 1, 1, tzinfo=UTC)
SPD = {
    "decoding": ("", Mode.MAP, Trigger.OPEN),
    "reconstruction": ("decoding", Mode.MAP, Trigger.OPEN),
}


def recipe_of(steps: dict[str, tuple[str, Mode, Trigger]], documents: dict[str, str]) -> Recipe:
    """Return a recipe whose steps read the named step ("" = the masked dataset)."""
    return Recipe(
        input="dataset_name",
        inputs=(),
        documents=documents,
        standard={"class": "Workflow"},
        steps=tuple(_step(name, *rest) for name, rest in steps.items()),
    )


def _step(name: str, reads: str, mode: Mode, trigger: Trigger) -> Step:
    take: Any = "each" if trigger is Trigger.OPEN else "all"
    return Step(
        name=name,
        mode=mode,
        trigger=trigger,
        links=(Link(key="file", step=reads, port="out" if reads else "", take=take),),
        values=(),
        ports=(Port(name="out"),),
        job_document={"class": "Workflow"},
        label="processing_program",
        args="cable_map",
        retry=5,
    )


@dataclass
class HandMade:
    """A compiler that gives the same steps for every document, and refuses the word *broken*."""

    steps: dict[str, tuple[str, Mode, Trigger]] = field(default_factory=lambda: dict(SPD))

    async def __call__(self, request: CompileRequest, /) -> Recipe:
        if "broken" in request.documents[request.main]:
            wrong = {"file": request.main, "line": 1, "column": 1, "message": "it is broken"}
            raise InvalidTemplate("It is broken.", facts={"diagnostics": [wrong]})
        return recipe_of(self.steps, request.documents)


@dataclass
class Room:
    """A running data-access, and its callers."""

    house: House
    service: Service
    compiler: HandMade
    stack: AsyncExitStack
    announced: list[Credentials]

    def signer(self) -> Signer:
        return Signer(self.house.settings.public_key.with_name("private.pem").read_text())

    def http(self, *roles: Role, token: str = "") -> httpx2.AsyncClient:
        """Return a client for raw requests, as somebody with these roles."""
        token = token or (self.signer().sign("somebody", roles) if roles else "")
        client = httpx2.AsyncClient(
            base_url="http://data-access",
            transport=httpx2.ASGITransport(app=self.service.app),
            headers={"authorization": f"Bearer {token}"} if token else {},
        )
        self.stack.push_async_callback(client.aclose)
        return client

    def client(self, *roles: Role) -> DataAccessClient:
        """Return a typed client, as somebody with these roles."""
        return DataAccessClient(self.http(*roles))


@asynccontextmanager
async def open_room(
    folder: Path, database_url: str = "", executables: Path | None = None
) -> AsyncIterator[Room]:
    """Give a running data-access in a folder of its own."""
    settings = HouseSettings(data_dir=folder, database_url=database_url, reconcile_every_s=0.05)
    bus = LocalBus(PENSTOCK, ":memory:")
    await bus.start()
    house = House(settings, bus)
    compiler, announced = HandMade(), list[Credentials]()
    access = AccessSettings(executables_file=executables)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(bus.close)
        service = await stack.enter_async_context(
            open_service(house, compiler, announced.append, access)
        )
        yield Room(house, service, compiler, stack, announced)


def new_template(name: str = "spd", mask: str = "*.test.*", **more: Any) -> NewTemplate:
    """Return a template of SPD's form, effective since long ago."""
    given = {"effective_from": EARLY, "description": {"steps": {}}} | more
    return NewTemplate(name=name, inner_dataset_mask=mask, **given)


def ref(name: str, state: DatasetState = DatasetState.OPEN) -> DatasetRef:
    """Return a dataset whose uid follows from its name."""
    return DatasetRef(
        uid=f"uid-{name}",
        namespace="default",
        scope="daq",
        name=name,
        state=state,
        registered_at=datetime(2026, 6, 1, tzinfo=UTC),
    )


async def entry_of(client: DataAccessClient, template_id: int) -> tuple[CatalogueEntry, Recipe]:
    """Return a version as matching sees it, with its recipe."""
    found = await client.template(template_id)
    own = found.model_dump(include=set(CatalogueEntry.model_fields))
    entry = CatalogueEntry(**own | {"effective_from": found.effective_from or EARLY})
    return entry, Recipe.model_validate(await client.recipe(found.recipe_digest))


def batch(
    entries: Sequence[tuple[CatalogueEntry, Recipe]],
    datasets: Sequence[DatasetRef],
    expected: int = 0,
    cursor: int = 1,
) -> GeneratedBatch:
    """Return what a generator decides when every template takes every dataset."""
    matches = tuple(
        Match(
            template_id=entry.template_id,
            outcome="MATCH" if entry.status is TemplateStatus.ACTUAL else "SHADOW",
            reason="mask fits",
        )
        for entry, _ in entries
    )
    workflows = tuple(
        plan(recipe, entry, dataset, {}) for dataset in datasets for entry, recipe in entries
    )
    return GeneratedBatch(
        follower="task-generator",
        expected=expected,
        cursor=cursor,
        catalogue_revision=1,
        decisions=tuple(DatasetDecision(dataset=each, matches=matches) for each in datasets),
        workflows=workflows,
    )
