"""The trace of what is being handled, from the DAQ's message to the last service that acts on it.

It is a W3C ``traceparent`` in a context variable. A web face takes it from the request, the
dispatcher from the message; clients send it along with each call, and messages carry it on.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "traceparent"
_current: ContextVar[str] = ContextVar(HEADER, default="")


def traceparent() -> str:
    """Return the trace that is being followed; "" where none is."""
    return _current.get()


def trace_id() -> str:
    """Return the 32 hexadecimal digits of the trace being followed; "" where none is."""
    return _id_of(_current.get())


def new_traceparent() -> str:
    """Return a fresh ``traceparent`` (version 00, sampled)."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def common(traceparents: Sequence[str]) -> str:
    """Return the trace that all of a batch share; "" where they come from several."""
    found = set(traceparents)
    return found.pop() if len(found) == 1 else ""


@contextmanager
def tracing(received: str) -> Iterator[None]:
    """Follow ``received`` inside the block; a new trace where it is none."""
    token = _current.set(received if _id_of(received) else new_traceparent())
    try:
        yield
    finally:
        _current.reset(token)


def _id_of(received: str) -> str:
    parts = received.split("-")
    is_one = len(parts) == 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef")
    return parts[1] if is_one else ""
