"""What the routes need, in one value, and who may be given what."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from data_access.auth import UserManager
from data_access.sessions import Sessions
from data_access.submissions import Submissions
from data_access.templates import Templates
from penstock_core.clients import DsmClient
from penstock_core.reconciler import Reconciler
from penstock_core.store import Store
from penstock_core.tokens import Signer


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of a running data-access."""

    store: Store
    backfills: Reconciler
    templates: Templates
    submissions: Submissions
    dsm: DsmClient
    people: UserManager
    sessions: Sessions
    signer: Signer
    secrets: dict[str, Path]


# Async, for FastAPI hands a plain function to a thread, at each request.
async def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(_context)]
