"""The REST face of data-access."""

from fastapi import FastAPI

from data_access.context import Context
from data_access.routes import (
    actions,
    alarms,
    audit,
    auth,
    backfills,
    bulk,
    datasets,
    history,
    provenance,
    services,
    tasks,
    templates,
    users,
    workflows,
)
from penstock_core.tokens import Verifier
from penstock_core.web import add_readiness, new_app

NAME = "data-access"


def make_app(context: Context, verifier: Verifier) -> FastAPI:
    """Return the application over an open store."""
    app = new_app("Penstock data-access", verifier, "The only door to the workflow database.")
    app.state.context = context
    # bulk first: its fixed paths would else be taken for an id.
    modules = (
        bulk,
        backfills,
        templates,
        datasets,
        workflows,
        tasks,
        actions,
        alarms,
        services,
        audit,
        provenance,
        history,
        auth,
        users,
    )
    for module in modules:
        app.include_router(module.router)
    add_readiness(app, context.store.waits_for)
    return app
