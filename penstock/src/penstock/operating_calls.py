"""The part of the Python client that operates tasks, and looks at alarms and services."""

from penstock.background import BackgroundLoop
from penstock.errands import all_pages
from penstock_core.clients import DataAccessClient
from penstock_core.contracts.services import ServiceRow
from penstock_core.contracts.workflow import (
    ActionName,
    ActionResult,
    Alarm,
    NewAction,
    Selection,
    TaskAction,
)

_PAGE = 500


class OperatingCalls:
    """What an operator does, in the user's name; the history keeps it."""

    _loop: BackgroundLoop
    _workflows: DataAccessClient

    def act(
        self,
        action: ActionName | str,
        selection: Selection,
        *,
        rank: int | None = None,
        because: str = "",
        newest: bool = False,
        dry_run: bool = False,
    ) -> ActionResult:
        """Do something about all tasks of a selection; ``dry_run`` tells what it would be.

        ``rank`` is for the action rank; ``newest`` for rerun_all: by the newest version.
        """
        asked = NewAction(
            action=ActionName(action),
            selection=selection,
            rank=rank,
            because=because,
            version="newest" if newest else "same",
            dry_run=dry_run,
        )
        return self._loop.run(self._workflows.act(asked))

    def task_history(self, task_id: int) -> list[TaskAction]:
        """Return what was done about a task, by whom and why, oldest first."""
        return self._loop.run(
            all_pages(lambda after: self._workflows.task_actions(task_id, after, _PAGE))
        )

    def alarms(self, *, state: str = "raised", kind: str = "", namespace: str = "") -> list[Alarm]:
        """Return alarms: those that are raised, those that were cleared, or all."""
        return self._loop.run(
            all_pages(
                lambda after: self._workflows.alarms(
                    state=state, kind=kind, namespace=namespace, after=after, limit=_PAGE
                )
            )
        )

    def services(self, *, name: str = "", state: str = "") -> list[ServiceRow]:
        """Return how each service stands; those that stopped or were lost for a day, too."""
        return self._loop.run(
            all_pages(
                lambda after: self._workflows.services(
                    name=name, state=state, after=after, limit=_PAGE
                )
            )
        )

    def acknowledge_alarm(self, alarm_id: int) -> Alarm:
        """Note that the user has seen an alarm."""
        return self._loop.run(self._workflows.acknowledge_alarm(alarm_id))
