"""The part of the Python client that audits."""

from collections.abc import Callable, Sequence

from penstock.audit.auditor import SETTLE_S, Auditor
from penstock.background import BackgroundLoop
from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clients.pilot import PilotClient
from penstock_core.contracts.audit import Violation


class AuditCalls:
    """Whether the stores hold what they must."""

    _loop: BackgroundLoop
    _workflows: DataAccessClient
    _storage: DsmClient
    _pilot: PilotClient

    def audit(
        self,
        settle_s: float = SETTLE_S,
        told: Callable[[str, int, int], None] = lambda _name, _at, _all: None,
    ) -> list[Violation]:
        """Return all violations of the laws; ``told`` hears of what, how far, and of how many.

        What is found counts if it is still there ``settle_s`` seconds later.
        """
        return self._loop.run(self._auditor(settle_s).everything(told))

    def repair(self, violations: Sequence[Violation]) -> int:
        """Have told again what that may mend; return how many datasets those are."""
        return self._loop.run(self._auditor(0).repair(violations))

    def _auditor(self, settle_s: float) -> Auditor:
        return Auditor(self._storage, self._workflows, self._pilot, settle_s)
