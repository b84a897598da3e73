"""The table of SPD's slide, from data-access alone."""

import asyncio

from tests.data_access.room import Room, batch, entry_of, new_template, ref

from penstock_core.clients import DataAccessClient
from penstock_core.errors import Stale
from penstock_core.rights import Role

FOLLOWER = "task-generator"


async def test_twelve_datasets_give_the_slides_rows_with_four_generators_racing(
    room: Room,
) -> None:
    expert, service = room.client(Role.EXPERT, Role.VIEWER), room.client(Role.SERVICE)
    template = await expert.create_template(new_template())
    entry = await entry_of(service, template.template_id)
    datasets = [ref(f"run{number}.test.raw") for number in range(1, 13)]

    async def generate(client: DataAccessClient) -> int:
        made = 0
        while (cursor := await client.cursor(FOLLOWER)) < len(datasets):
            part = datasets[cursor : cursor + 1]
            try:
                result = await client.store_generated(batch([entry], part, cursor, cursor + 1))
            except Stale:
                continue
            made += len(result.workflow_ids)
        return made

    made = await asyncio.gather(*(generate(room.client(Role.SERVICE)) for _ in range(4)))

    assert sum(made) == 12
    rows = [tuple(row.model_dump().values()) for row in await service.spd_tasks()]
    assert rows == [expected_row(number) for number in range(1, 25)]
    assert rows[10] == (
        *(11, 6, "processing_program", "cable_map", 1, "CPU", "map", 5),
        *(26, 27, 28, "DEFINED"),
    )
    assert rows[11][8:11] == (27, 29, 30)


def expected_row(task_id: int) -> tuple[object, ...]:
    workflow = (task_id + 1) // 2
    first = 5 * (workflow - 1) + 1
    datasets = (first, first + 1, first + 2) if task_id % 2 else (first + 1, first + 3, first + 4)
    own = ("processing_program", "cable_map", 1, "CPU", "map", 5)
    return (task_id, workflow, *own, *datasets, "DEFINED")


async def test_a_second_template_on_a_dataset_reuses_the_inputs_id(room: Room) -> None:
    expert, service = room.client(Role.EXPERT, Role.VIEWER), room.client(Role.SERVICE)
    entries = [
        await entry_of(service, (await expert.create_template(new_template(name))).template_id)
        for name in ("one", "two")
    ]
    await service.store_generated(batch(entries, [ref("a.test.raw")]))

    rows = await service.spd_tasks()
    assert [(r.datas_in_id, r.datas_out_id, r.datas_log_id) for r in rows] == [
        (1, 2, 3),
        (2, 4, 5),
        (1, 6, 7),
        (6, 8, 9),
    ]


async def test_an_unmatched_dataset_takes_no_id(room: Room) -> None:
    expert, service = room.client(Role.EXPERT, Role.VIEWER), room.client(Role.SERVICE)
    template = await expert.create_template(new_template())
    entry = await entry_of(service, template.template_id)
    await service.store_generated(batch([], [ref("other")]))
    await service.store_generated(batch([entry], [ref("a.test.raw")], 1, 2))

    assert [row.datas_in_id for row in await service.spd_tasks()] == [1, 2]
    decision = (await room.http(Role.VIEWER).get("/decision?dataset=uid-other")).json()
    assert decision["matches"] == []
