"""The part of the client that is about closing: forecasts, ledger, parts, rules for datasets."""

from collections.abc import Sequence

from penstock.background import BackgroundLoop
from penstock.errands import close
from penstock_core.clients import DsmClient
from penstock_core.contracts.closing import AppliedRule, Forecast, NewRule, Part, Rule
from penstock_core.contracts.dsm import Dataset, LedgerRow
from penstock_core.states import DatasetState
from penstock_core.stretches import stretches

_AT_ONCE = 100


class ClosingCalls:
    """Calls about when datasets close, why, and what goes on after that."""

    _loop: BackgroundLoop
    _storage: DsmClient

    def forecasts(self, datasets: Sequence[Dataset]) -> dict[str, Forecast]:
        """Return by uid when those of these datasets will close that are open."""
        uids = [one.uid for one in datasets if one.state is DatasetState.OPEN]
        found: dict[str, Forecast] = {}
        for some in stretches(uids, _AT_ONCE):
            told = self._loop.run(self._storage.forecasts(some))
            found |= {forecast.uid: forecast for forecast in told}
        return found

    def ledger(self, dataset: Dataset) -> tuple[LedgerRow, ...]:
        """Return the closing ledger of a dataset, oldest first."""
        return self._loop.run(self._storage.ledger(dataset.uid))

    def parts(self, dataset: Dataset) -> tuple[Part, ...]:
        """Return the parts of a dataset, by position."""
        return self._loop.run(self._storage.parts(dataset.uid))

    def relatives(self, dataset: Dataset) -> list[Dataset]:
        """Return the others of its logical name, the oldest: the first, successors and deltas."""
        page = self._loop.run(
            self._storage.datasets(
                namespace=dataset.namespace,
                scope=dataset.scope,
                logical=dataset.logical or dataset.name,
            )
        )
        return [other for other in page.items if other.uid != dataset.uid]

    def close_dataset(self, dataset: str, because: str, namespace: str = "default") -> Dataset:
        """Close a dataset in the user's name, whatever is missing; the ledger keeps why."""
        return self._loop.run(close(self._storage, dataset, because, namespace))

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules for datasets, in the order in which they are asked."""
        return self._loop.run(self._storage.rules())

    def rule(self, name: str) -> Rule:
        """Return one rule."""
        return self._loop.run(self._storage.rule(name))

    def set_rule(self, name: str, rule: NewRule) -> Rule:
        """Set a rule in place of the one of its name; it applies to open datasets at once."""
        return self._loop.run(self._storage.set_rule(name, rule))

    def remove_rule(self, name: str) -> None:
        """Remove a rule."""
        self._loop.run(self._storage.remove_rule(name))

    def test_rules(
        self, dataset: str, *, namespace: str = "default", kind: str = "input", of_run: bool = False
    ) -> AppliedRule:
        """Return which rule would apply to a dataset of this name, and why the others do not."""
        return self._loop.run(
            self._storage.test_rules(dataset, namespace=namespace, kind=kind, of_run=of_run)
        )
