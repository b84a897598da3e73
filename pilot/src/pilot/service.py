"""The pilot as a service: a store of its own, a REST face, and its loops."""

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from penstock_core.clients.house import HouseClients
from penstock_core.contracts.workload import Hold
from penstock_core.migrations import upgrade
from penstock_core.sandbox import choose
from penstock_core.service import House, Service
from penstock_core.store import Store
from penstock_core.tokens import Verifier
from penstock_core.wakes import follow_wakes
from pilot import jobs, switches
from pilot.app import make_app
from pilot.bad_inputs import BadInputs
from pilot.container_choice import ContainerPolicy
from pilot.engine import Engine, find
from pilot.inputs import InputFiles
from pilot.loops import Loops
from pilot.recipes import RecipeShelf
from pilot.runner import JobRunner
from pilot.scratch import Scratch
from pilot.settings import PilotSettings
from pilot.storage import Storage
from pilot.storage_id import StorageId
from pilot.workers import Workers

NAME = "pilot"
_LOOK_EVERY_S = 0.1
log = logging.getLogger(__name__)


@asynccontextmanager
async def open_service(
    house: House, settings: PilotSettings | None = None, hold: bool = False
) -> AsyncIterator[Service]:
    """Give the running service.

    ``hold`` holds new jobs back until they are released over REST; without it what was set before
    stays. Leaving ends all running jobs; they are run again at the next start. While another pilot
    works in the data folder it waits, and goes on where that one left off.
    """
    async with _alone(house.settings.data_dir), _opened(house, settings, hold) as service:
        yield service


@asynccontextmanager
async def _alone(data_dir: Path) -> AsyncIterator[None]:
    """Hold the folder's jobs for this process; the kernel lets go of them when it ends."""
    with (data_dir / f"{NAME}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOOK_EVERY_S)
        yield


@asynccontextmanager
async def _opened(
    house: House, settings: PilotSettings | None, hold: bool
) -> AsyncIterator[Service]:
    settings = settings or PilotSettings()
    # SQLite always: its one writer makes the order of the report log the order of commits.
    url = f"sqlite+aiosqlite:///{house.settings.data_dir.absolute()}/{NAME}.db"
    await asyncio.to_thread(upgrade, url, NAME)
    store, workers = Store(url), await asyncio.to_thread(_workers, house, settings)
    try:
        async with HouseClients(house, NAME) as clients:
            engine = await asyncio.to_thread(_engine, house, settings)
            runner = await _make_runner(house, settings, store, clients, workers, engine)
            await _recover(store, hold)
            every_s = house.settings.reconcile_every_s
            loops = Loops(store, clients.dsm, house.bus, runner, settings, every_s)
            verifier = Verifier(house.settings.public_key.read_text(), audience=NAME)
            app = make_app(verifier, store, loops.wake_all)
            wakes = follow_wakes(house.bus, f"{NAME}.wake", loops.wake_reader)
            try:
                yield Service(NAME, app, (*loops.all, wakes))
            finally:
                await loops.dispatcher.stop()
    finally:
        await workers.close()
        await store.close()


async def _make_runner(
    house: House,
    settings: PilotSettings,
    store: Store,
    clients: HouseClients,
    workers: Workers,
    engine: Engine | None,
) -> JobRunner:
    data_dir = house.settings.data_dir.absolute()
    scratch = Scratch(workers.scratch)
    await asyncio.to_thread(scratch.empty)
    storage = Storage(settings.storage_dir or data_dir / "storage")
    return JobRunner(
        settings=settings,
        recipes=RecipeShelf(clients.data_access, workers.shelf, settings.recipes_kept),
        inputs=InputFiles(store),
        bad_inputs=BadInputs(store, clients.dsm),
        storage=StorageId(clients.dsm, storage),
        scratch=scratch,
        workers=workers,
        engine=engine,
        slots=asyncio.Semaphore(settings.concurrency),
    )


def _workers(house: House, settings: PilotSettings) -> Workers:
    """Return the workers, with what this machine has to hold them in; raises ``NoSandbox``."""
    data_dir = house.settings.data_dir.absolute()
    rung = choose(house.settings.sandbox)
    log.info("What holds jobs in: %s.", rung.shown())
    scratch = (settings.scratch_dir or data_dir / "scratch").absolute()
    shelf = data_dir / "bundles"
    for folder in (scratch, shelf):
        folder.mkdir(parents=True, exist_ok=True)
    return Workers(rung, scratch, shelf, settings.readable)


def _engine(house: House, settings: PilotSettings) -> Engine | None:
    """Return the engine for containers; what a pilot before left running is ended. Blocking."""
    if settings.containers is ContainerPolicy.NEVER:
        return None
    owner = str(house.settings.data_dir.absolute())
    found = find(settings.engine, settings.engine_options, owner)
    log.info("Containers: %s.", found.version if found else "no engine on this machine")
    if found:
        found.end_all()
    return found


async def _recover(store: Store, hold: bool) -> None:
    """Put back what ran when the pilot died; manifests that are stored are sent by themselves."""
    async with store.write() as connection:
        await jobs.lose_running(connection)
        if hold:
            await switches.hold(connection, Hold(held=True))
    async with store.read() as connection:
        if await switches.held(connection):
            log.warning("Jobs are held back until they are released: PUT /pilot/hold.")
