"""What datasets are matched against: the versions that are ACTUAL or SHADOW, with a revision."""

from typing import Any

from sqlalchemy import select

from data_access.content import Content
from data_access.counters import CATALOGUE
from data_access.schema import counter, template
from data_access.template_versions import MATCHED
from penstock_core.contracts.workflow import Catalogue, CatalogueEntry
from penstock_core.store import Store


async def read_catalogue(store: Store, known: int) -> Catalogue | None:
    """Return the catalogue; None if it still is revision ``known``."""
    async with store.read() as connection:
        query = select(counter.c.value).where(counter.c.name == CATALOGUE)
        revision = await connection.scalar(query) or 0
        if revision == known:
            return None
        chosen = select(template).where(template.c.status.in_(MATCHED))
        rows = await connection.execute(chosen.order_by(template.c.template_id))
        entries = tuple(catalogue_entry(row) for row in rows.mappings())
    return Catalogue(revision=revision, templates=entries)


def catalogue_entry(row: Any) -> CatalogueEntry:
    """Return what matching needs of a version; one never activated counts from its creation."""
    content = Content(**row["content"])
    own = ("template_id", "name", "version", "status", "recipe_digest")
    return CatalogueEntry(
        **{name: row[name] for name in own},
        **{name: getattr(content, name) for name in ("masks", "exclude", "where", "namespace")},
        effective_from=row["effective_from"] or row["created_at"],
    )
