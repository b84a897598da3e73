"""Structured logs: one JSON object a line (or plain text at a terminal), with the trace's id.

What is being handled has a trace (:mod:`penstock_core.tracing`), and every record carries its id.
Fields are called as in the Elastic Common Schema, which OpenSearch knows too.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from socket import gethostname
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
        self._version = version("penstock-core")
        self._host = gethostname()

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "@timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "log.level": record.levelname,
            "log.logger": record.name,
            "service.name": self._service,
            "service.version": self._version,
            "host.name": self._host,
            "trace.id": trace_id(),
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _OWN}
        if record.exc_info:
            line["error.stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _plain(service: str) -> logging.Formatter:
    return logging.Formatter(f"%(asctime)s {service} %(levelname)s %(name)s: %(message)s")
