"""Parts: physical stretches of one logical dataset, by position."""

from hypothesis import given
from hypothesis import strategies as st
from tests.dsm.closing import close, named, send, set_rule

from dsm.manager.closing.member_names import member_name
from dsm.manager.closing.parts import Stretch, fill


async def parts(world, uid):
    return [
        (p.name, p.first_position, p.files, p.closed_at is not None)
        for p in await world.dsm.parts(uid)
    ]


async def test_a_dataset_of_few_files_is_its_own_only_part(world, storage):
    await send(world, storage, "a.raw", 1, 2)
    dataset = await named(world, "a.raw")
    assert await parts(world, dataset.uid) == [("a.raw", 1, 2, False)]
    await close(world, "a.raw")
    assert await parts(world, dataset.uid) == [("a.raw", 1, 2, True)]


async def test_past_a_parts_size_the_dataset_goes_on_in_the_next(world, storage):
    await set_rule(world, "small", "a.*", files_per_part=3)
    await send(world, storage, "a.raw", 1, 2)
    await send(world, storage, "a.raw", *range(3, 9))
    dataset = await named(world, "a.raw")

    assert (dataset.files, dataset.state) == (8, "OPEN")
    assert await parts(world, dataset.uid) == [
        ("a.raw", 1, 3, True),
        ("a.raw.b2", 4, 3, True),
        ("a.raw.b3", 7, 2, False),
    ]
    assert sum(p.size_bytes for p in await world.dsm.parts(dataset.uid)) == dataset.size_bytes
    ledger = await world.dsm.ledger(dataset.uid)
    assert [(row.rule, row.because) for row in ledger] == [
        ("part", "part a.raw holds 3 files (rule small)"),
        ("part", "part a.raw.b2 holds 3 files (rule small)"),
    ]
    contents = await world.dsm.contents(dataset.uid, after=2)
    assert [(f.position, f.part_name) for f in contents.files] == [
        (3, "a.raw"),
        (4, "a.raw.b2"),
        (5, "a.raw.b2"),
        (6, "a.raw.b2"),
        (7, "a.raw.b3"),
        (8, "a.raw.b3"),
    ]


async def test_a_part_that_is_full_has_no_empty_one_after_it(world, storage):
    await set_rule(world, "small", "a.*", files_per_part=2)
    await send(world, storage, "a.raw", 1, 2)
    dataset = await named(world, "a.raw")
    assert await parts(world, dataset.uid) == [("a.raw", 1, 2, True)]


async def test_a_part_gets_full_once_however_often_its_files_are_told(world, storage):
    await set_rule(world, "small", "a.*", files_per_part=2)
    for _ in range(2):
        await send(world, storage, "a.raw", 1, 2, 3)
    dataset = await named(world, "a.raw")
    assert [p[0] for p in await parts(world, dataset.uid)] == ["a.raw", "a.raw.b2"]


def test_long_names_keep_their_start_and_get_a_digest():
    long = "x" * 250
    assert len(member_name(long, "b", 12)) == 250
    assert member_name(long, "b", 12).endswith(".b12")
    assert member_name(long, "b", 2) != member_name(long[:-1] + "y", "b", 2)
    assert member_name("x" * 246, "b", 2) == "x" * 246 + ".b2"


sizes = st.lists(st.integers(0, 10**12), max_size=60)


@given(st.lists(sizes, max_size=5), st.lists(st.integers(1, 9), min_size=5, max_size=5))
def test_positions_are_parted_without_gap_or_overlap(batches, limits):
    """Whatever comes at once, and however the rule changes between."""
    full: list[Stretch] = []
    last = Stretch(1, 1)
    for batch, most in zip(batches, limits, strict=False):
        more, last = fill(last, batch, most)
        assert last.files < most or not batch
        full += more
    every = [*full, last]
    told = [size for batch in batches for size in batch]

    assert [stretch.number for stretch in every] == list(range(1, len(every) + 1))
    assert [s.first for s in every] == [
        1 + sum(t.files for t in every[:n]) for n in range(len(every))
    ]
    assert sum(stretch.files for stretch in every) == len(told)
    for stretch in every:
        here = told[stretch.first - 1 : stretch.first - 1 + stretch.files]
        assert stretch.size_bytes == sum(here)


@given(sizes, st.integers(1, 9), st.data())
def test_it_makes_no_difference_how_many_come_at_once(all_sizes, most, data):
    cut = data.draw(st.integers(0, len(all_sizes)))
    at_once, end = fill(Stretch(1, 1), all_sizes, most)
    first, between = fill(Stretch(1, 1), all_sizes[:cut], most)
    second, last = fill(between, all_sizes[cut:], most)
    assert (first + second, last) == (at_once, end)
