"""The pilot's loops, and which of them each one wakes."""

from penstock_core.bus import Bus
from penstock_core.clients.dsm import DsmClient
from penstock_core.reconciler import HURRIED_REST_S, Reconciler
from penstock_core.service import Loop
from penstock_core.store import Store
from pilot import contents, switches, tasks
from pilot.contents import ContentsReader
from pilot.dispatcher import Dispatcher
from pilot.former import Former
from pilot.registrar import Registrar
from pilot.reporter import Reporter
from pilot.runner import JobRunner
from pilot.settings import PilotSettings

FORGET_EVERY_S = 600.0


class Loops:
    """Contents are read and jobs formed; jobs run; outputs are registered; all is reported."""

    def __init__(
        self,
        store: Store,
        dsm: DsmClient,
        bus: Bus,
        runner: JobRunner,
        settings: PilotSettings,
        every_s: float,
    ) -> None:
        self._store = store
        self._workers = runner.workers
        self._bad_inputs = runner.bad_inputs
        self._contents = ContentsReader(store, dsm)
        self._former = Former(store, runner.recipes)
        self._registrar = Registrar(store, dsm)
        self._form = Reconciler("pilot:form", self._read_and_form, every_s, HURRIED_REST_S)
        self._register = Reconciler(
            "pilot:register", self._register_and_tell, every_s, HURRIED_REST_S
        )
        self.dispatcher = Dispatcher(store, runner, settings, self._look_for_jobs, self._job_moved)
        self._dispatch = Reconciler("pilot:dispatch", self.dispatcher.dispatch, every_s, 0.01)
        self._reporter = Reporter(store, bus, settings.report_pause_s, self._look_for_changes)
        self._report = Reconciler("pilot:report", self._reporter.report, every_s, HURRIED_REST_S)
        self._warm = Reconciler("pilot:warm", self._warm_worker, every_s)
        self._tidy = Reconciler("pilot:tidy", self._forget, FORGET_EVERY_S)

    @property
    def all(self) -> tuple[Loop, ...]:
        """Return what is to run until the pilot ends."""
        working = (self._form, self._dispatch, self._register, self._report)
        return (*(one.run for one in (*working, self._warm, self._tidy)), self.dispatcher.beat)

    def wake_reader(self) -> None:
        """Have the contents of input datasets looked at soon."""
        self._form.wake()

    def wake_all(self) -> None:
        """Have everything looked at soon."""
        for one in (self._warm, self._form, self._dispatch, self._report):
            one.wake()

    def _look_for_jobs(self) -> None:
        self._dispatch.wake()

    def _look_for_changes(self) -> None:
        self._report.wake()

    def _job_moved(self) -> None:
        self._register.wake()
        self._report.wake()

    async def _read_and_form(self) -> bool:
        more = await self._contents.read()
        await self._bad_inputs.follow()
        if await self._former.form_all():
            self._dispatch.wake()
            self._report.wake()
        return more

    async def _register_and_tell(self) -> bool:
        more = await self._registrar.register()
        if more:
            self._report.wake()
        return more

    async def _warm_worker(self) -> bool:
        """Have a warm worker as soon as there is a task: its first file may come any moment."""
        async with self._store.read() as connection:
            wanted = await tasks.any_live(connection) and not await switches.held(connection)
        if wanted:
            await self._workers.warm()
        return False

    async def _forget(self) -> bool:
        async with self._store.write() as connection:
            await contents.forget(connection)
        return False
