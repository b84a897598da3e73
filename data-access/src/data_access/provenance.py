"""Which jobs read and made each file: kept with each final job, looked up by file or by job."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, Table, column, select, values
from sqlalchemy import Row as SqlRow
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row, chunks, insert_into
from data_access.paging import page
from data_access.schema import dataset, file_use, job, task, template, workflow
from data_access.task_rows import read_rich, rich_tasks
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import (
    Chain,
    FileRole,
    FileUse,
    JobKey,
    JobReport,
    Origins,
    Provenance,
    UseQuery,
)
from penstock_core.provenance import Walk, walk

_USE = [file_use.c[name] for name in FileUse.model_fields]
_LONG = ("inputs", "outputs", "log_tail")
_JOB = [job.c[name] for name in JobReport.model_fields if name not in _LONG]
_CHAIN = (
    workflow.c.workflow_id,
    workflow.c.template_id,
    workflow.c.recipe_digest,
    workflow.c["values"],
    workflow.c.namespace,
    workflow.c.rerun,
    workflow.c.created_at,
    workflow.c.created_by.label("started_by"),
    workflow.c.because,
    dataset.c.scope,
    dataset.c.name.label("dataset"),
    template.c.name.label("template"),
    template.c.version,
    template.c.created_by,
    template.c.content,
)


async def store_uses(connection: AsyncConnection, jobs: Sequence[JobReport]) -> None:
    """Keep what these final jobs read and made; what an earlier report told stays as it is."""
    places = await _places(connection, {each.task_id for each in jobs})
    rows = [row for each in jobs for row in _uses_of(each, places[each.task_id])]
    if rows:
        change = insert_into(connection, file_use).on_conflict_do_nothing(
            index_elements=["task_id", "index", "role", "name"]
        )
        await connection.execute(change, rows)


async def _places(connection: AsyncConnection, tasks: Iterable[int]) -> dict[int, Row]:
    """Return the namespace and scope of these tasks' files: those of their outputs."""
    found: dict[int, Row] = {}
    for some in chunks(set(tasks)):
        query = (
            select(task.c.task_id, dataset.c.namespace, dataset.c.scope)
            .join(dataset, dataset.c.dataset_id == task.c.datas_out_id)
            .where(task.c.task_id.in_(some))
        )
        for row in await connection.execute(query):
            found[row.task_id] = {"namespace": row.namespace, "scope": row.scope}
    return found


def _uses_of(report: JobReport, place: Mapping[str, str]) -> Iterator[Row]:
    key = {"task_id": report.task_id, "index": report.index, **place}
    named = [(FileRole.IN, name) for name in report.inputs]
    named += [
        (FileRole.LOG if name == report.log else FileRole.OUT, name) for name in report.outputs
    ]
    for role, name in named:
        yield key | {"role": role, "name": name}


class StoredUses:
    """The uses in the store, as a walk asks for them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def uses(self, query: UseQuery) -> Page[FileUse]:
        """Return a page of what jobs read and made, by ``use_id``."""
        wanted = _those_asked_for(query).where(
            file_use.c.role.in_(query.roles), file_use.c.use_id > query.after
        )
        wanted = wanted.order_by(file_use.c.use_id).limit(query.limit)
        rows = (await self._connection.execute(wanted)).mappings()
        return page([FileUse(**row) for row in rows], query.limit, lambda use: use.use_id)


def _those_asked_for(query: UseQuery) -> Select[Any]:
    wanted = _of_jobs(select(*_USE), file_use, query.jobs) if query.jobs else select(*_USE)
    if query.jobs and not query.names:
        return wanted
    return wanted.where(
        file_use.c.name.in_(query.names),
        file_use.c.namespace == query.namespace,
        file_use.c.scope == query.scope,
    )


def _of_jobs(query: Select[Any], table: Table, jobs: Iterable[JobKey]) -> Select[Any]:
    """Return ``query`` with those rows of ``table`` that belong to ``jobs``.

    They are joined, for SQLite takes no index for a pair among pairs.
    """
    # Numbers, written out: to bind thousands of them costs more than the look-up.
    pair = values(
        column("task_id", BigInteger),
        column("index", BigInteger),
        name="wanted",
        literal_binds=True,
    )
    wanted = pair.data([(key.task_id, key.index) for key in jobs]).cte("wanted")
    same = (table.c.task_id == wanted.c.task_id) & (table.c.index == wanted.c.index)
    return query.join(wanted, same)


async def read_origins(connection: AsyncConnection, jobs: Sequence[JobKey]) -> Origins:
    """Return what stands behind these jobs; of one that there is not, nothing."""
    if not jobs:
        return Origins(jobs=(), tasks=(), chains=())
    query = _of_jobs(select(*_JOB), job, jobs).order_by(job.c.task_id, job.c.index)
    reports = [JobReport(**row) for row in (await connection.execute(query)).mappings()]
    ids = {report.task_id for report in reports}
    rich = rich_tasks().where(task.c.task_id.in_(ids)).order_by(task.c.task_id)
    tasks = await read_rich(connection, rich)
    chains = await _chains(connection, {each.wflow_id for each in tasks})
    return Origins(jobs=tuple(reports), tasks=tuple(tasks), chains=chains)


async def _chains(connection: AsyncConnection, workflows: Iterable[int]) -> tuple[Chain, ...]:
    query = (
        select(*_CHAIN)
        .join(dataset, dataset.c.dataset_id == workflow.c.dataset_id)
        .outerjoin(template, template.c.template_id == workflow.c.template_id)
        .where(workflow.c.workflow_id.in_(workflows))
        .order_by(workflow.c.workflow_id)
    )
    return tuple(_chain(row) for row in await connection.execute(query))


def _chain(row: SqlRow[Any]) -> Chain:
    """Return a chain; one that was submitted by hand has no template."""
    known = {name: row._mapping[name] for name in Chain.model_fields if name != "main"}
    by_hand = {"template": row.template or "", "created_by": row.created_by or ""}
    main = row.content["main"] if row.content else ""
    return Chain(**known | by_hand, main=main)


async def read_provenance(connection: AsyncConnection, start: Walk) -> Provenance:
    """Return a file's provenance as far as ``start`` says; a file that no job used has none."""
    trail = await walk(StoredUses(connection), start)
    origins = await read_origins(connection, trail.jobs)
    return Provenance(
        namespace=start.namespace,
        scope=start.scope,
        name=start.name,
        uses=tuple(trail.uses.values()),
        cut=trail.cut,
        jobs=origins.jobs,
        tasks=origins.tasks,
        chains=origins.chains,
    )
