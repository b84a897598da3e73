"""Runs of the DAQ: folded from facts that come in any order, any number of times.

Whatever names a run makes it, and its dataset. What its facts make of it is ``folding``'s matter.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from dsm.manager import tables
from dsm.manager.datasets import ensure_datasets, merge_metadata, uid_of
from dsm.manager.reading import rows_where
from dsm.manager.work import Work
from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import NewDataset
from penstock_core.states import RunState

SCOPE = "group.daq"
RunKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """What one message says of its run: which it is, and perhaps its dataset and conditions."""

    namespace: str
    run: str
    dataset: str = ""
    metadata: Json | None = None

    @property
    def key(self) -> RunKey:
        return self.namespace, self.run


async def ensure_runs(work: Work, named: Sequence[Named]) -> dict[RunKey, Row[Any]]:
    """Return the rows of the runs that messages name, made with their datasets where unknown."""
    found = await run_rows(work, {n.key for n in named})
    missing: dict[RunKey, NewDataset] = {}
    for n in sorted(named, key=lambda n: not n.dataset):
        if n.key not in found:
            missing.setdefault(n.key, _dataset(n))
    if missing:
        await _insert(work, missing)
        found |= await run_rows(work, missing)
    await _add_metadata(work, named, found)
    return found


async def run_rows(work: Work, keys: Iterable[RunKey]) -> dict[RunKey, Row[Any]]:
    """Return the rows of those of these runs that there are."""
    by_namespace: dict[str, list[str]] = defaultdict(list)
    for namespace, run in keys:
        by_namespace[namespace].append(run)
    found = {}
    for namespace, runs in by_namespace.items():
        query = select(tables.run).where(tables.run.c.namespace == namespace)
        async for row in rows_where(work.connection, query, tables.run.c.run, runs):
            found[row.namespace, row.run] = row
    return found


def _dataset(named: Named) -> NewDataset:
    return NewDataset(
        name=named.dataset or f"swf.{named.run}.run",
        namespace=named.namespace,
        scope=SCOPE,
        metadata={"run": int(named.run) if named.run.isdecimal() else named.run},
        producer="daq",
    )


async def _insert(work: Work, missing: dict[RunKey, NewDataset]) -> None:
    datasets = await ensure_datasets(work, list(missing.values()))
    first = await work.number(tables.run)
    rows = [
        {
            "id": first + n,
            "namespace": key[0],
            "run": key[1],
            "dataset_id": datasets[uid_of(new)].id,
            "state": RunState.IMMINENT,
            "conditions": {},
            "heard_at": work.at,
        }
        for n, (key, new) in enumerate(missing.items())
    ]
    await work.connection.execute(insert(tables.run), rows)
    here = tables.dataset.c.id.in_({row["dataset_id"] for row in rows})
    await work.connection.execute(
        update(tables.dataset).where(here).values(of_run=True, look_at="")
    )


async def _add_metadata(work: Work, named: Sequence[Named], runs: dict[RunKey, Row[Any]]) -> None:
    told: dict[RunKey, Json] = {}
    for n in named:
        if n.metadata:
            told[n.key] = n.metadata | told.get(n.key, {})
    datasets = await run_datasets(work, [runs[key] for key in told])
    for key, metadata in told.items():
        row = runs[key]
        conditions = metadata | row.conditions
        if conditions != row.conditions:
            await _update(work, row, conditions=conditions)
            await merge_metadata(work, datasets[row.dataset_id], metadata)


async def run_datasets(work: Work, runs: Iterable[Row[Any]]) -> dict[int, Row[Any]]:
    """Return the rows of the datasets of these runs, by their number."""
    query = select(tables.dataset)
    ids = [row.dataset_id for row in runs]
    rows = rows_where(work.connection, query, tables.dataset.c.id, ids)
    return {row.id: row async for row in rows}


async def note_elsewhere(work: Work, row: Row[Any], told: Sequence[tuple[str, str]]) -> None:
    """Note of a run that STFs were made outside of run/physics: the state, and when, of each."""
    noted: Json = dict(row.elsewhere or {})
    for place, at in told:
        of = noted.get(place, {"stfs": 0, "first": at, "last": at})
        noted[place] = {
            "stfs": of["stfs"] + 1,
            "first": min(of["first"], at),
            "last": max(of["last"], at),
        }
    await _update(work, row, elsewhere=noted)


async def _update(work: Work, row: Row[Any], **values: Any) -> None:
    here = tables.run.c.id == row.id
    await work.connection.execute(update(tables.run).where(here).values(**values))
