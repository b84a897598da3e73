"""``python -m daqsim``: what it says, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path


def daq(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daqsim", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def test_without_a_house_it_prints_the_messages(tmp_path: Path):
    ended = daq("--out", tmp_path, "--run", 7, "--events", "noise", "--stfs", 2, "--speed", "inf")
    assert ended.returncode == 0
    assert len([json.loads(line) for line in ended.stdout.splitlines()]) == 9
    assert "run 7 has 2 of 2 STFs" in ended.stderr


def test_told_to_be_verbose_it_tells_of_each_message_in_a_line(tmp_path: Path):
    fast = ("--events", "noise", "--stfs", 1, "--speed", "inf", "--run", 7)
    ended = daq("--out", tmp_path, *fast, "--verbose")
    told = [line.split() for line in ended.stderr.splitlines()[:-1]]
    assert told[0] == ["5.000", "s", "run", "7", "run_imminent"]
    assert told[2][4:] == ["stf_gen", "swf.7.000001.stf"]


def test_what_is_wrong_is_said_in_a_line(tmp_path: Path):
    schedule = tmp_path / "s.yaml"
    schedule.write_text("- {state: beam, substate: reedy, span: '0,0,0,0,1'}\n")
    for words, problem in (
        (("--out", tmp_path, "--schedule", schedule), "s.yaml:1: unknown substate 'reedy'"),
        (("--out", tmp_path, "--speed", 0), "--speed (or PENSTOCK_DAQ_SPEED): "),
        ((), "Error: --out (or PENSTOCK_DAQ_OUT) must be given.\nHint: See --help."),
        (("--out", tmp_path, "--url", "http://x"), "--secret-file"),
    ):
        ended = daq(*words)
        assert ended.returncode == 1
        assert problem in ended.stderr
        assert "Traceback" not in ended.stderr


def test_another_run_may_write_into_the_same_folder(tmp_path: Path):
    fast = ("--out", tmp_path, "--events", "noise", "--stfs", 1, "--speed", "inf")
    for run in (7, 8, 7):
        ended = daq(*fast, "--run", run)
        assert ended.returncode == 0, ended.stderr
        assert f"run {run} has 1 of 1 STFs" in ended.stderr
    assert ended.stdout == "", "run 7 has been published before"


def test_what_another_simulation_began_is_told_with_a_hint_below(tmp_path: Path):
    fast = ("--out", tmp_path, "--events", "noise", "--stfs", 1, "--speed", "inf", "--run", 7)
    assert daq(*fast).returncode == 0
    ended = daq(*fast, "--seed", 5)
    first, second = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert first.startswith("Error: ")
    assert second.startswith("Hint: ")


def test_help_names_the_variables_and_the_defaults():
    said = " ".join(daq("--help").stdout.replace("│", " ").split())
    for word in ("PENSTOCK_DAQ_SPEED", "must be given", "position-RUN.json in --out"):
        assert word in said


def test_the_old_schedule_is_refused_with_its_file_and_line(tmp_path: Path):
    schedule = Path(__file__).parent / "epic" / "old-schedule.yml"
    ended = daq("--out", tmp_path, "--schedule", schedule)
    assert ended.returncode == 1
    assert f"{schedule}:3: a schedule is a list; the old mapping form" in ended.stderr


def test_mischief_is_asked_for_by_name_and_told_of_at_the_end(tmp_path: Path):
    fast = ("--events", "noise", "--stfs", 3, "--speed", "inf", "--run", 7, "--verbose")
    ended = daq("--out", tmp_path, *fast, "--mischief", "lose_stf_gen=1", "--mischief", "repeat=0")
    assert ended.returncode == 0, ended.stderr
    assert "stf_gen" not in ended.stdout
    assert ended.stderr.count("stf_gen  (lose_stf_gen)") == 3
    assert f"3 misbehaviours, told in {tmp_path / 'mischief-7.json'}" in ended.stderr


def test_mischief_that_is_not_known_is_refused_with_what_is(tmp_path: Path):
    ended = daq("--out", tmp_path, "--mischief", "lose=0.1")
    assert ended.returncode == 1
    assert "--mischief (or PENSTOCK_DAQ_MISCHIEF): No misbehaviour is called 'lose'" in ended.stderr


def test_runs_may_overlap_with_senders_and_namespaces_of_their_own(tmp_path: Path):
    many = ("--times", 2, "--every-s", 5, "--senders", 2, "--namespace", "alice,bob")
    fast = ("--events", "noise", "--stfs", 3, "--speed", "inf", "--run", 7, "--calibrations", 1)
    ended = daq("--out", tmp_path, *fast, *many, "--streams-end", "--stf-every-s", "0.5,1")
    assert ended.returncode == 0, ended.stderr
    bodies = [json.loads(line) for line in ended.stdout.splitlines()]
    ends = [body for body in bodies if body.get("msg_type") == "end_run"]
    assert len(ends) == 2 * 2 * 2
    assert {body["datasetName"] for body in bodies if "datasetName" in body} == {
        "calib.7.c1",
        "calib.8.c1",
    }
    assert len(list((tmp_path / "alice").glob("swf.8.daq-simulator-*.stf"))) == 3
