"""Datasets, contents, manifests and closing, over REST."""

import pytest
from tests.dsm.closing import close, send

from penstock_core.contracts.dsm import (
    Announcement,
    CloseRequest,
    Manifest,
    ManifestPart,
    NewDataset,
    NewStorage,
    ProducedFile,
    ReadTo,
)
from penstock_core.contracts.inspection import FileQuery
from penstock_core.errors import Conflict, Duplicate, Forbidden, InvalidInput, NotFound
from penstock_core.rights import Role
from penstock_core.states import DatasetKind, DatasetState

OUTPUT = NewDataset(name="swf.1.run.v1", kind=DatasetKind.OUTPUT, producer="task-1")


def produced(storage: str, index: int, checksum: str = "", port: str = "out") -> ProducedFile:
    name = f"t1.{port}.{index:06d}.npz"
    return ProducedFile(
        name=name,
        storage_id=storage,
        path=f"t1/{name}",
        size_bytes=10,
        checksum=checksum or f"ad:{index:08x}",
        basename="events.npz",
        port=port,
        index=index,
    )


def manifest(uid: str, storage: str, index: int, **more: str) -> Manifest:
    part = ManifestPart(dataset_uid=uid, files=(produced(storage, index, **more),))
    return Manifest(job=f"t1:{index}", parts=(part,))


async def test_making_a_dataset_twice_makes_one(world):
    (first, again) = await world.dsm.create_datasets([OUTPUT, OUTPUT])
    (later,) = await world.dsm.create_datasets([OUTPUT])

    assert first == again == later
    assert (first.state, first.files, first.revision) == (DatasetState.OPEN, 0, 0)
    events = (await world.dsm.events(0)).events
    assert [(e.topic, e.body["name"]) for e in events] == [("dataset.registered", OUTPUT.name)]


async def test_a_dataset_that_is_there_as_another_kind_is_a_duplicate(world):
    await world.dsm.create_datasets([OUTPUT])
    with pytest.raises(Duplicate, match="of kind output, not log"):
        await world.dsm.create_datasets([OUTPUT.model_copy(update={"kind": DatasetKind.LOG})])


async def test_names_that_we_make_do_not_end_in_digits(world):
    with pytest.raises(InvalidInput, match="as a retry of JEDI does"):
        await world.dsm.create_datasets([OUTPUT.model_copy(update={"name": "a.1"})])


async def test_datasets_are_found_by_glob_and_read_in_pages(world):
    names = [f"run{n}.test.raw" for n in range(5)]
    await world.dsm.create_datasets([NewDataset(name=name) for name in [*names, "other"]])

    page = await world.dsm.datasets(name="run[0-9]*.te?t.*", limit=3)
    rest = await world.dsm.datasets(name="run[0-9]*.te?t.*", limit=3, after=page.next)

    assert [d.name for d in page.items + rest.items] == names
    assert rest.next is None
    assert (await world.dsm.datasets(name="RUN*")).items == ()
    with pytest.raises(InvalidInput, match="no glob"):
        await world.dsm.datasets(name="run[")


async def test_unknown_ids_and_bad_cursors_say_so(world):
    with pytest.raises(NotFound, match="no dataset 'nobody'"):
        await world.dsm.dataset("nobody")
    with pytest.raises(InvalidInput, match="after"):
        await world.dsm.datasets(after=-1)
    with pytest.raises(InvalidInput, match="limit"):
        await world.dsm.datasets(limit=0)
    with pytest.raises(InvalidInput, match="beyond the newest event"):
        await world.dsm.events(after=77)
    (made,) = await world.dsm.create_datasets([OUTPUT])
    with pytest.raises(InvalidInput, match="beyond the 0 files"):
        await world.dsm.contents(made.uid, after=5)


async def test_a_manifest_is_registered_once(world, storage):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    manifests = [manifest(made.uid, storage, n) for n in range(4)]

    first = await world.dsm.register(manifests)
    again = await world.dsm.register(manifests)

    assert all(outcome.ok for outcome in first + again)
    dataset = await world.dsm.dataset(made.uid)
    assert (dataset.files, dataset.size_bytes) == (4, 40)
    contents = await world.dsm.contents(made.uid)
    assert [(f.position, f.index, f.port, f.basename) for f in contents.files] == [
        (n + 1, n, "out", "events.npz") for n in range(4)
    ]
    assert contents.files[0].url == "file:///data/buffer/t1/t1.out.000000.npz"
    assert contents.files[1].checksum == "adler32:00000001"


async def test_a_manifest_is_registered_whole_or_not_at_all(world, storage):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    good = produced(storage, 1)
    bad = good.model_copy(update={"name": "../etc/passwd"})
    parts = (ManifestPart(dataset_uid=made.uid, files=(good, bad)),)

    refused, taken = await world.dsm.register(
        [Manifest(job="bad", parts=parts), manifest(made.uid, storage, 2)]
    )

    assert (refused.ok, taken.ok) == (False, True)
    assert refused.error is not None
    assert "leads to another folder" in refused.details
    assert (await world.dsm.dataset(made.uid)).files == 1


async def test_a_job_has_one_manifest(world, storage):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    await world.dsm.register([manifest(made.uid, storage, 1)])
    (other,) = await world.dsm.register([manifest(made.uid, storage, 1, checksum="ad:0000ffff")])

    assert other.error is not None
    assert other.error["error"] == "Duplicate"


async def test_a_closed_dataset_takes_no_manifest(world, storage):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    await world.dsm.close_datasets([CloseRequest(uid=made.uid, revision=0, rule="r", because="b")])
    (refused,) = await world.dsm.register([manifest(made.uid, storage, 1)])

    assert refused.error is not None
    assert refused.error["error"] == "Conflict"
    assert "is CLOSED" in refused.details


async def test_closing_at_a_stale_revision_is_refused(world, storage):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    await world.dsm.register([manifest(made.uid, storage, 0)])
    request = CloseRequest(uid=made.uid, revision=0, rule="count", because="all 1 are here")

    (stale,) = await world.dsm.close_datasets([request])
    seen = request.model_copy(update={"revision": stale.revision})
    results = await world.dsm.close_datasets([seen, seen])
    (already,) = await world.dsm.close_datasets([seen])

    assert [r.outcome for r in (stale, *results, already)] == [
        "stale",
        "closed",
        "already",
        "already",
    ]
    dataset = await world.dsm.dataset(made.uid)
    assert (dataset.state, dataset.closed_because) == (DatasetState.CLOSED, "all 1 are here")
    (row,) = await world.dsm.ledger(made.uid)
    assert (row.rule, row.actor, row.because) == ("count", "tester", "all 1 are here")
    closed = (await world.dsm.events(0, topics=["dataset.closed"])).events
    assert [e.body["closed_because"] for e in closed] == ["all 1 are here"]


async def test_what_is_announced_and_open_is_the_evidence(world, storage):
    other = OUTPUT.model_copy(update={"name": "other"})
    made, _ = await world.dsm.create_datasets([OUTPUT, other])
    end = Announcement(uid=made.uid, files=2, producer="task-1")
    unknown = Announcement(uid="nobody", files=2, producer="task-1")

    ok, bad = await world.dsm.announce([end, unknown])
    before = await world.dsm.dataset(made.uid)
    await world.dsm.announce([end])
    page = await world.dsm.closing()

    assert (ok.ok, bad.ok) == (True, False)
    (evidence,) = page.items
    assert (evidence.uid, evidence.registered, evidence.announced) == (made.uid, 0, 2)
    assert evidence.announced_by == "task-1"
    assert evidence.revision == before.revision == 1
    await world.dsm.close_datasets(
        [CloseRequest(uid=made.uid, revision=1, rule="r", because="accepted loss")]
    )
    assert (await world.dsm.closing()).items == ()
    assert (await world.dsm.dataset(made.uid)).incomplete
    (again,) = await world.dsm.announce([end])
    assert again.ok
    (changed,) = await world.dsm.announce([end.model_copy(update={"files": 3})])
    assert not changed.ok


async def test_an_operator_closes_by_force_and_signs_for_it(world):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    path = f"/api/v1/dataset/{made.uid}/close"
    operator = world.client(Role.OPERATOR, "olga@example.org")

    closed = await operator.call("POST", path, None, body={"because": "the run was a test"})
    again = await operator.call("POST", path, dict, body={"because": "twice"})

    assert closed is None
    assert (again["state"], again["closed_because"]) == ("CLOSED", "the run was a test")
    (row,) = await world.dsm.ledger(made.uid)
    assert (row.rule, row.actor) == ("forced", "olga@example.org")
    with pytest.raises(Forbidden):
        await world.client(Role.VIEWER).call("POST", path, None, body={"because": "x"})


async def test_contents_are_one_snapshot_read_in_pages(world, storage):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    await world.dsm.register([manifest(made.uid, storage, n) for n in range(5)])

    first = await world.dsm.contents(made.uid, limit=3)
    rest = await world.dsm.contents(made.uid, after=first.cursor, limit=3)
    end = await world.dsm.contents(made.uid, after=rest.cursor)

    assert [f.index for f in first.files + rest.files] == list(range(5))
    assert (first.total, rest.total, end.files, end.cursor) == (5, 5, (), 5)
    assert not end.closed


async def test_a_taken_index_gives_the_next_above_all(world, storage):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    await world.dsm.register([manifest(made.uid, storage, 7)])
    other = produced(storage, 7).model_copy(update={"name": "other.npz"})
    part = ManifestPart(dataset_uid=made.uid, files=(other,))
    await world.dsm.register([Manifest(job="t2:7", parts=(part,))])

    contents = await world.dsm.contents(made.uid)
    assert [f.index for f in contents.files] == [7, 8]


async def test_a_storage_of_one_name_is_one(world):
    new = NewStorage(name="buffer", base="/data/buffer/")
    first = await world.dsm.create_storage(new)
    assert first == await world.dsm.create_storage(new)
    assert first.base == "/data/buffer"
    with pytest.raises(Duplicate, match="there already"):
        await world.dsm.create_storage(NewStorage(name="buffer", base="/elsewhere"))
    listed = await world.dsm.call("GET", "/api/v1/storage", list[dict])
    assert [s["name"] for s in listed] == ["posix-root", "buffer"]


async def test_files_are_registered_one_by_one_as_spd_does(world, storage):
    (made,) = await world.dsm.create_datasets([NewDataset(name="run1.test.raw")])
    operator = world.client(Role.OPERATOR)
    file = {
        "datasetId": made.uid,
        "storageId": storage,
        "path": "/data/buffer/a/f1.raw",
        "size": 5,
        "checksum": "e742438aa8bbf4d034408f07a654308d",
    }

    one = await operator.call("POST", "/api/v1/file/", dict, body=file)
    both = await operator.call(
        "POST", "/api/v1/file/", list, body=[file, file | {"name": "f2.raw"}]
    )
    found = await operator.call("GET", f"/api/v1/file/{one['uid']}", dict)

    assert (found["path"], found["checksum"]) == (
        "a/f1.raw",
        "md5:e742438aa8bbf4d034408f07a654308d",
    )
    assert [f["name"] for f in both] == ["f1.raw", "f2.raw"]
    assert (await world.dsm.dataset(made.uid)).files == 2
    with pytest.raises(InvalidInput, match="outside of its storage"):
        await operator.call("POST", "/api/v1/file/", None, body=file | {"path": "/etc/passwd"})
    with pytest.raises(Conflict, match="there already with 5 bytes"):
        await operator.call("POST", "/api/v1/file/", None, body=file | {"size": 6})


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DAQ, Role.EXPERT])
async def test_only_services_and_operators_make_datasets(sqlite_world, role):
    with pytest.raises(Forbidden, match="has no right to"):
        await sqlite_world.client(role).create_datasets([OUTPUT])


async def test_a_value_that_no_column_takes_is_invalid_input(world, storage):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    huge = produced(storage, 1).model_copy(update={"size_bytes": 2**70})
    part = ManifestPart(dataset_uid=made.uid, files=(huge,))
    with pytest.raises(InvalidInput, match="The database takes no such value"):
        await world.dsm.register([Manifest(job="t1:1", parts=(part,))])
    assert (await world.dsm.contents(made.uid)).files == ()


async def test_files_are_found_by_name_with_the_datasets_that_hold_them(world, storage):
    output, other = await world.dsm.create_datasets(
        [OUTPUT, OUTPUT.model_copy(update={"name": "chosen"})]
    )
    await world.dsm.register([manifest(output.uid, storage, 1), manifest(output.uid, storage, 2)])
    again = Manifest(
        job="chosen", parts=(ManifestPart(dataset_uid=other.uid, files=(produced(storage, 2),)),)
    )
    await world.dsm.register([again])
    names = ("t1.out.000002.npz", "gone", "t1.out.000001.npz")

    two, one = await world.client(Role.VIEWER).find_files(FileQuery(scope="daq", names=names))

    assert (two.file.name, two.file.checksum, two.file.size_bytes) == (
        names[0],
        "adler32:00000002",
        10,
    )
    assert [(d.name, d.port, d.index, d.producer) for d in two.datasets] == [
        (OUTPUT.name, "out", 2, "t1:2"),
        ("chosen", "out", 2, "chosen"),
    ]
    assert [d.uid for d in one.datasets] == [output.uid]
    assert await world.dsm.find_files(FileQuery(namespace="other", scope="daq", names=names)) == ()


async def test_one_question_tells_which_datasets_are_worth_reading_on(world, storage):
    for name in ("read", "more", "closed"):
        await send(world, storage, name, 1, 2)
    await close(world, "closed", "forced")
    uids = {d.name: d.uid for d in (await world.dsm.datasets()).items}
    cursors = {"read": 2, "more": 1, "closed": 2}
    read = [ReadTo(uid=uids[name], cursor=cursor) for name, cursor in cursors.items()]
    news = await world.dsm.contents_news([*read, ReadTo(uid="nowhere", cursor=0)])
    assert set(news.changed) == {uids["more"], uids["closed"]}
    assert news.gone == ("nowhere",)
