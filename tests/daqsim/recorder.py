"""A publisher that keeps what it is given, and may die over it."""

import json
from pathlib import Path

from daqsim.settings import DaqSettings
from penstock_core.bus import Message


class Killed(Exception):
    """What stands for a kill in one process."""


class Recorder:
    """Keeps what it is given; at message number ``dies_at``, before or after taking it, it dies."""

    def __init__(self, dies_at: int | None = None, *, taken: bool = True) -> None:
        self.messages: list[Message] = []
        self._dies_at = dies_at
        self._taken = taken

    async def publish(self, messages: list[Message]) -> None:
        for message in messages:
            dies = len(self.messages) == self._dies_at
            if not dies or self._taken:
                self.messages.append(message)
            if dies:
                raise Killed

    @property
    def ids(self) -> list[str]:
        return [message.message_id for message in self.messages]

    def bodies(self, msg_type: str = "") -> list[dict]:
        """Return the bodies of the DAQ's messages, of one type or all."""
        ours = [message for message in self.messages if message.exchange == "daq"]
        bodies = [json.loads(message.body) for message in ours]
        return [body for body in bodies if msg_type in ("", body["msg_type"])]


def settings(out: Path, **given: object) -> DaqSettings:
    fixed = {"events": "noise", "stfs": 4, "run": 102363, "speed": float("inf")}
    return DaqSettings(out=out, **fixed | given)
