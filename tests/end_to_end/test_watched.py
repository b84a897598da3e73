"""A house that is watched: what it measured of a chain that ran."""

from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from tests.end_to_end.world import Eventually, World

from penstock.house import open_house
from penstock.services import ROOMS
from penstock_core.clients.house import HouseClients
from penstock_core.settings import HouseSettings

COPY = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: {file: {type: File, inputBinding: {position: 1}}}
stdout: made.txt
outputs: {made: stdout}
"""
WORKERS = {"data-access", "dsm", "pilot", "scheduler", "task-generator", "task-manager"}
MOVED = (
    "penstock_http_request_seconds_count",
    "penstock_loop_looks_total",
    "penstock_loop_seconds_count",
    "penstock_loop_last_success_timestamp_seconds",
    "penstock_messages_total",
    "penstock_batch_messages_count",
    "penstock_handling_seconds_count",
    "penstock_bus_published_total",
    "penstock_bus_publish_seconds_count",
    "penstock_registered_to_chain_seconds_count",
    "penstock_last_file_to_close_seconds_count",
    "penstock_tasks_submitted_total",
    "penstock_decisions_total",
    "process_resident_memory_bytes",
)


async def samples(face: httpx2.AsyncClient) -> dict[str, float]:
    """Return the sum of each sample over its labels, as Prometheus reads the page."""
    told: dict[str, float] = {}
    for family in text_string_to_metric_families((await face.get("/metrics")).text):
        for sample in family.samples:
            told[sample.name] = told.get(sample.name, 0) + sample.value
    return told


async def test_each_service_of_a_house_tells_how_it_stands(
    tmp_path: Path, eventually: Eventually
) -> None:
    settings = HouseSettings(data_dir=tmp_path / "data")
    names = sorted(room.name for room in ROOMS)
    async with open_house(settings) as house, HouseClients(house.house, "operator") as clients:

        async def ready() -> list[str]:
            page = await clients.data_access.services(state="READY")
            return sorted(row.name for row in page.items)

        await eventually(ready, lambda seen: seen == names)
    async with open_house(settings) as house, HouseClients(house.house, "operator") as clients:
        await eventually(ready, lambda seen: seen == names)
        stopping = await clients.data_access.services(state="STOPPING")
        assert sorted(row.name for row in stopping.items) == names


async def test_a_chain_that_ran_has_moved_the_metrics(
    tmp_path: Path, eventually: Eventually
) -> None:
    folder = tmp_path / "detector"
    folder.mkdir()
    settings = HouseSettings(data_dir=tmp_path / "data", reconcile_every_s=1)
    async with (
        open_house(settings) as house,
        HouseClients(house.house, "operator") as clients,
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=house.front), base_url="http://house"
        ) as face,
    ):
        world = World(clients, folder, eventually)
        before = await samples(face)
        await world.upload("copy", {"copy.cwl": COPY}, main="copy.cwl", masks=("w.*",))
        await world.arrive("w.raw", [1, 2], closed=True)
        await world.ended("w.raw", 1)
        made = "penstock_last_file_to_close_seconds_count"
        after = await eventually(lambda: samples(face), lambda seen: seen[made] > before[made])
        assert [name for name in MOVED if after[name] <= before.get(name, 0)] in (
            [],
            ["process_resident_memory_bytes"],
        )
        assert "w.raw" not in (await face.get("/metrics")).text
        lag = "penstock_lag_events"
        assert lag in after
        await eventually(lambda: samples(face), lambda seen: seen[lag] == 0)

        async def at_work() -> set[str]:
            page = await clients.data_access.services()
            return {row.name for row in page.items if row.last_activity_at}

        await eventually(at_work, lambda seen: seen >= WORKERS, 15)
