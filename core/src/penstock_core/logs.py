"""Structured logs: one JSON object a line (or plain text at a terminal), with the trace's id.

What is being handled has a trace (:mod:`penstock_core.tracing`), and every record carries its id.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from penstock_core.tracing import trace_id

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
            "trace_id": trace_id(),
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _OWN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _plain(service: str) -> logging.Formatter:
    return logging.Formatter(f"%(asctime)s {service} %(levelname)s %(name)s: %(message)s")
