"""The manager's side of verification: verdicts, quarantine, release, loss."""

import pytest
from tests.dsm.conftest import told_file

from penstock_core.contracts.inspection import FileRequest, FileVerdict, Verdict
from penstock_core.errors import Conflict, Forbidden, NotFound
from penstock_core.rights import Role
from penstock_core.states import FileState
from penstock_core.stf import Header


@pytest.fixture
async def files(world, storage):
    """Return the uids of three files; the first two in one dataset, all three in another."""
    names = ["a", "b", "c"]
    for dataset, held in (("one", names[:2]), ("all", names)):
        body = {"datasetName": dataset, "files": [told_file(storage, name) for name in held]}
        await world.tell("file.input", body)
    return [(await world.dsm.files(name=name)).items[0].uid for name in names]


async def datasets(world):
    return {d.name: (d.quarantined, d.lost, d.incomplete) for d in await all_datasets(world)}


async def all_datasets(world):
    return (await world.dsm.datasets()).items


def bad(uid, **more):
    return FileVerdict(
        uid=uid, verdict=Verdict.DIFFERS, reason="Its checksum is ad:1.", checksum="ad:1", **more
    )


async def topics(world, key=None):
    events = (await world.dsm.events(0)).events
    return [e.topic for e in events if key in (None, e.key)]


async def test_what_is_registered_is_due_until_it_was_looked_at(world, storage, files):
    page = await world.dsm.due_files(storage)
    assert [d.name for d in page.items] == ["a", "b", "c"]
    verdicts = [FileVerdict(uid=d.uid, verdict=Verdict.FITS, due=d.due) for d in page.items]
    outcomes = await world.dsm.tell_verdicts(verdicts)
    assert [o.details for o in outcomes] == ["VERIFIED"] * 3
    assert (await world.dsm.due_files(storage)).items == ()
    details = await world.dsm.file_details(files[0])
    assert details.file.checked_at is not None
    assert details.checks == ()
    assert "file.released" not in await topics(world)


async def test_quarantine_marks_the_datasets_and_tells_everybody(world, files):
    await world.dsm.tell_verdicts([bad(files[0], look_again=True)])

    assert await datasets(world) == {"one": (1, 0, True), "all": (1, 0, True)}
    uids = {d.name: d.uid for d in await all_datasets(world)}
    contents = await world.dsm.contents(uids["one"])
    assert contents.incomplete
    assert [(f.usable, f.state, f.reason) for f in contents.files] == [
        (False, FileState.QUARANTINED, "Its checksum is ad:1."),
        (True, FileState.REGISTERED, ""),
    ]
    assert (await topics(world, files[0])) == ["file.quarantined"]
    changed = (await world.dsm.events(0, topics=["dataset.changed"])).events
    assert {e.body["name"]: e.body["incomplete"] for e in changed} == {"one": True, "all": True}


async def test_the_quarantine_page_tells_what_was_found_by_whom_and_where(world, files):
    await world.dsm.tell_verdicts([bad(files[0])])
    (page,) = (await world.dsm.troubled_files()).items
    (check,) = page.checks
    assert page.file.reason == "Its checksum is ad:1."
    assert (check.by, check.what, check.checksum) == ("tester", "differs", "ad:1")
    assert [(h.name, h.index) for h in page.datasets] == [("one", 0), ("all", 0)]
    assert (await world.dsm.troubled_files(state="LOST")).items == ()


async def test_a_repeated_verdict_counts_once(world, files):
    for _ in range(2):
        await world.dsm.tell_verdicts([bad(files[0]), bad(files[0])])
    assert await datasets(world) == {"one": (1, 0, True), "all": (1, 0, True)}
    assert (await topics(world, files[0])) == ["file.quarantined"]


async def test_a_released_file_is_looked_at_and_comes_back(world, storage, files):
    await world.dsm.tell_verdicts([bad(files[0])])
    operator = world.client(Role.OPERATOR, "alice")
    request = FileRequest(uids=(files[0],), because="the disk is mended")
    await operator.release_files(request)
    (due, *_) = (await world.dsm.due_files(storage)).items
    assert (due.uid, due.state) == (files[0], FileState.QUARANTINED)
    right = FileVerdict(uid=due.uid, verdict=Verdict.FITS, due=due.due)
    (outcome,) = await world.dsm.tell_verdicts([right])

    assert outcome.details == "VERIFIED"
    assert await datasets(world) == {"one": (0, 0, False), "all": (0, 0, False)}
    assert (await topics(world, files[0])) == ["file.quarantined", "file.released"]
    story = (await world.dsm.file_details(files[0])).checks
    assert [(c.by, c.what) for c in story] == [
        ("tester", "differs"),
        ("alice", "released"),
        ("tester", "fits"),
    ]


async def test_a_good_look_without_a_release_ends_no_quarantine(world, storage, files):
    await world.dsm.tell_verdicts([bad(files[0], look_again=True)])
    (due, *_) = (await world.dsm.due_files(storage)).items
    await world.dsm.tell_verdicts([FileVerdict(uid=due.uid, verdict=Verdict.FITS, due=due.due)])
    details = await world.dsm.file_details(files[0])
    assert (details.file.state, details.file.reason) == ("QUARANTINED", "Its checksum is ad:1.")
    assert [c.what for c in details.checks] == ["differs", "fits"]


async def test_a_file_is_declared_lost_and_found_again(world, storage, files):
    operator = world.client(Role.OPERATOR, "alice")
    await world.dsm.tell_verdicts([bad(files[0])])
    request = FileRequest(uids=(files[0], files[2]), because="the disk is broken")
    lost = await operator.declare_lost(request)
    assert [(f.state, f.reason) for f in lost] == [
        (FileState.LOST, "Declared lost: the disk is broken")
    ] * 2
    assert await datasets(world) == {"one": (0, 1, True), "all": (0, 2, True)}

    (found,) = await operator.release_files(FileRequest(uids=(files[0],), because="found"))
    assert found.state is FileState.REGISTERED
    assert await datasets(world) == {"one": (0, 0, False), "all": (0, 1, True)}
    assert files[0] in {d.uid for d in (await world.dsm.due_files(storage)).items}


async def test_only_operators_decide_and_only_services_judge(sqlite_world, storage):
    request = FileRequest(uids=("f",), because="x")
    for role in (Role.VIEWER, Role.EXPERT, Role.SERVICE):
        with pytest.raises(Forbidden):
            await sqlite_world.client(role).release_files(request)
        with pytest.raises(Forbidden):
            await sqlite_world.client(role).declare_lost(request)
    with pytest.raises(Forbidden):
        await sqlite_world.client(Role.OPERATOR).tell_verdicts([])
    with pytest.raises(NotFound, match="no file 'f'"):
        await sqlite_world.client(Role.OPERATOR).release_files(request)
    (unknown,) = await sqlite_world.dsm.tell_verdicts([bad("f")])
    assert not unknown.ok


async def test_what_is_in_no_trouble_is_not_released(sqlite_world, storage):
    await sqlite_world.tell("file.input", {"datasetName": "d", "files": [told_file(storage, "a")]})
    (file,) = (await sqlite_world.dsm.files(name="a")).items
    operator = sqlite_world.client(Role.OPERATOR)
    with pytest.raises(Conflict, match="neither in quarantine nor lost"):
        await operator.release_files(FileRequest(uids=(file.uid,), because="x"))


async def test_what_the_daq_told_of_an_stf_comes_with_it(world, tmp_path):
    body = {"run_id": "7", "filename": "swf.7.000003.stf", "sequence": 3, "checksum": "ad:00000001"}
    await world.daq("stf_gen", body | {"size": 10})
    ready = body | {"size_bytes": 10, "file_url": f"file://{tmp_path}/swf.7.000003.stf"}
    await world.daq("stf_ready", ready)
    (root,) = await world.dsm.storages()
    (due,) = (await world.dsm.due_files(root.uid)).items
    assert due.stf is not None
    assert (due.stf.run, due.stf.sequence) == ("7", 3)
    header = Header(run=7, sequence=3, first_tf=2001, tfs=1000, events=5)
    good = FileVerdict(uid=due.uid, verdict=Verdict.FITS, due=due.due, header=header)
    for _ in range(2):
        await world.dsm.tell_verdicts([good])
