"""A whole simulation: its messages in ePIC's shapes, its files, and being killed."""

import asyncio
import os
import signal
import sys
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tests.daqsim.recorder import Killed, Recorder, settings

from daqsim.position import Position
from daqsim.run import Outcome, Progress, simulate
from penstock_core.bus import Message
from penstock_core.bus.local import LocalBus
from penstock_core.errors import Conflict, InvalidInput, StoreUnavailable
from penstock_core.stf import read_stf
from penstock_core.topology import PENSTOCK

COMMON = {
    "msg_type", "namespace", "execution_id", "run_id", "timestamp", "simulation_tick", "sender",
}  # fmt: skip
SHAPES = {
    "run_imminent": {"state", "substate", "dataset", "run_conditions"},
    "start_run": {"state", "substate"},
    "stf_gen": {
        "state", "substate", "filename", "sequence", "start", "end", "checksum", "size",
    },
    "stf_ready": {"filename", "file_url", "checksum", "size_bytes"},
    "pause_run": {"state", "substate", "reason"},
    "resume_run": {"state", "substate"},
    "end_run": {"total_stf_files"},
}  # fmt: skip


async def whole(out: Path, **given: object) -> Recorder:
    recorder = Recorder()
    await simulate(settings(out, **given), recorder)
    return recorder


async def test_every_message_has_epics_shape(tmp_path: Path):
    recorder = await whole(tmp_path, stfs=8)
    assert {body["msg_type"] for body in recorder.bodies()} == set(SHAPES)
    for message, body in zip(recorder.messages, recorder.bodies(), strict=True):
        assert set(body) == COMMON | SHAPES[body["msg_type"]]
        assert (message.exchange, message.routing_key) == ("daq", body["msg_type"])
        assert message.headers["namespace"] == body["namespace"] == "default"
        assert body["run_id"] == "102363"
        assert datetime.fromisoformat(body["timestamp"]).utcoffset() == timedelta(0)
        assert message.timestamp == datetime.fromisoformat(body["timestamp"])


async def test_names_are_epics(tmp_path: Path):
    recorder = await whole(tmp_path)
    (imminent,) = recorder.bodies("run_imminent")
    assert imminent["dataset"] == "swf.102363.run"
    assert (imminent["state"], imminent["substate"]) == ("beam", "not_ready")
    assert imminent["run_conditions"]["beam_energy"] == "5 GeV"
    assert [body["filename"] for body in recorder.bodies("stf_gen")] == [
        f"swf.102363.{sequence:06d}.stf" for sequence in (1, 2, 3, 4)
    ]
    (end,) = recorder.bodies("end_run")
    assert end["total_stf_files"] == 4


class Looker(Recorder):
    """Looks at the disk at the moment when a file is told to be there."""

    async def publish(self, messages: list[Message]) -> None:
        await super().publish(messages)
        for body in self.bodies("stf_ready")[-1:]:
            path = Path(unquote(urlsplit(body["file_url"]).path))
            data = path.read_bytes()
            assert body["checksum"] == f"ad:{zlib.adler32(data):08x}"
            assert body["size_bytes"] == len(data)
            assert read_stf(path).name == body["filename"]


async def test_a_file_is_there_whole_when_it_is_told_to_be_ready(tmp_path: Path):
    looker = Looker()
    await simulate(settings(tmp_path / "with space"), looker)
    gen, ready = looker.bodies("stf_gen"), looker.bodies("stf_ready")
    assert [body["checksum"] for body in gen] == [body["checksum"] for body in ready]
    assert [body["size"] for body in gen] == [body["size_bytes"] for body in ready]
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("taken", [True, False])
async def test_killed_at_any_message_it_goes_on_and_skips_none(tmp_path: Path, taken: bool):
    sent, died_at, lives = [], 0, 0
    while True:
        recorder = Recorder(died_at % 3, taken=taken)
        try:
            await simulate(settings(tmp_path), recorder)
        except Killed:
            died_at, lives = died_at + 1, lives + 1
            sent += recorder.ids
            continue
        sent += recorder.ids
        break
    again = await replay(tmp_path)
    assert lives > 4
    assert list(dict.fromkeys(sent)) == again.ids


async def replay(out: Path) -> Recorder:
    """Return all messages of the simulation in ``out``, told from its first one."""
    file = out / "position-102363.json"
    position = Position.model_validate_json(file.read_bytes())
    first = out / "replay.json"
    first.write_text(position.model_copy(update={"next": 0, "tick": 0.0}).model_dump_json())
    recorder = Recorder()
    parameters = position.parameters
    given = {"speed": parameters.speed, "run": parameters.run, "stfs": parameters.stfs}
    await simulate(settings(out, **given, position=first), recorder)
    return recorder


async def test_a_message_told_again_is_the_same_message(tmp_path: Path):
    first = await whole(tmp_path)
    assert (await replay(tmp_path)).messages == first.messages
    assert len(set(first.ids)) == len(first.ids)


async def test_a_simulation_that_has_ended_tells_nothing_more(tmp_path: Path):
    told = len((await whole(tmp_path)).messages)
    recorder = Recorder()
    assert await simulate(settings(tmp_path), recorder) == Outcome(told, 0, 102363, 4, 4)
    assert recorder.messages == []


async def test_a_run_without_number_keeps_the_one_of_its_first_start(tmp_path: Path):
    recorder = Recorder(1)
    with pytest.raises(Killed):
        await simulate(settings(tmp_path, run=None), recorder)
    (number,) = {body["run_id"] for body in recorder.bodies()}
    outcome = await simulate(settings(tmp_path, run=None), Recorder())
    assert str(outcome.run) == number


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"seed": 2}, "seed was 1, now 2"), ({"speed": 5.0}, "speed"), ({"run": 7}, "run was 102363")],
)
async def test_another_simulation_does_not_take_over_a_position(
    tmp_path: Path, changed: dict, told: str
):
    position = tmp_path / "position.json"
    await whole(tmp_path, position=position)
    with pytest.raises(Conflict, match=told):
        await whole(tmp_path, position=position, **changed)


async def test_a_position_that_is_none_is_refused(tmp_path: Path):
    (tmp_path / "position-102363.json").write_text("[]")
    with pytest.raises(InvalidInput, match="does not hold the position"):
        await whole(tmp_path)


async def test_two_simulations_of_one_run_are_told_apart(tmp_path: Path):
    first, second = await whole(tmp_path / "a"), await whole(tmp_path / "b")
    assert not set(first.ids) & set(second.ids)
    assert {f.name: f.read_bytes() for f in (tmp_path / "a").glob("*.stf")} == {
        f.name: f.read_bytes() for f in (tmp_path / "b").glob("*.stf")
    }


async def test_accelerated_time_passes_faster_and_stamps_as_on_the_wall(tmp_path: Path):
    started = asyncio.get_running_loop().time()
    recorder = await whole(tmp_path, speed=50.0)
    took_s = asyncio.get_running_loop().time() - started
    first, *_, last = recorder.bodies()
    assert 35 / 50 <= took_s < 5
    assert (first["simulation_tick"], last["simulation_tick"]) == (5, 35)
    begin, end = (datetime.fromisoformat(body["timestamp"]) for body in (first, last))
    assert (end - begin).total_seconds() == pytest.approx(30 / 50)


async def test_progress_is_told_for_each_message(tmp_path: Path):
    told: list[Progress] = []
    await simulate(settings(tmp_path), Recorder(), told.append)
    assert [progress.index for progress in told] == list(range(len(told)))
    assert (told[-1].stfs, told[-1].stfs_planned, told[-1].run) == (4, 4, 102363)


async def test_messages_reach_the_daq_queue_of_the_bus(tmp_path: Path):
    from daqsim.publisher import BusPublisher

    bus = LocalBus(PENSTOCK, ":memory:")
    await bus.start()
    try:
        outcome = await simulate(settings(tmp_path), BusPublisher(bus))
        assert await bus.depth("dsm.daq") == outcome.messages
    finally:
        await bus.close()


async def test_a_killed_process_goes_on_where_it_was(tmp_path: Path):
    lines: list[str] = []
    for _ in range(40):
        ended = await one_life(tmp_path, lines)
        if ended:
            break
    again = [message.body.decode() for message in (await replay(tmp_path)).messages]
    assert list(dict.fromkeys(lines)) == again


async def one_life(out: Path, lines: list[str]) -> bool:
    """Run the simulator until it has printed five lines, then kill it; return whether it ended."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "daqsim", "--out", str(out), "--run", "102363"),
        *("--events", "noise", "--stfs", "4", "--speed", "200"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    for _ in range(5):
        lines += [line] if (line := (await child.stdout.readline()).decode().strip()) else []
    ended = child.returncode is not None or child.stdout.at_eof()
    if not ended:
        os.kill(child.pid, signal.SIGKILL)
    rest, _ = await child.communicate()
    lines += rest.decode().splitlines()
    return ended


async def test_a_folder_that_takes_no_file_is_named(tmp_path: Path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(StoreUnavailable, match=r"out/position-102363\.json cannot be written"):
        await whole(tmp_path / "out")
