"""An accepted loss closes what the task made, as it is."""

from penstock_core.contracts.base import Event, EventPage
from penstock_core.contracts.dsm import Announcement, Outcome
from task_manager.losses import TOPIC, LossFollower, announcements

BODY = {
    "task_id": 7,
    "output_uid": "out7",
    "log_uid": "log7",
    "output_files": 2,
    "log_files": 3,
    "actor": "me@example.org",
    "because": "noise run",
}
EVENT = Event(seq=4, topic=TOPIC, key="7", namespace="default", at="", body=BODY)


def test_the_output_lacks_what_was_given_up_and_the_log_lacks_nothing() -> None:
    output, log = announcements(EVENT)
    assert output == Announcement(
        uid="out7",
        files=2,
        producer="task.7",
        accepted_loss=True,
        actor="me@example.org",
        because="noise run",
    )
    assert log == Announcement(uid="log7", files=3, producer="task.7")


class Dsm:
    """Remembers what was announced, and knows only the output."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def announce(self, ends: list[Announcement]) -> tuple[Outcome, ...]:
        self.told += [end.uid for end in ends]
        return tuple(Outcome(key=end.uid, ok=end.uid == "out7") for end in ends)


class DataAccess:
    """An event log of one loss, and a cursor in it."""

    def __init__(self) -> None:
        self.at = 0

    async def cursor(self, follower: str) -> int:
        return self.at

    async def events(self, after: int, limit: int, topics: object) -> EventPage:
        return EventPage(events=(EVENT,) if after < EVENT.seq else (), cursor=EVENT.seq)

    async def move_cursor(self, follower: str, expected: int, cursor: int) -> None:
        self.at = cursor


async def test_a_loss_is_announced_and_then_the_cursor_moves() -> None:
    dsm, data_access = Dsm(), DataAccess()
    follower = LossFollower(dsm, data_access)  # type: ignore[arg-type]
    assert await follower.announce() is False
    await follower.announce()
    assert dsm.told == ["out7", "log7"]
    assert data_access.at == EVENT.seq
