"""What is asked of data-access about operating: actions on tasks, alarms, services."""

from collections.abc import Sequence

from penstock_core.clients.base import RestClient
from penstock_core.contracts.base import Page
from penstock_core.contracts.services import Heartbeat, ServiceRow
from penstock_core.contracts.workflow import (
    ActionResult,
    ActionRow,
    Alarm,
    AlarmKey,
    NewAction,
    NewAlarm,
    TaskAction,
)


class OperationsClient(RestClient):
    """The part of data-access that operators use, and services that need one."""

    async def act(self, action: NewAction) -> ActionResult:
        """Do something to the tasks of a selection, or tell what it would be."""
        return await self.call("POST", "/action", ActionResult, body=action)

    async def actions(
        self, *, actor: str = "", after: int = 0, limit: int = 100
    ) -> Page[ActionRow]:
        """Return a page of what was done, oldest first."""
        params = {"actor": actor, "after": after, "limit": limit}
        return await self.call("GET", "/action", Page[ActionRow], params=params)

    async def task_actions(
        self, task_id: int, after: int = 0, limit: int = 100
    ) -> Page[TaskAction]:
        """Return a page of what was done about a task, oldest first."""
        params = {"after": after, "limit": limit}
        path = f"/task/{task_id}/action"
        return await self.call("GET", path, Page[TaskAction], params=params)

    async def raise_alarms(self, alarms: Sequence[NewAlarm]) -> None:
        """Raise alarms; raising one again that is raised is seeing it once more."""
        await self.call("POST", "/alarm/raise", None, body=list(alarms))

    async def clear_alarms(self, keys: Sequence[AlarmKey]) -> None:
        """Clear alarms; one that is not raised is none."""
        await self.call("POST", "/alarm/clear", None, body=list(keys))

    async def alarms(
        self,
        *,
        state: str = "raised",
        kind: str = "",
        namespace: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> Page[Alarm]:
        """Return a page of alarms: raised, cleared, or all."""
        params = {
            "state": state,
            "kind": kind,
            "namespace": namespace,
            "after": after,
            "limit": limit,
        }
        return await self.call("GET", "/alarm", Page[Alarm], params=params)

    async def beat(self, hearts: Sequence[Heartbeat]) -> None:
        """Tell how the services of this process stand."""
        await self.call("PUT", "/services", None, body=list(hearts))

    async def services(
        self, *, name: str = "", state: str = "", after: int = 0, limit: int = 100
    ) -> Page[ServiceRow]:
        """Return a page of services, in the order in which they were first heard of."""
        params = {"name": name, "state": state, "after": after, "limit": limit}
        return await self.call("GET", "/services", Page[ServiceRow], params=params)

    async def acknowledge_alarm(self, alarm_id: int) -> Alarm:
        """Note that one has seen an alarm."""
        return await self.call("PUT", f"/alarm/{alarm_id}/acknowledge", Alarm)
