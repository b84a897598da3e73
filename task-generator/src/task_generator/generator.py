"""The generator's loop: follow the log, decide, store decisions together with the cursor."""

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
BATCH = 200


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
        """Handle the next stretch of the log; return whether there may be more."""
        start = await self._follower.start()
        page = await self._dsm.events(start, BATCH, TOPICS)
        self._follower.saw(start, page)
        if page.cursor != start:
            batch = await self._decide(start, page)
            await self._data_access.store_generated(batch)
            _measure(batch, page)
        self._follower.reached(page.cursor)
        return len(page.events) == BATCH

    async def _decide(self, start: int, page: EventPage) -> GeneratedBatch:
        datasets = told_datasets(page.events)
        await self._refresh_catalogue(min((d.registered_at for d in datasets), default=now()))
        found = decide(self._matcher, datasets)
        recipes = await self._load(found)
        told = told_at(page.events)
        decisions, workflows = chains(found, self._catalogue, recipes, told, now())
        return GeneratedBatch(
            follower=FOLLOWER,
            expected=start,
            cursor=page.cursor,
            catalogue_revision=self._catalogue.revision,
            decisions=decisions,
            workflows=workflows,
        )

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


def _measure(batch: GeneratedBatch, page: EventPage) -> None:
    """Observe how long each dataset that was told of waited for its chains."""
    moment, told = now(), told_at(page.events)
    DECIDED.inc(len(batch.decisions))
    for uid in {workflow.dataset_uid for workflow in batch.workflows} & told.keys():
        CHAINED_S.observe((moment - told[uid]).total_seconds())
