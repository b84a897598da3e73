"""Forming looks at what is new, not at all that waits."""

import asyncio
from pathlib import Path
from typing import Any

from sqlalchemy import event

from penstock_core.clients.house import HouseClients
from penstock_core.contracts.workflow import TaskInput
from penstock_core.migrations import upgrade
from penstock_core.store import Store
from pilot import tasks
from pilot.contents import ContentsReader
from pilot.former import Former
from pilot.recipes import RecipeShelf

QUIET = 30


async def test_tasks_that_wait_for_files_cost_nothing_until_some_come(
    world, make_step, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/pilot.db"
    await asyncio.to_thread(upgrade, url, "pilot")
    store = Store(url)
    one = world.task(make_step("true"))
    async with store.write() as connection:
        for n in range(QUIET):
            inputs = (TaskInput(step="", dataset_uid=f"in{n}"),)
            await tasks.submit(
                connection, [one.model_copy(update={"name": f"t{n}", "inputs": inputs})]
            )
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    async with HouseClients(world.house, "pilot") as clients:
        former = Former(store, RecipeShelf(clients.data_access, tmp_path, 10))
        await former.form_all()
        event.listen(store.reader.sync_engine, "before_cursor_execute", count)
        assert not await former.form_all()
        assert len(statements) < QUIET
        world.dsm.add("in7", 1, "x")
        await ContentsReader(store, clients.dsm).read()
        assert await former.form_all()
        assert not await former.form_all()
    await store.close()
