"""The dimuon chain walked from its plot up to every STF, and from one STF down to the plot."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prov.model import ProvActivity, ProvDocument, ProvGeneration, ProvUsage
from rocrate.rocrate import ROCrate
from tests.end_to_end.conftest import TEMPLATES, eventually
from tests.penstock.crates import problems, refs

from daqsim.events import CollisionEvents, hzz_file, read_events
from daqsim.files import DaqFile
from penstock.house import open_house
from penstock.provenance import Lineage, file_lineage, save_crate, to_prov
from penstock.provenance.tree import plain_tree
from penstock.template_file import read_template
from penstock_core.bus import Message
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import NewStorage
from penstock_core.contracts.workflow import FileRole, Provenance, Way
from penstock_core.provenance import DEEPEST
from penstock_core.settings import HouseSettings
from penstock_core.stf import encode

pytestmark = pytest.mark.slow
RUN, STFS = 42, 3
DATASET = f"swf.{RUN}.run"
PLOT = f"{DATASET}.dimuon.plot.v1.000000.plot.png"
SUMMARY = f"{DATASET}.dimuon.plot.v1.000000.summary.json"
STEPS = ("decode", "reconstruct", "merge", "plot")


@dataclass(frozen=True)
class Walked:
    """What was found in a house that ran the chain, both ways, and the crate of it."""

    up: Lineage
    down: Lineage
    answer: Provenance
    crate: Path
    inside: int


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """Run the chain over three STFs of real events, once for all tests."""
    with asyncio.Runner() as runner:
        yield runner.run(walk_the_chain(tmp_path_factory.mktemp("house")))


async def walk_the_chain(folder: Path) -> Walked:
    settings = HouseSettings(data_dir=folder / "data", reconcile_every_s=0.5)
    async with open_house(settings) as house, HouseClients(house.house, "operator") as clients:
        template = read_template(TEMPLATES / "physics" / "template.yaml")
        await clients.data_access.create_template(template)
        storage = await clients.dsm.create_storage(NewStorage(name="daq", base=str(folder)))
        await house.house.bus.publish([taken(folder, storage.uid)])
        await eventually(
            clients.data_access.spd_tasks,
            lambda tasks: [task.status for task in tasks] == ["FINISHED"] * len(STEPS),
            within_s=240,
        )
        access, dsm = clients.data_access, clients.dsm
        how = (DEEPEST, 10_000, True)
        up = await file_lineage(access, dsm, PLOT, "default", Way.UP, *how)
        down = await file_lineage(access, dsm, stf_name(2), "default", Way.DOWN, *how)
        answer = await access.provenance(PLOT, Way.UP, scope=up.scope, depth=9)
        inside = await save_crate(dsm, up, folder / "crate", with_files=True)
    return Walked(up, down, answer, folder / "crate", inside)


def stf_name(sequence: int) -> str:
    return f"swf.{RUN}.{sequence:06d}.stf"


def taken(folder: Path, storage: str) -> Message:
    """Write the STFs of a run; return the message that tells of all of them."""
    source = CollisionEvents(read_events(hzz_file()), STFS)
    files = []
    for sequence in range(1, STFS + 1):
        stf = source.stf(RUN, sequence, sequence)
        file = DaqFile.of(folder / stf.name, encode(stf))
        file.write()
        told = {"path": str(file.path), "size": len(file.data), "checksum": file.checksum}
        files.append({"storageId": storage, "sequence": sequence, **told})
    body = {"datasetName": DATASET, "files": files, "closed": True}
    return Message.of_json("dsm.register", "dataset.input", body)


def test_the_plot_leads_up_to_every_stf(walked: Walked) -> None:
    uses = walked.up.uses
    steps = {task.task_id: task.step for task in walked.up.tasks}
    jobs = [(steps[job.task_id], job.index) for job in walked.up.jobs]
    each = [(step, n) for step in ("decode", "reconstruct") for n in range(1, STFS + 1)]
    assert jobs == [*each, ("merge", 0), ("plot", 0)]
    made = {use.name for use in uses if use.role is not FileRole.IN}
    read = {use.name for use in uses if use.role is FileRole.IN}
    assert read - made == {stf_name(n) for n in range(1, STFS + 1)}
    assert not walked.up.cut
    assert {use.use_id for use in walked.answer.uses} < {use.use_id for use in uses}


def test_one_stf_leads_down_to_the_plot(walked: Walked) -> None:
    steps = {task.task_id: task.step for task in walked.down.tasks}
    assert [(steps[job.task_id], job.index) for job in walked.down.jobs] == [
        ("decode", 2),
        ("reconstruct", 2),
        ("merge", 0),
        ("plot", 0),
    ]
    tree = plain_tree(walked.down)
    assert PLOT in tree
    assert SUMMARY in tree
    assert stf_name(1) not in tree


def test_all_that_a_job_was_is_known(walked: Walked) -> None:
    job = walked.down.jobs[0]
    assert job.command == f"python3 -I decode.py {stf_name(2)} {stf_name(2)[:-4]}.npz"
    assert job.environment is not None
    assert job.environment.system.startswith("penstock-pilot ")
    assert job.environment.engine.startswith("cwltool ")
    assert job.environment.sandbox
    assert job.host
    (chain,) = walked.down.chains
    assert (chain.template, chain.version, chain.main) == ("dimuon", 1, "dimuon.cwl")
    sizes = {found.file.name: found.file.size_bytes for found in walked.up.files}
    assert all(size > 0 for name, size in sizes.items() if not name.endswith(".log"))
    assert all(":" in found.file.checksum for found in walked.up.files)


def test_prov_reads_what_we_write(walked: Walked) -> None:
    written = to_prov(walked.up)
    read = ProvDocument.deserialize(content=written.serialize(format="json"), format="json")
    assert read == written
    made_by = {str(r.args[0]): str(r.args[1]) for r in read.get_records(ProvGeneration)}
    used: dict[str, set[str]] = {}
    for record in read.get_records(ProvUsage):
        used.setdefault(str(record.args[0]), set()).add(str(record.args[1]))
    assert origins_of(f"file:{PLOT}", made_by, used) == {
        f"file:{stf_name(n)}" for n in range(1, STFS + 1)
    }
    kinds = [str(each.identifier).partition(":")[0] for each in read.get_records(ProvActivity)]
    assert (kinds.count("job"), kinds.count("task"), kinds.count("workflow")) == (8, 4, 1)


def origins_of(file: str, made_by: dict[str, str], used: dict[str, set[str]]) -> set[str]:
    """Return the files that nobody made on the way up from ``file``."""
    if file not in made_by:
        return {file}
    return {o for each in used[made_by[file]] for o in origins_of(each, made_by, used)}


def test_rocrate_reads_what_we_write_and_it_is_a_workflow_run_crate(walked: Walked) -> None:
    crate = ROCrate(walked.crate)
    assert problems(crate) == []
    assert walked.inside == len(walked.up.files)
    assert (walked.crate / "files" / PLOT).stat().st_size > 10_000
    results = {each["name"] for each in refs(crate.get("#workflow/1"), "result")}
    assert results == {PLOT, SUMMARY}
    taken = {each["name"] for each in refs(crate.get("#workflow/1"), "object")}
    assert taken == {stf_name(n) for n in range(1, STFS + 1)}
