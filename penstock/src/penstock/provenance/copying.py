"""Bringing the bytes of a lineage's files here, for a crate that holds them."""

from pathlib import Path

from penstock.provenance.lineage import Lineage, LineageFile
from penstock_core.clients import DsmClient
from penstock_core.errors import Conflict, Forbidden, NotFound

_STRETCH = 8 << 20


async def copy_files(storage: DsmClient, lineage: Lineage, folder: Path) -> dict[str, Path]:
    """Return by name where in ``folder`` each file was copied to.

    What the storage manager gives to nobody, or has not any more, is left out.
    """
    copies: dict[str, Path] = {}
    for number, found in enumerate(lineage.files):
        # Numbered: a name may be too long for a folder that is deep already.
        path = folder / str(number)
        try:
            await _copy(storage, found, path)
        except (Conflict, Forbidden, NotFound):
            path.unlink(missing_ok=True)
            continue
        copies[found.file.name] = path
    return copies


async def _copy(storage: DsmClient, found: LineageFile, path: Path) -> None:
    with path.open("wb") as target:
        for offset in range(0, found.file.size_bytes, _STRETCH):
            target.write(await storage.file_bytes(found.file.uid, offset, _STRETCH))
