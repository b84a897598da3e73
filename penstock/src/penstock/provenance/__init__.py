"""The provenance of a file: gathered from its owners, shown, and exported."""

from penstock.provenance.crate import write_crate
from penstock.provenance.errands import file_lineage, save_crate
from penstock.provenance.gathering import gather
from penstock.provenance.lineage import Lineage
from penstock.provenance.prov import to_prov
from penstock.provenance.tree import to_tree

__all__ = [
    "Lineage",
    "file_lineage",
    "gather",
    "save_crate",
    "to_prov",
    "to_tree",
    "write_crate",
]
