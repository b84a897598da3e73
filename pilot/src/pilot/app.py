"""The pilot's REST face: tasks in, reports out, commands, and the hold."""

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import Field

from penstock_core.contracts.audit import AuditedTask, Violation
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import JobReport
from penstock_core.contracts.workload import Accepted, Command, Hold, ReportPage, WorkloadTask
from penstock_core.store import Store
from penstock_core.tokens import Verifier
from penstock_core.web import (
    OperatorOrService,
    Reader,
    ServiceCaller,
    add_readiness,
    new_app,
)
from pilot import listing, reports, switches, tasks
from pilot.auditing import audit_tasks
from pilot.commands import command as operators_ask
from pilot.listing import TaskRow

After = Annotated[int, Query(ge=0, le=2**63 - 1)]
MOST_TASKS = 10_000
Limit = Annotated[int, Query(ge=1, le=1000)]


def make_app(verifier: Verifier, store: Store, wake: Callable[[], None]) -> FastAPI:
    """Return the face; ``wake`` is called after each change that gives the loops work."""
    app = new_app("Penstock pilot", verifier, "The embedded workload system.", prefix="/pilot")

    @app.post("/pilot/task")
    async def submit(_: ServiceCaller, specs: list[WorkloadTask]) -> tuple[Accepted, ...]:
        """Take tasks; a name that is there is accepted once more and runs once."""
        async with store.write() as connection:
            accepted = await tasks.submit(connection, specs)
        wake()
        return accepted

    @app.get("/pilot/task")
    async def list_tasks(_: Reader, after: After = 0, limit: Limit = 100) -> Page[TaskRow]:
        """Return a page of tasks."""
        async with store.read() as connection:
            return await listing.tasks(connection, after, limit)

    @app.get("/pilot/report")
    async def list_reports(_: Reader, after: After = 0, limit: Limit = 500) -> ReportPage:
        """Return the report log after a cursor."""
        async with store.read() as connection:
            return await reports.page(connection, after, limit)

    @app.post("/pilot/command")
    async def command(_: ServiceCaller, commands: list[Command]) -> tuple[Accepted, ...]:
        """Cancel, retry, pause, resume or rank tasks: what people ask of data-access."""
        async with store.write() as connection:
            accepted = await operators_ask(connection, commands)
        wake()
        return accepted

    @app.post("/pilot/audit")
    async def audit(
        _: Reader, told: Annotated[list[AuditedTask], Field(max_length=MOST_TASKS)]
    ) -> tuple[Violation, ...]:
        """Return which of these tasks are not known here, or have a file in two groups."""
        async with store.read() as connection:
            return await audit_tasks(connection, told)

    @app.get("/pilot/hold")
    async def show_hold(_: Reader) -> Hold:
        """Return whether new jobs are held back."""
        async with store.read() as connection:
            return Hold(held=await switches.held(connection))

    @app.put("/pilot/hold")
    async def hold(_: OperatorOrService, wish: Hold) -> Hold:
        """Hold new jobs back, or release them; running ones go on."""
        async with store.write() as connection:
            await switches.hold(connection, wish)
        wake()
        return wish

    @app.get("/pilot/job")
    async def list_jobs(_: Reader, after: After = 0, limit: Limit = 100) -> Page[JobReport]:
        """Return a page of jobs that are not final yet."""
        async with store.read() as connection:
            return await listing.live_jobs(connection, after, limit)

    add_readiness(app, store.waits_for)
    return app
