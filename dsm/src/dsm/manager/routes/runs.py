"""Runs of the DAQ, and the detector."""

from typing import Annotated

from fastapi import APIRouter, Query

from dsm.manager.routes.common import V1, After, Limit, TheStore
from dsm.manager.runs.detector import read_detector
from dsm.manager.runs.run_queries import page_runs, read_run, read_samples
from penstock_core.contracts.base import Page
from penstock_core.contracts.runs import Detector, Run, RunDetail, TfFile
from penstock_core.states import RunState
from penstock_core.web import Reader

router = APIRouter(prefix=V1, tags=["runs"])


@router.get("/run")
async def list_runs(
    store: TheStore,
    _caller: Reader,
    namespace: str = "",
    run: str = "",
    state: RunState | None = None,
    flagged: bool | None = None,
    newest: bool = False,
    after: After = 0,
    limit: Limit = 100,
) -> Page[Run]:
    """Return a page of runs, oldest first or ``newest`` first; ``flagged``: what does not fit."""
    equal = {"namespace": namespace, "run": run, "state": state or ""}
    async with store.read() as connection:
        return await page_runs(
            connection, after=after, limit=limit, newest=newest, flagged=flagged, **equal
        )


@router.get("/run/{run}")
async def get_run(
    store: TheStore, _caller: Reader, run: str, namespace: str = "default"
) -> RunDetail:
    """Return one run with its facts, flags, streams, missing STFs and samples."""
    async with store.read() as connection:
        return await read_run(connection, namespace, run)


@router.get("/run/{run}/tf")
async def list_samples(
    store: TheStore,
    _caller: Reader,
    run: str,
    namespace: str = "default",
    after: After = 0,
    limit: Limit = 1000,
) -> Page[TfFile]:
    """Return a page of the samples of time frames that were cut out of a run's STFs."""
    async with store.read() as connection:
        return await read_samples(connection, namespace, run, after, limit)


@router.get("/detector")
async def get_detector(
    store: TheStore,
    _caller: Reader,
    namespace: str = "default",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Detector:
    """Return the state of a namespace's detector, and what was last said of it, newest first."""
    async with store.read() as connection:
        return await read_detector(connection, namespace, limit)
