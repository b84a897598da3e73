"""The one place that asks what time it is; decisions are given the time instead."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def parse_time(text: str) -> datetime:
    """Return the moment that ISO 8601 ``text`` names; a time without a zone is read as UTC.

    ePIC's DAQ sends times without a zone (reference/epic.md).
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
