"""The services' hints name REST calls; at the command line the next step is a command."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from penstock_core.errors import PenstockError, ServiceUnavailable

NEXT_STEPS: Mapping[str, str] = {
    r"/task/create": "penstock task submit EXEC DATASET",
    r"/task/\d+/status|/task/\{id\}/status": "penstock task cancel ID",
    r"/task": "penstock task list",
    r"/alarm": "penstock alarm list --all",
    r"/workflow": "penstock workflow list",
    r"/template/\S+/backfill/preview": "penstock template backfill TEMPLATE --dry-run",
    r"/backfill": "penstock template backfills",
    r"/template/\S+/change": "penstock template upload FILE",
    r"/template": "penstock template list",
    r"/api/v1/dataset|/dataset": "penstock dataset list",
    r"/api/v1/run": "penstock run list",
    r"/api/v1/file/quarantine": "penstock file quarantine",
    r"/api/v1/file": "penstock file list",
    r"/api/v1/storage/\{uid\}/dark": "penstock storage dark STORAGE",
    r"/users/\{id\}": "penstock user role EMAIL ROLE",
    r"/users": "penstock user list",
    r"/auth/jwt/login": "penstock login",
    r"/auth/forgot-password": "penstock user password EMAIL, which an admin may",
    r"/pilot/hold": "penstock jobs release",
}
_CALL = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) (/[^\s;,]*[^\s;,.])")


@contextmanager
def in_commands(data_dir: Path | None = None) -> Iterator[None]:
    """Have errors of the block leave as :func:`for_people` tells them."""
    try:
        yield
    except PenstockError as error:
        raise for_people(error, data_dir) from error


def for_people(error: PenstockError, data_dir: Path | None = None) -> PenstockError:
    """Return the error with a next step that a person at a terminal can take.

    ``data_dir`` is the folder of the Penstock that was asked, if it is one of this machine.
    """
    if isinstance(error, ServiceUnavailable):
        return _nobody_there(error, data_dir)
    hint = command_hint(error.hint)
    if hint == error.hint:
        return error
    return type(error)(error.message, hint=hint, field=error.field, facts=error.facts)


def command_hint(hint: str) -> str:
    """Return ``hint``, or the command that does what the REST call in it would do."""
    call = _CALL.search(hint)
    if call is None:
        return hint
    for path, command in NEXT_STEPS.items():
        if re.match(rf"(?:{path})(?![\w-])", call[1]):
            return f"Try: {command}"
    return hint


def _nobody_there(error: ServiceUnavailable, data_dir: Path | None) -> PenstockError:
    """Return the error with what a person can do; nothing tries again by itself here."""
    if data_dir is None:
        hint = "Is Penstock running there? Start it with: penstock up"
        return ServiceUnavailable(error.message, hint=hint, facts=error.facts)
    return ServiceUnavailable(
        f"No Penstock answers for {data_dir}: {error.message}",
        hint=f"Start it with: penstock up --data-dir {data_dir}",
        facts=error.facts,
    )
