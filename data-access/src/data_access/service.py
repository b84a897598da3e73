"""data-access, ready to be served: store migrated, keys made, events relayed to the bus."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from data_access import first_start
from data_access.app import NAME, make_app
from data_access.auth import UserManager, UserTable
from data_access.backfills import execute
from data_access.compiling import Compiler
from data_access.context import Context
from data_access.executables import read_executables
from data_access.first_start import Announce, Credentials
from data_access.schema import log
from data_access.sessions import Sessions
from data_access.settings import AccessSettings
from data_access.submissions import Submissions
from data_access.templates import Templates
from penstock_core.clients import DsmClient
from penstock_core.migrations import upgrade
from penstock_core.outbox import Outbox
from penstock_core.reconciler import Reconciler
from penstock_core.rights import Role
from penstock_core.service import House, Service
from penstock_core.store import Store
from penstock_core.tokens import Signer, Verifier
from recipe.compiler import WarmCompiler

logger = logging.getLogger(__name__)
EXCHANGE = "wfms.event"


@dataclass(frozen=True, slots=True)
class _OwnTokens:
    """Tokens of data-access for calls to other services: it signs them itself."""

    signer: Signer

    async def token(self) -> str:
        return self.signer.sign(NAME, [Role.SERVICE])

    def forget(self) -> None:
        return


def _to_log(made: Credentials) -> None:
    logger.warning("Made the admin %s with the password %s", made.username, made.password)


@asynccontextmanager
async def open_service(
    house: House,
    compiler: Compiler | None = None,
    announce: Announce = _to_log,
    settings: AccessSettings | None = None,
) -> AsyncIterator[Service]:
    """Give the running service; ``announce`` is told of the admin whom the first start makes."""
    access = settings or AccessSettings()
    async with AsyncExitStack() as stack:
        if compiler is None:
            compiler = await stack.enter_async_context(WarmCompiler(house.settings.sandbox))
            warming = asyncio.create_task(compiler.warm())
            stack.callback(warming.cancel)
        context = await _open_context(house, access, compiler, stack)
        await first_start.make_counters(context.store)
        await first_start.make_admin(context.people, access.admin_email, announce)
        relay = _relay(house, context.store)
        verifier = Verifier(house.settings.public_key.read_text(), NAME)
        loops = (relay.run, context.backfills.run)
        yield Service(NAME, make_app(context, verifier), loops)


async def _open_context(
    house: House, access: AccessSettings, compiler: Compiler, stack: AsyncExitStack
) -> Context:
    private, mailed = first_start.make_secrets(house.settings, access)
    signer = Signer(private)
    store = await _open_store(house.settings.database(NAME), stack)
    dsm = DsmClient(house.http(house.settings.dsm_url), _OwnTokens(signer))
    stack.push_async_callback(dsm.close)
    users = UserTable(store)
    executables = read_executables(access.executables_file)
    every_s = house.settings.reconcile_every_s
    return Context(
        store=store,
        backfills=Reconciler(f"{NAME}:backfill", partial(execute, store), every_s),
        templates=Templates(store, compiler),
        submissions=Submissions(store, compiler, executables, dsm),
        dsm=dsm,
        people=UserManager(users, mailed),
        sessions=Sessions(store, users, signer, access.refresh_days),
        signer=signer,
        secrets={name: house.settings.secret_file(name) for name in first_start.SERVICES},
    )


async def _open_store(url: str, stack: AsyncExitStack) -> Store:
    await asyncio.to_thread(upgrade, url, "data_access")
    store = Store(url)
    stack.push_async_callback(store.close)
    return store


def _relay(house: House, store: Store) -> Reconciler:
    """Return the loop that carries the event log to the bus, woken by each commit."""
    outbox = Outbox(store, log, house.bus, EXCHANGE, NAME)
    relay = Reconciler(f"{NAME}:outbox", outbox.relay, house.settings.reconcile_every_s)
    store.after_commit(relay.wake)
    return relay
