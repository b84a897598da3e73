"""What the client does about provenance in more than one call."""

import asyncio
import tempfile
from pathlib import Path

from penstock.finding import find_file
from penstock.provenance.copying import copy_files
from penstock.provenance.crate import write_crate
from penstock.provenance.gathering import gather
from penstock.provenance.lineage import Lineage
from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.contracts.workflow import Way
from penstock_core.provenance import Walk


async def file_lineage(
    workflows: DataAccessClient,
    storage: DsmClient,
    name: str,
    namespace: str,
    way: Way,
    depth: int,
    limit: int,
    whole: bool,
) -> Lineage:
    """Return the lineage of the file of this name or uid; raises ``NotFound``."""
    file = await find_file(storage, name, namespace)
    start = Walk(file.namespace, file.scope, file.name, way, depth, limit, whole)
    return await gather(workflows, storage, start)


async def save_crate(storage: DsmClient, lineage: Lineage, path: Path, with_files: bool) -> int:
    """Write a lineage as an RO-Crate; return how many of its files are inside."""
    with tempfile.TemporaryDirectory(prefix="penstock-crate-") as folder:
        copies = await copy_files(storage, lineage, Path(folder)) if with_files else {}
        await asyncio.to_thread(write_crate, lineage, path, copies)
    return len(copies)
