"""How long each step takes at 20 datasets a second, by PostgreSQL's own times of the commits."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.bench_chains import chain
from benchmarks.cluster.load import chains_stored, dataset, until, upload
from benchmarks.cluster.world import World
from benchmarks.figure import Figure
from penstock_core.contracts.dsm import NewStorage

RATE = 20
LASTS_S = 60
COMMITTED = "pg_xact_commit_timestamp(e.xmin)"
TOLD = f"SELECT key, {COMMITTED} FROM event e WHERE topic = %s AND {COMMITTED} > %s"
CHAINED = (
    f"SELECT d.uid, {COMMITTED} FROM event e JOIN workflow w ON w.workflow_id::text = e.key "
    "JOIN dataset d ON d.dataset_id = w.dataset_id "
    f"WHERE e.topic = 'workflow.created' AND {COMMITTED} > %s"
)
SUBMITTED = (
    f"SELECT d.uid, min({COMMITTED}) FROM event e JOIN task t ON t.task_id::text = e.key "
    "JOIN dataset d ON d.dataset_id = t.datas_in_id WHERE e.topic = 'task.status' "
    f"AND e.body ->> 'status' = 'SUBMITTED' AND {COMMITTED} > %s GROUP BY d.uid"
)


@dataclass(frozen=True)
class Latencies:
    """What was measured, in seconds each, by what it is."""

    chained: list[float]
    submitted: list[float]
    closed: list[float]

    def figures(self, suffix: str = "") -> list[Figure]:
        """Return the figures with their targets."""
        wanted = (
            ("dataset.registered -> chain stored, p50", self.chained, 50, 0.050),
            ("dataset.registered -> chain stored, p99", self.chained, 99, 0.250),
            ("dataset ready -> submitted, p99", self.submitted, 99, 1.0),
            ("last file -> close decided, p99", self.closed, 99, 1.0),
        )
        return [
            Figure(
                name + suffix,
                round(1000 * percentile(values, p)),
                "ms",
                1000 * target,
                at_least=False,
            )
            for name, values, p, target in wanted
        ]


async def prepare(world: World) -> None:
    """Upload the template whose first step starts at once, and make the storage of the files."""
    await upload(world, "steady", 1, chain())
    await world.clients.dsm.create_storage(NewStorage(name="buffer", base="/buffer"))


async def measure(world: World, name: str) -> Latencies:
    """Return what a minute of 20 datasets a second took, each with its files and its end."""
    since = world.query("dsm", "SELECT now()")[0][0]
    before = world.count("data-access", "workflow")
    [storage] = [s for s in await world.clients.dsm.storages() if s.name == "buffer"]
    began = time.monotonic()
    count = RATE * LASTS_S
    for number in range(count):
        await asyncio.sleep(began + number / RATE - time.monotonic())
        await world.bus.publish([_complete(name, number, storage.uid)])
    await chains_stored(world, before + count)

    async def all_closed() -> bool:
        return len(_told(world, "dsm", "dataset.closed", since)) >= count

    await until(all_closed, "closing")
    registered = _told(world, "dsm", "dataset.registered", since)
    chained = _times(world.query("data-access", CHAINED, since))
    submitted = _times(world.query("data-access", SUBMITTED, since))
    closed = _told(world, "dsm", "dataset.closed", since)
    return Latencies(
        _between(registered, chained), _between(chained, submitted), _between(registered, closed)
    )


def percentile(values: list[float], percent: int) -> float:
    """Return the value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def _complete(name: str, number: int, storage: str) -> Any:
    """Return a dataset of two files that is told as complete."""
    files = [
        {
            "storageId": storage,
            "path": f"/buffer/{name}.{number:06d}.{n}.stf",
            "size": 2_000_000_000,
            "checksum": f"ad:{number:08x}",
        }
        for n in range(2)
    ]
    return dataset(f"steady0000.{name}.{number:06d}", number, files=files, closed=True)


def _told(world: World, owner: str, topic: str, since: datetime) -> dict[str, datetime]:
    return _times(world.query(owner, TOLD, topic, since))


def _times(rows: list[Any]) -> dict[str, datetime]:
    return dict(rows)


def _between(earlier: dict[str, datetime], later: dict[str, datetime]) -> list[float]:
    return [(later[key] - at).total_seconds() for key, at in earlier.items() if key in later]
