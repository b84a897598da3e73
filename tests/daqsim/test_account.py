"""The record of what was done, against the messages and files that there are."""

import json
import random
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from tests.daqsim.recorder import Killed, Recorder, settings

from daqsim.account import Record, RunRecord
from daqsim.position import Position
from daqsim.run import simulate
from penstock_core.errors import InvalidInput
from penstock_core.stf import read_stf

ALL = {"mischief": "all=0.15", "times": 4, "every_s": 8, "senders": 2, "calibrations": 1}


async def simulated(out: Path, **given: Any) -> tuple[Recorder, dict[tuple[str, int], RunRecord]]:
    recorder = Recorder()
    await simulate(settings(out, **{"stfs": 12, **given}), recorder)
    record = Record.model_validate_json((out / "mischief-102363.json").read_bytes())
    assert record.over
    return recorder, {(run.namespace, run.run): run for run in record.runs}


def of_run(recorder: Recorder, run: RunRecord, msg_type: str) -> list[dict]:
    return [
        body
        for body in recorder.bodies(msg_type)
        if (body["namespace"], str(body["run_id"])) == (run.namespace, str(run.run))
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_the_record_tells_what_was_sent(tmp_path: Path, seed: int):
    recorder, runs = await simulated(tmp_path, seed=seed, **ALL)
    assert len(runs) == 4
    for run in runs.values():
        assert sum(run.stfs.values()) == run.happened["stf_gen"] == 12
        for msg_type in ("run_imminent", "start_run", "stf_gen", "stf_ready", "end_run"):
            assert len(of_run(recorder, run, msg_type)) == run.told.get(msg_type, 0)
        announced = {body["filename"] for body in of_run(recorder, run, "stf_gen")}
        ready = {body["filename"] for body in of_run(recorder, run, "stf_ready")}
        assert (set(run.announced), set(run.ready)) == (announced, ready)
        lost = {d.filename for d in run.deeds if d.deed in ("missing", "lose_stf_ready")}
        assert len(ready) == 12 - len(lost)


@pytest.mark.parametrize("seed", range(3))
async def test_the_record_tells_which_files_are_right(tmp_path: Path, seed: int):
    recorder, runs = await simulated(tmp_path, seed=seed, **ALL)
    for run in runs.values():
        for body in of_run(recorder, run, "stf_ready"):
            assert is_right(body) == (body["filename"] not in {*run.damaged, *run.vanished})
    assert any(run.damaged for run in runs.values())


def is_right(ready: dict) -> bool:
    """Return whether a file is there and is what its message, name and header say."""
    path = Path(unquote(urlsplit(ready["file_url"]).path))
    if not path.exists() or ready["checksum"] != f"ad:{zlib.adler32(path.read_bytes()):08x}":
        return False
    try:
        read_stf(path)
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize("seed", range(2))
async def test_killed_anywhere_it_does_the_same_mischief(tmp_path: Path, seed: int):
    dice, sent = random.Random(seed), []
    while not await lived(tmp_path, recorder := Recorder(dice.randrange(30)), seed):
        sent += recorder.ids
    sent += recorder.ids
    record = (tmp_path / "mischief-102363.json").read_text()
    calm = Recorder()
    (tmp_path / "position-102363.json").write_text(from_the_start(tmp_path))
    assert await lived(tmp_path, calm, seed)
    assert dict.fromkeys(sent) == dict.fromkeys(calm.ids)
    assert (tmp_path / "mischief-102363.json").read_text() == record


async def lived(out: Path, recorder: Recorder, seed: int) -> bool:
    """Return whether the simulation came to its end."""
    try:
        await simulate(settings(out, seed=seed, stfs=12, **ALL), recorder)
    except Killed:
        return False
    return True


def from_the_start(out: Path) -> str:
    position = Position.model_validate_json((out / "position-102363.json").read_bytes())
    return position.model_copy(update={"next": 0, "tick": 0.0}).model_dump_json()


async def test_a_run_that_has_ended_is_on_record_while_others_go_on(tmp_path: Path):
    with pytest.raises(Killed):
        await simulate(
            settings(tmp_path, mischief="repeat=1,delay_s=0", times=2, every_s=100), Recorder(40)
        )
    record = Record.model_validate_json((tmp_path / "mischief-102363.json").read_bytes())
    assert [(run.run, run.ended) for run in record.runs] == [(102363, 35.0)]
    assert not record.over


async def test_two_namespaces_have_the_same_names_and_files_of_their_own(tmp_path: Path):
    recorder, runs = await simulated(tmp_path, namespace="alice,bob", stfs=8)
    assert set(runs) == {("alice", 102363), ("bob", 102363)}
    urls = {body["file_url"] for body in recorder.bodies("stf_ready")}
    names = {body["filename"] for body in recorder.bodies("stf_ready")}
    assert (len(urls), len(names)) == (16, 8)
    for message, body in zip(recorder.messages, recorder.bodies(), strict=True):
        assert message.headers["namespace"] == body["namespace"]


async def test_other_words_seen_in_the_wild_are_used(tmp_path: Path):
    recorder, _ = await simulated(tmp_path, mischief=["dialect=1"])
    for body in recorder.bodies():
        assert isinstance(body["run_id"], int)
        assert "timestamp" not in body
        assert "+" not in body["ts"]
    (end,) = recorder.bodies("end_run")
    assert end["total_files"] == 12
    assert "total_stf_files" not in end


async def test_an_end_may_give_no_total(tmp_path: Path):
    recorder, _ = await simulated(tmp_path, mischief="no_total=1")
    (end,) = recorder.bodies("end_run")
    assert "total_stf_files" not in end


async def test_a_calibration_comes_in_spds_messages_with_its_files(tmp_path: Path):
    recorder, runs = await simulated(tmp_path, calibrations=2)
    sent = [m for m in recorder.messages if m.exchange == "dsm.register"]
    assert [m.routing_key for m in sent].count("file.input") == 4
    whole = [json.loads(m.body) for m in sent if m.routing_key == "dataset.input"]
    assert sorted(body["datasetName"] for body in whole) == ["calib.102363.c1", "calib.102363.c2"]
    for body in whole:
        assert body["metadata"] == {"run": 102363, "kind": "calibration"}
        assert body["closed"] is True
        for file in body["files"]:
            data = Path(file["path"]).read_bytes()
            assert (file["size"], file["checksum"]) == (len(data), f"ad:{zlib.adler32(data):08x}")
    (run,) = runs.values()
    assert sorted(run.calibrations) == ["calib.102363.c1", "calib.102363.c2"]


def test_calibrations_lie_in_the_storage_that_every_storage_manager_has():
    from daqsim.settings import ROOT_STORAGE
    from dsm.manager.files.storages import ROOT

    assert ROOT.uid == ROOT_STORAGE


async def test_samples_of_each_stf_are_told_as_epics_monitoring_cuts_them(tmp_path: Path):
    """ePIC cuts 7 blocks of about 21 of its 1000 time frames out of an STF, one in each seventh."""
    recorder, _ = await simulated(tmp_path, samples=7, stfs=3)
    samples = recorder.bodies("tf_file_registered")
    assert [body["tf_filename"] for body in samples[:2]] == [
        "swf.102363.000001_tf_001.tf",
        "swf.102363.000001_tf_002.tf",
    ]
    assert len(samples) == 3 * 7
    for n, body in enumerate(samples):
        part = n % 7
        assert body["stf_filename"] == f"swf.102363.{n // 7 + 1:06d}.stf"
        assert body["tf_count"] == body["tf_last"] - body["tf_first"] + 1 == 21
        assert part * 142 < body["tf_first"] <= body["tf_last"] <= (part + 1) * 142
