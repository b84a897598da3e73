"""Storing planned workflows: what is known is read, ids are given, rows and events written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row, chunks
from data_access.counters import Counters
from data_access.lineage import why_endless
from data_access.plans import Clash, Key, Known, Origin, Planner, Rows
from data_access.readiness import copy_states, early_states
from data_access.schema import dataset, log, task, task_gate, task_input, workflow
from penstock_core.among import among
from penstock_core.bulk import insert_rows
from penstock_core.clock import now
from penstock_core.contracts.workflow import DatasetRef, PlannedWorkflow, SpdTask
from penstock_core.eventlog import NewEvent
from penstock_core.states import DatasetState

WorkflowKey = tuple[int | None, int, int]
"""A workflow's natural key: template version, dataset, rerun."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A workflow to make: its plan, the dataset that it is about, and what it runs."""

    plan: PlannedWorkflow
    masked: DatasetRef
    origin: Origin


@dataclass(frozen=True, slots=True)
class Made:
    """What became of each chain, in the order asked: its workflow's id, or why there is none.

    ``workflow_ids`` are those that are new.
    """

    outcomes: tuple[int | Clash, ...]
    workflow_ids: tuple[int, ...]

    @property
    def clashes(self) -> tuple[Clash, ...]:
        """Return what could not be made."""
        return tuple(each for each in self.outcomes if isinstance(each, Clash))


async def make_chains(
    connection: AsyncConnection, counters: Counters, chains: Sequence[Chain]
) -> Made:
    """Write the workflows that are not there yet; a name that is taken leaves only its own out."""
    known = await known_datasets(connection, chains)
    there = await _there(connection, [k.dataset_id for k in known.values()])
    endless = await endless_chains(connection, chains, known)
    planner = Planner(counters, known, now().isoformat())
    outcomes: list[int | Clash] = []
    new: list[int] = []
    for place, chain in enumerate(chains):
        if chain.origin.template_id is not None and (made := there.get(_key(chain, known))):
            outcomes.append(made)
            continue
        added = endless.get(place) or planner.add(chain.plan, chain.masked, chain.origin)
        outcomes.append(added)
        if isinstance(added, int):
            new.append(added)
            there[_key(chain, known)] = added
    await _write(connection, planner.rows)
    await counters.store(connection)
    await _take_states(connection, planner.rows, chains)
    await log.append(connection, _events(planner.rows))
    return Made(tuple(outcomes), tuple(new))


def _key(chain: Chain, known: Mapping[Key, Known]) -> WorkflowKey:
    """Return a workflow's natural key; a dataset that is new counts as 0."""
    masked = known.get(key_of(chain.masked))
    dataset_id = masked.dataset_id if masked else 0
    return (chain.origin.template_id, dataset_id, chain.plan.rerun)


def key_of(ref: DatasetRef) -> Key:
    """Return the natural key of a dataset."""
    return (ref.namespace, ref.scope, ref.name)


async def endless_chains(
    connection: AsyncConnection, chains: Sequence[Chain], known: Mapping[Key, Known]
) -> dict[int, Clash]:
    """Return by their places those of the chains by which a template would feed itself."""
    made: dict[int, tuple[int, int]] = {}
    for place, chain in enumerate(chains):
        masked = known.get(key_of(chain.masked))
        if masked and masked.workflow_id is not None and chain.origin.template_id is not None:
            made[place] = (masked.dataset_id, chain.origin.template_id)
    reasons = await why_endless(connection, set(made.values()))
    return {n: Clash(chains[n].plan, reasons[pair]) for n, pair in made.items() if pair in reasons}


async def known_datasets(
    connection: AsyncConnection, wanted: Sequence[Chain], *, lock: bool = True
) -> dict[Key, Known]:
    """Return the datasets that have an id, of all that these chains name. They stay locked."""
    names = {chain.masked.name for chain in wanted}
    for chain in wanted:
        for one in chain.plan.tasks:
            names.update((one.output_name, one.log_name))
    refs = {chain.masked.uid: key_of(chain.masked) for chain in wanted if chain.masked.uid}
    known: dict[Key, Known] = {}
    for some in chunks(names):
        for key, row in await _rows(connection, among(dataset.c.name, some), lock):
            known[key] = row
    for some in chunks(refs):
        for _, row in await _rows(connection, among(dataset.c.uid, some), lock):
            known[refs[row.uid or ""]] = row
    return known


async def _rows(
    connection: AsyncConnection, condition: object, lock: bool
) -> list[tuple[Key, Known]]:
    d = dataset.c
    columns = (d.namespace, d.scope, d.name, d.dataset_id, d.uid, d.state, d.workflow_id)
    query = select(*columns).where(condition).order_by(d.dataset_id)  # type: ignore[arg-type]
    rows = await connection.execute(query.with_for_update() if lock else query)
    return [
        ((space, scope, name), Known(number, uid, DatasetState(state), owner))
        for space, scope, name, number, uid, state, owner in rows
    ]


async def _there(connection: AsyncConnection, datasets: Iterable[int]) -> dict[WorkflowKey, int]:
    """Return the ids of all workflows on these datasets."""
    w = workflow.c
    columns = (w.template_id, w.dataset_id, w.rerun, w.workflow_id)
    there: dict[WorkflowKey, int] = {}
    for some in chunks(set(datasets)):
        query = select(*columns).where(among(w.dataset_id, some))
        for template_id, dataset_id, rerun, number in await connection.execute(query):
            there[template_id, dataset_id, rerun] = number
    return there


async def _write(connection: AsyncConnection, rows: Rows) -> None:
    if rows.named:
        change = dataset.update().where(dataset.c.dataset_id == bindparam("number"))
        await connection.execute(change, rows.named)
    await insert_rows(connection, dataset, rows.datasets)
    await insert_rows(connection, workflow, rows.workflows)
    await insert_rows(connection, task, rows.tasks)
    await insert_rows(connection, task_input, rows.inputs)
    await insert_rows(connection, task_gate, rows.gates)


async def _take_states(connection: AsyncConnection, rows: Rows, made: Sequence[Chain]) -> None:
    """Give masked datasets the newest state that anybody told of."""
    copies = {c.masked.uid: c.masked.copied() for c in made if c.masked.uid}
    new = [row["uid"] for row in (*rows.datasets, *rows.named) if row["uid"]]
    copies |= await early_states(connection, new)
    await copy_states(connection, copies.values())


def _events(rows: Rows) -> list[NewEvent]:
    tasks: dict[int, list[Row]] = {}
    for row in rows.tasks:
        tasks.setdefault(row["workflow_id"], []).append(row)
    return [_event(row, tasks.get(row["workflow_id"], [])) for row in rows.workflows]


def _event(row: Row, tasks: Sequence[Row]) -> NewEvent:
    body = {k: row[k] for k in ("workflow_id", "template_id", "dataset_id", "rerun", "created_at")}
    spd = [{**{k: t[k] for k in _TASK_KEYS if k in t}, "wflow_id": t["workflow_id"]} for t in tasks]
    return NewEvent(
        "workflow.created", str(row["workflow_id"]), row["namespace"], body | {"tasks": spd}
    )


_TASK_KEYS = tuple(SpdTask.model_fields)
