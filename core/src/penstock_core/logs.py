"""Structured logs: one JSON object a line (or plain text at a terminal), with the trace's id.

The trace of what is being handled is a context variable; the dispatcher sets it from a message's
``traceparent`` header, web faces from the request's, and every record carries it.
"""

import json
import logging
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

trace_id: ContextVar[str] = ContextVar("trace_id", default="")
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def set_up_logging(service: str, *, as_json: bool, level: str = "INFO") -> None:
    """Send all records to standard error in one form; replaces what was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(service) if as_json else _plain(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("pika", "alembic", "httpx2", "httpcore2", "uvicorn.access"):
        logging.getLogger(noisy).setLevel("WARNING")


def new_traceparent() -> str:
    """Return a fresh W3C ``traceparent`` (version 00, sampled)."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def trace_of(traceparent: str) -> str:
    """Return the trace id inside a W3C ``traceparent``; "" for one that is none."""
    parts = traceparent.split("-")
    return parts[1] if len(parts) == 4 and len(parts[1]) == 32 else ""


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON, with the trace id and what the caller gave as extra."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "trace_id": trace_id.get(),
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _OWN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _plain(service: str) -> logging.Formatter:
    return logging.Formatter(f"%(asctime)s {service} %(levelname)s %(name)s: %(message)s")
