"""Datasets that somebody waits for are asked for by mask, many at once."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import create_engine, event, literal, select
from sqlalchemy.engine import Engine

from dsm.manager.presence import IN_ONE_QUERY
from penstock_core.contracts.dsm import NewDataset, Wanted
from penstock_core.errors import InvalidMask
from penstock_core.masks import parse_mask
from penstock_core.masks.glob import NAME_FIRST
from penstock_core.name_glob import name_matches
from penstock_core.rights import Role
from penstock_core.states import DatasetKind

ENGINE = create_engine("sqlite://")


async def made(world, name, kind=DatasetKind.INPUT, **more):
    (dataset,) = await world.dsm.create_datasets([NewDataset(name=name, kind=kind, **more)])
    return dataset


async def close(world, dataset):
    path = f"/api/v1/dataset/{dataset.uid}/close"
    await world.client(Role.OPERATOR).call("POST", path, None, body={"because": "a test"})


async def is_there(world, mask, until="closed", namespace="default"):
    return bool(await world.dsm.there([Wanted(namespace=namespace, mask=mask, until=until)]))


async def test_a_dataset_is_there_once_it_is_what_is_waited_for(world):
    assert not await is_there(world, "swf.7.calib.v1", "open")
    dataset = await made(world, "swf.7.calib.v1", DatasetKind.OUTPUT)
    assert await is_there(world, "swf.7.calib.v1", "open")
    assert not await is_there(world, "swf.7.calib.v1")
    await close(world, dataset)
    assert await is_there(world, "swf.7.calib.v1")
    assert await is_there(world, "swf.7.calib.v1", "open")
    assert not await is_there(world, "swf.7.calib.v1", namespace="other")


@pytest.mark.parametrize(
    ("mask", "there"),
    [
        ("swf.7.c*", True),
        ("swf.[0-9].calib.*", True),
        ("swf.?.calib.v1", True),
        ("swf.[!7].calib.*", False),
        ("swf.[!8].calib.*", True),
        ("swf.7.calib", False),
        ("swf_7.calib.v1", False),
    ],
)
async def test_a_mask_of_the_hint_means_what_a_mask_means(world, mask, there):
    await made(world, "swf.7.calib.v1")
    assert await is_there(world, mask, "open") is there
    assert (parse_mask(mask).match("swf.7.calib.v1") is not None) is there


async def test_a_log_is_nothing_to_wait_for(world):
    await made(world, "swf.7.calib.v1.log", DatasetKind.LOG)
    assert not await is_there(world, "swf.7.*", "open")


async def test_many_are_asked_for_in_few_statements(sqlite_world):
    await made(sqlite_world, "swf.7.calib")
    wanted = [Wanted(namespace="default", mask=f"swf.{n}.calib", until="open") for n in range(120)]
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    found = await sqlite_world.dsm.there(wanted)
    event.remove(Engine, "before_cursor_execute", note)
    assert [each.mask for each in found] == ["swf.7.calib"]
    assert len([s for s in seen if "SELECT" in s]) <= 120 / IN_ONE_QUERY + 2


@example("?[.?]", "a")
@example("[a^]", "a")
@given(st.text("ab[]!^?*.-", min_size=1, max_size=8), st.text("ab.-", min_size=1, max_size=5))
def test_a_store_reads_every_mask_as_masks_are_read(text, name):
    try:
        mask = parse_mask(text)
    except InvalidMask:
        return
    if name[0] not in NAME_FIRST:
        return
    with ENGINE.connect() as connection:
        fits = name_matches(connection, literal(name), text.replace("[!", "[^"))
        assert bool(connection.scalar(select(fits))) is mask.fits(name)
