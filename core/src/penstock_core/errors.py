"""The one tree of errors: what went wrong, where, and what to do next.

::

    PenstockError
    ├── InvalidInput            422  what came in cannot be right, now or later
    │   ├── InvalidMask              a mask that cannot be read or can never match
    │   ├── InvalidTemplate          documents that do not compile; carries diagnostics
    │   └── InvalidMessage           a body that is not what its queue expects
    ├── NotAuthenticated        401  no token, or one that is expired, forged or for somebody else
    ├── Forbidden               403  the token is good, the right is missing
    ├── NotFound                404
    ├── Conflict                409  true request, wrong moment or already there
    │   ├── IllegalMove              a state machine has no such edge
    │   ├── Duplicate                the natural key is taken by something different
    │   └── Stale                    cursor, revision or lease is no longer the newest
    ├── NoSandbox               503  this machine cannot hold strangers' programs in
    ├── Defect                  500  a fault of ours: the same request will fail again
    └── RetriableError          503  the same request may succeed later
        ├── BusUnavailable
        ├── StoreUnavailable
        └── ServiceUnavailable       another service did not answer; carries its URL

Adapters turn foreign errors (pika, SQLAlchemy, httpx2, cwltool) into these with ``raise … from``.
On the wire an error is the JSON object of :meth:`PenstockError.as_json`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class PenstockError(Exception):
    """Anything of ours that goes wrong.

    Parameters
    ----------
    message
        What is wrong, in one sentence, with the value that is wrong.
    hint
        What to do next.
    field
        Dotted name of the offending field, where there is one.
    facts
        Identifiers that a program may want: ids, line numbers, allowed values.
    """

    status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        field: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.facts = dict(facts or {})

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def as_json(self) -> dict[str, Any]:
        """Return the wire form: ``error`` (class), ``detail``, ``hint``, ``field``, ``facts``."""
        return {
            "error": type(self).__name__,
            "detail": self.message,
            "hint": self.hint,
            "field": self.field,
            "facts": self.facts,
        }


class InvalidInput(PenstockError):
    """What came in cannot be right, now or later."""

    status = 422


class InvalidMask(InvalidInput):
    """A mask that cannot be read, or can never match."""


class InvalidTemplate(InvalidInput):
    """Documents that do not compile; ``facts["diagnostics"]`` lists file, line, column, message."""


class InvalidMessage(InvalidInput):
    """A message body that is not what its queue expects."""


class NotAuthenticated(PenstockError):
    """No token, or one that is expired, forged or meant for somebody else."""

    status = 401


class Forbidden(PenstockError):
    """The token is good; the right is missing."""

    status = 403


class NotFound(PenstockError):
    """There is no such thing."""

    status = 404


class Conflict(PenstockError):
    """A true request at the wrong moment, or one that is there already."""

    status = 409


class IllegalMove(Conflict):
    """The state machine has no such edge."""


class Duplicate(Conflict):
    """The natural key is taken by something different."""


class Stale(Conflict):
    """A cursor, revision or lease is no longer the newest: read again, then decide again."""


class NoSandbox(PenstockError):
    """Here is nothing that holds strangers' programs in, or not what was asked for."""

    status = 503


class Defect(PenstockError):
    """A fault of ours: the same request will fail again, until it is mended."""


class RetriableError(PenstockError):
    """The same request may succeed later."""

    status = 503


class BusUnavailable(RetriableError):
    """The message bus did not take or give a message."""


class StoreUnavailable(RetriableError):
    """The database did not answer."""


class ServiceUnavailable(RetriableError):
    """Another service did not answer."""


def error_classes() -> dict[str, type[PenstockError]]:
    """Return every class of this tree by its name, for rebuilding an error from the wire.

    What a room derives for itself never crosses a border.
    """
    found: dict[str, type[PenstockError]] = {}
    todo: list[type[PenstockError]] = [PenstockError]
    while todo:
        cls = todo.pop()
        found[cls.__name__] = cls
        todo.extend(c for c in cls.__subclasses__() if c.__module__ == __name__)
    return found


def from_json(status: int, body: Mapping[str, Any]) -> PenstockError:
    """Rebuild an error from its wire form; an unknown name becomes the class of its status."""
    classes = error_classes()
    cls = classes.get(str(body.get("error", "")))
    if cls is None:
        by_status = {c.status: c for c in PenstockError.__subclasses__()}
        cls = by_status.get(status, PenstockError)
    return cls(
        str(body.get("detail", "no detail given")),
        hint=str(body.get("hint", "")),
        field=str(body.get("field", "")),
        facts=body.get("facts") or {},
    )
