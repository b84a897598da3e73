"""The same house on RabbitMQ and PostgreSQL: one dataset through every service."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.servers.rabbitmq import VirtualHost

from penstock.house import open_house
from penstock.template_file import read_template
from penstock_core.bus import Message
from penstock_core.bus.policies import apply, verify
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import NewStorage
from penstock_core.settings import HouseSettings
from penstock_core.topology import PENSTOCK

pytestmark = pytest.mark.servers


async def test_a_dataset_goes_through_every_service(
    tmp_path: Path,
    rabbitmq: VirtualHost,
    database_url: str,
    templates: Path,
    eventually: Callable,
) -> None:
    await apply(PENSTOCK, rabbitmq.management_url, rabbitmq.name)
    settings = HouseSettings(
        data_dir=tmp_path / "data", broker_url=rabbitmq.url, database_url=database_url
    )
    files = [tmp_path / f"{n}.raw" for n in range(3)]
    for number, path in enumerate(files):
        path.write_text(f"file {number}")
    async with (
        open_house(settings) as house,
        HouseClients(house.house, "operator") as clients,
    ):
        assert await verify(PENSTOCK, rabbitmq.management_url, rabbitmq.name) == []
        template = read_template(templates / "md5" / "template.yaml")
        await clients.data_access.create_template(template)
        storage = await clients.dsm.create_storage(NewStorage(name="in", base=str(tmp_path)))
        told = [
            {
                "storageId": storage.uid,
                "path": str(path),
                "size": path.stat().st_size,
                "checksum": hashlib.md5(path.read_bytes()).hexdigest(),
            }
            for path in files
        ]
        body = {"datasetName": "run1.md5.raw", "files": told, "closed": True}
        await house.house.bus.publish([Message.of_json("dsm.register", "dataset.input", body)])
        await eventually(
            clients.data_access.spd_tasks,
            lambda tasks: [task.status for task in tasks] == ["FINISHED"],
            90,
        )
        page = await eventually(
            lambda: clients.dsm.datasets(),
            lambda page: [d.state for d in page.items] == ["CLOSED"] * 3,
        )
        assert [d.files for d in page.items] == [3, 3, 3]
