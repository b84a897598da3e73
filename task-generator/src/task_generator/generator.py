"""The generator's loop: follow the log, decide, store decisions together with the cursor."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clients.follower import Follower
from penstock_core.clock import now
from penstock_core.contracts.base import EventPage
from penstock_core.contracts.workflow import Catalogue, DatasetDecision, GeneratedBatch
from penstock_core.metrics import CHAINED_S, DECIDED
from recipe.matching import Matcher
from recipe.model import Recipe
from task_generator.generate import chains, decide, matched, told_at, told_datasets

FOLLOWER = "task-generator"
TOPICS = ("dataset.registered", "dataset.changed", "dataset.closed")
BATCH = 500


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What was decided on a stretch of the log, and by uid when each dataset was told of."""

    batch: GeneratedBatch
    told: Mapping[str, datetime]


class Generator:
    """Makes workflows of registered datasets; any number of replicas may run.

    Each batch carries the cursor that it started from. Of two replicas that worked on the same
    stretch, data-access takes the first; the other is told ``Stale`` and reads on from there.
    """

    def __init__(self, dsm: DsmClient, data_access: DataAccessClient) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._follower = Follower(data_access, FOLLOWER)
        self._catalogue = Catalogue(revision=-1, templates=())
        self._since = now()
        self._matcher = Matcher(self._catalogue)
        self._recipes: dict[str, Recipe] = {}

    async def generate(self) -> bool:
        """Handle the log up to its end; return whether there may be more, which is never.

        While one stretch is stored the next is decided on: they keep two services busy.
        """
        cursor = await self._follower.start()
        stretch = await self._read_on(cursor)
        while stretch is not None:
            cursor = stretch.batch.cursor
            stretch = await self._store(stretch)
        self._follower.reached(cursor)
        return False

    async def _store(self, stretch: _Stretch) -> _Stretch | None:
        """Store what was decided on a stretch; return the next one if there is one by then."""
        ahead = asyncio.ensure_future(self._read_on(stretch.batch.cursor))
        try:
            await self._data_access.store_generated(stretch.batch)
            _measure(stretch)
            return await ahead
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _read_on(self, start: int) -> _Stretch | None:
        """Return the stretch of the log after ``start``, decided on, if there is one."""
        page = await self._dsm.events(start, BATCH, TOPICS)
        self._follower.saw(start, page)
        return None if page.cursor == start else await self._decide(start, page)

    async def _decide(self, start: int, page: EventPage) -> _Stretch:
        datasets = told_datasets(page.events)
        await self._refresh_catalogue(min((d.registered_at for d in datasets), default=now()))
        found = decide(self._matcher, datasets)
        recipes = await self._load(found)
        told = told_at(page.events)
        decisions, workflows = chains(found, self._catalogue, recipes, told, now())
        batch = GeneratedBatch(
            follower=FOLLOWER,
            expected=start,
            cursor=page.cursor,
            catalogue_revision=self._catalogue.revision,
            decisions=decisions,
            workflows=workflows,
        )
        return _Stretch(batch, told)

    async def _refresh_catalogue(self, since: datetime) -> None:
        """Have the newest catalogue, with all versions in force at ``since`` or later."""
        known = self._catalogue.revision if since >= self._since else -1
        newer = await self._data_access.catalogue(known, since)
        if newer is None:
            return
        self._catalogue, self._since = newer, since
        self._matcher = Matcher(newer)
        wanted = {entry.recipe_digest for entry in newer.templates}
        self._recipes = {d: r for d, r in self._recipes.items() if d in wanted}

    async def _load(self, decisions: tuple[DatasetDecision, ...]) -> dict[str, Recipe]:
        """Return the recipes that these decisions call for, each read once."""
        taking = matched(decisions)
        for entry in self._catalogue.templates:
            if entry.template_id in taking and entry.recipe_digest not in self._recipes:
                found = await self._data_access.recipe(entry.recipe_digest)
                self._recipes[entry.recipe_digest] = Recipe.model_validate(found)
        return self._recipes


def _measure(stretch: _Stretch) -> None:
    """Observe how long each dataset that was told of waited for its chains."""
    moment, told, batch = now(), stretch.told, stretch.batch
    DECIDED.inc(len(batch.decisions))
    for uid in {workflow.dataset_uid for workflow in batch.workflows} & told.keys():
        CHAINED_S.observe((moment - told[uid]).total_seconds())
