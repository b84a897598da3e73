"""Accepted losses, told to the storage manager: what is there is all that there will be."""

import logging

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clients.follower import Follower
from penstock_core.contracts.base import Event
from penstock_core.contracts.dsm import Announcement

log = logging.getLogger(__name__)
BATCH = 500
TOPIC = "task.loss_accepted"


class LossFollower:
    """Announces the outputs of tasks whose loss was accepted, so that they close as they are."""

    def __init__(self, dsm: DsmClient, data_access: DataAccessClient) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._follower = Follower(data_access, "task-manager:losses")

    async def announce(self) -> bool:
        """Announce the next stretch; return whether there may be more."""
        start = await self._follower.start()
        page = await self._data_access.events(start, BATCH, (TOPIC,))
        self._follower.saw(start, page)
        if page.events:
            ends = [end for event in page.events for end in announcements(event)]
            for outcome in await self._dsm.announce(ends):
                if not outcome.ok:
                    log.warning("Dataset %s stays as it is: %s", outcome.key, outcome.details)
        if page.cursor != start:
            await self._data_access.move_cursor(self._follower.name, start, page.cursor)
        self._follower.reached(page.cursor)
        return len(page.events) == BATCH


def announcements(event: Event) -> tuple[Announcement, Announcement]:
    """Return the ends of a task's datasets: its output as it is, its log, which lacks nothing."""
    told = event.body
    producer = f"task.{told['task_id']}"
    output = Announcement(
        uid=told["output_uid"],
        files=told["output_files"],
        producer=producer,
        accepted_loss=True,
        actor=told["actor"],
        because=told["because"],
    )
    return output, Announcement(uid=told["log_uid"], files=told["log_files"], producer=producer)
