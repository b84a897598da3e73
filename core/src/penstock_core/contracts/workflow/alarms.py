"""Alarms: what wants a person's eyes, once each while it lasts."""

from datetime import datetime

from pydantic import Field

from penstock_core.contracts.base import Frozen


class AlarmKey(Frozen):
    """What an alarm is about: of this kind one alarm is raised for a subject, never two.

    ``kind`` is the word for what is wrong (``no_end_run``), ``subject`` the name of what it is
    wrong with (``swf.101983.run``).
    """

    kind: str = Field(min_length=1, max_length=64)
    namespace: str = Field(default="default", max_length=64)
    subject: str = Field(min_length=1, max_length=512)


class NewAlarm(AlarmKey):
    """An alarm to raise; one that is raised already is seen once more, with the newer text."""

    text: str = Field(min_length=1, max_length=4096)


class Alarm(AlarmKey):
    """An alarm. ``count`` is how often it was seen from ``raised_at`` to ``seen_at``."""

    alarm_id: int
    text: str
    raised_at: datetime
    seen_at: datetime
    count: int
    acknowledged_by: str
    acknowledged_at: datetime | None
    cleared_at: datetime | None
