"""The part of the Python client that tells where files come from, and what came of them."""

from pathlib import Path

from penstock.background import BackgroundLoop
from penstock.provenance.errands import file_lineage, save_crate
from penstock.provenance.lineage import Lineage
from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.contracts.workflow import Way
from penstock_core.provenance import DEEPEST


class ProvenanceCalls:
    """What :class:`penstock.client.Penstock` knows of provenance."""

    _loop: BackgroundLoop
    _workflows: DataAccessClient
    _storage: DsmClient

    def provenance(
        self,
        file: str,
        way: Way = Way.UP,
        *,
        namespace: str = "default",
        depth: int = DEEPEST,
        limit: int = 100_000,
        whole: bool = True,
    ) -> Lineage:
        """Return what a file was made of (up), or what was made of it (down), by which jobs.

        ``depth`` counts jobs in a row, ``limit`` the uses of files; ``whole`` gives each job all
        its files, not only those on the way.
        """
        how = (way, depth, limit, whole)
        return self._loop.run(file_lineage(self._workflows, self._storage, file, namespace, *how))

    def save_crate(self, lineage: Lineage, path: Path, *, with_files: bool = False) -> int:
        """Write a lineage as an RO-Crate, a folder or a ``.zip``; return how many files are in it.

        Without ``with_files``, and where a file cannot be had, it stands in the crate by its URL.
        """
        return self._loop.run(save_crate(self._storage, lineage, path, with_files))
