"""The storage manager as services: the manager with its store, the register, the inspector.

Manager and register are open together in one process, or the register alone in another; the
inspector is a service of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dsm.inspector.loops import InspectorLoops
from dsm.inspector.settings import InspectorSettings
from dsm.manager.app import make_app
from dsm.manager.closing.listening import note_pulse
from dsm.manager.messages.retention import Retention
from dsm.manager.runs.data_ready import DataReady
from dsm.manager.tables import event_log
from dsm.manager.work import begin_work
from dsm.register.consumer import Register
from dsm.settings import StorageSettings
from penstock_core.clients.house import HouseClients
from penstock_core.migrations import upgrade
from penstock_core.outbox import Outbox
from penstock_core.reconciler import HURRIED_REST_S, UNHURRIED_REST_S, Reconciler
from penstock_core.service import House, Service
from penstock_core.store import Store
from penstock_core.tokens import Verifier

NAME = "dsm"
INSPECTOR = "dsm-inspector"
EVENTS = "dsm.event"
PRUNE_EVERY_S = 60.0
"""How often the journal is looked at for what is to be dropped."""


@asynccontextmanager
async def open_service(house: House) -> AsyncIterator[Service]:
    """Give manager and register as one running service."""
    async with open_manager(house) as manager, open_register(house) as register:
        yield Service(NAME, manager.app, (*manager.loops, *register.loops))


@asynccontextmanager
async def open_manager(house: House) -> AsyncIterator[Service]:
    """Give the manager: its store migrated, its face, and the relay of its events."""
    url = house.settings.database(NAME)
    await asyncio.to_thread(upgrade, url, "dsm")
    store = Store(url)
    try:
        async with begin_work(store) as work:
            await note_pulse(work, keeps_up=False)
        verifier = Verifier(house.settings.public_key.read_text(), NAME)
        app = await make_app(store, house.bus, verifier, house.settings.data_dir)
        every_s = house.settings.reconcile_every_s
        outbox = Outbox(store, event_log, house.bus, EVENTS, NAME)
        relay = Reconciler(f"{NAME}:relay", outbox.relay, every_s, HURRIED_REST_S)
        data_ready = DataReady(store, house.bus)
        ready = Reconciler(f"{NAME}:data_ready", data_ready.emit, every_s, UNHURRIED_REST_S)
        store.after_commit(relay.wake)
        store.after_commit(ready.wake)
        settings = StorageSettings()
        retention = Retention(store, settings.journal_days, settings.journal_rows)
        pruning = Reconciler(f"{NAME}:journal", retention.prune, PRUNE_EVERY_S)
        yield Service(NAME, app, (relay.run, ready.run, pruning.run))
    finally:
        await store.close()


@asynccontextmanager
async def open_register(house: House) -> AsyncIterator[Service]:
    """Give the register alone; it finds the manager by the settings."""
    async with HouseClients(house, NAME) as clients:
        yield Service(f"{NAME}-register", loops=Register(house.bus, clients.dsm).loops())


@asynccontextmanager
async def open_inspector(
    house: House, settings: InspectorSettings | None = None
) -> AsyncIterator[Service]:
    """Give the inspector; it finds the manager by the settings, and files by their storages."""
    settings = settings or InspectorSettings()
    async with HouseClients(house, INSPECTOR) as clients:
        loops = InspectorLoops(house, settings, clients)
        yield Service(INSPECTOR, loops=loops.all)
