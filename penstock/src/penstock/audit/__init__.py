"""The auditor: proves from the stores that nothing is lost, doubled or left behind.

Each owner of facts audits its own store, a page at a time, and holds against it what another owner
tells; the auditor carries between them, asks twice, and changes nothing.
"""

from penstock.audit.auditor import Auditor
from penstock.audit.laws import LAWS

__all__ = ["LAWS", "Auditor"]
