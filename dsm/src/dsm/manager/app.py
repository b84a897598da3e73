"""The manager's face: one ASGI application over one store."""

from pathlib import Path

from fastapi import FastAPI

from dsm.manager.files.storages import ROOT, create_storage
from dsm.manager.routes import (
    audit,
    datasets,
    files,
    inspection,
    messages,
    queues,
    rules,
    runs,
    storages,
)
from dsm.manager.routes.common import V1
from dsm.manager.work import begin_work
from penstock_core.bus import Bus
from penstock_core.store import Store
from penstock_core.tokens import Verifier
from penstock_core.web import add_readiness, new_app


async def make_app(store: Store, bus: Bus, verifier: Verifier, house_dir: Path) -> FastAPI:
    """Return the application over a migrated store; makes the storage of the root at first.

    Nothing in ``house_dir`` but its storage is given out, whoever registered it as a file.
    """
    async with begin_work(store) as work:
        await create_storage(work, ROOT)
    about = "Datasets, files, runs, closing, and what came in."
    app = new_app("Penstock dsm", verifier, about, prefix=V1)
    app.state.store = store
    app.state.bus = bus
    app.state.house_dir = house_dir
    for room in (inspection, storages, datasets, files, runs, messages, rules, audit, queues):
        app.include_router(room.router)

    add_readiness(app, store.waits_for)
    return app
