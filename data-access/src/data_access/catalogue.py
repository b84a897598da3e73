"""What datasets are matched against: the versions in force, with a revision."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from data_access.content import SHOWN, Content
from data_access.counters import CATALOGUE
from data_access.in_force import read_in_force
from data_access.schema import counter
from penstock_core.clock import now
from penstock_core.contracts.workflow import Catalogue, CatalogueEntry
from penstock_core.store import Store


async def read_catalogue(
    store: Store, known: int, since: datetime | None = None
) -> Catalogue | None:
    """Return the catalogue; None if it still is revision ``known``.

    It holds each version that is in force, and those that were at ``since`` or later.
    """
    moment = (since or now()).astimezone(UTC).isoformat()
    async with store.read() as connection:
        query = select(counter.c.value).where(counter.c.name == CATALOGUE)
        revision = await connection.scalar(query) or 0
        if revision == known:
            return None
        rows = await read_in_force(connection, moment)
    return Catalogue(revision=revision, templates=tuple(catalogue_entry(row) for row in rows))


def catalogue_entry(row: Any) -> CatalogueEntry:
    """Return what matching needs of a version; one never activated counts from its creation."""
    content = Content(**row["content"])
    own = ("template_id", "name", "version", "status", "recipe_digest")
    return CatalogueEntry(
        **{name: row[name] for name in own},
        **{name: getattr(content, name) for name in ("masks", "values", *SHOWN)},
        effective_from=row["effective_from"] or row["created_at"],
        effective_until=row.get("effective_until"),
    )
