"""The templates that come with Penstock: valid CWL that plain cwltool runs, to the true numbers."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from daqsim.events import CollisionEvents, hzz_file, read_events
from daqsim.files import DaqFile
from penstock_core.stf import Stf, TimeFrame, encode

TEMPLATES = Path(__file__).parents[2] / "templates"
BIN = Path(sys.executable).parent
STANDARD = ("physics/dimuon.cwl", "spd/decoding-reconstruction.cwl", "md5/md5.cwl")


@pytest.fixture(scope="module")
def stfs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("stfs")
    source = CollisionEvents(read_events(hzz_file()), 8)
    stfs = [source.stf(42, sequence, sequence) for sequence in range(1, 9)]
    files = [DaqFile.of(folder / stf.name, encode(stf)) for stf in stfs]
    for file in files:
        file.write()
    return [file.path for file in files]


def program(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(cwd or "/tmp")}
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, env=path, cwd=cwd
    )


def run_cwl(document: str, given: dict[str, Any], folder: Path) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    job = folder / "job.json"
    job.write_text(json.dumps(given))
    out = folder / "out"
    quiet = ("--quiet", "--no-container", "--disable-js-validation", "--outdir", out)
    ended = program(BIN / "cwltool", *quiet, TEMPLATES / document, job, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def as_files(paths: list[Path]) -> list[dict[str, str]]:
    return [{"class": "File", "location": path.as_uri()} for path in paths]


def script(name: str, *words: object) -> subprocess.CompletedProcess[str]:
    return program(sys.executable, "-I", TEMPLATES / "physics" / f"{name}.py", *words)


@pytest.mark.parametrize("document", STANDARD)
def test_the_standard_ones_are_valid_cwl(document: str):
    ended = program(BIN / "cwltool", "--validate", TEMPLATES / document)
    assert ended.returncode == 0, ended.stderr
    assert "is valid CWL" in ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def physics(stfs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("physics")
    return run_cwl("physics/dimuon.cwl", {"stfs": as_files(stfs)}, folder)


def test_the_physics_chain_finds_the_z_boson(physics: dict[str, Any]):
    summary = json.loads(Path(physics["dimuon_summary"]["path"]).read_text())
    assert summary == {
        "events_in": 2421,
        "events_decoded": 2421,
        "candidates": 1364,
        "z_peak_gev": pytest.approx(90.86, abs=0.01),
    }
    assert Path(physics["dimuon_plot"]["path"]).read_bytes().startswith(b"\x89PNG")


def test_the_physics_chain_gives_the_same_bytes_in_any_order(
    physics: dict[str, Any], stfs: list[Path], tmp_path: Path
):
    again = run_cwl("physics/dimuon.cwl", {"stfs": as_files(stfs[::-1])}, tmp_path)
    assert {port: file["checksum"] for port, file in again.items()} == {
        port: file["checksum"] for port, file in physics.items()
    }


def test_a_run_without_stfs_has_no_candidates(tmp_path: Path):
    given = run_cwl("physics/dimuon.cwl", {"stfs": []}, tmp_path)
    summary = json.loads(Path(given["dimuon_summary"]["path"]).read_text())
    assert summary == {
        "events_in": 0,
        "events_decoded": 0,
        "candidates": 0,
        "z_peak_gev": None,
    }


def test_decode_gives_the_same_bytes_each_time(stfs: list[Path], tmp_path: Path):
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    for target in (one, two):
        assert script("decode", stfs[0], target).returncode == 0
    assert one.read_bytes() == two.read_bytes()


def stf(**changed: Any) -> Stf:
    frames = (TimeFrame(1, 0, b""), TimeFrame(2, 0, b""))
    return Stf(**{"run": 42, "sequence": 1, "first_tf": 1, "frames": frames} | changed)


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        (b"short", "5 bytes are less than a header"),
        (b"x" * 60, "so it is no STF"),
        (encode(stf())[:-1], "payload of 23 bytes, announced 24"),
        (encode(stf(run=43)), "its header says run 43, sequence 1"),
        (encode(stf(sequence=2)), "its header says run 42, sequence 2"),
        (encode(stf(first_tf=2)), "its TFs are not its header's range"),
        (encode(stf(frames=(TimeFrame(1, 1, b""),))), "an event of TF 1 is cut off"),
        (encode(stf(frames=(TimeFrame(1, 0, b"?"),))), "TF 1 has 1 bytes after its events"),
    ],
)
def test_decode_refuses_what_does_not_fit(tmp_path: Path, contents: bytes, problem: str):
    file = tmp_path / "swf.42.000001.stf"
    file.write_bytes(contents)
    ended = script("decode", file, tmp_path / "out.npz")
    assert ended.returncode == 1
    assert problem in ended.stderr
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("at", [3, 5, 10, 17, 21, 25, 29, 33, 41, 45, 50, 71])
def test_decode_notices_a_damaged_byte(tmp_path: Path, at: int):
    data = bytearray(encode(stf()))
    data[at] ^= 1
    file = tmp_path / "swf.42.000001.stf"
    file.write_bytes(data)
    assert script("decode", file, tmp_path / "out.npz").returncode == 1


def test_merge_refuses_an_stf_given_twice(stfs: list[Path], tmp_path: Path):
    events, part = tmp_path / "events.npz", tmp_path / "part.npz"
    assert script("decode", stfs[0], events).returncode == 0
    assert script("reconstruct", events, part).returncode == 0
    ended = script("merge", tmp_path / "all.npz", part, part)
    assert "given twice (run, sequence): [(42, 1)]" in ended.stderr


def test_the_md5_chain_gives_the_sum_of_each_file(stfs: list[Path], tmp_path: Path):
    given = run_cwl("md5/md5.cwl", {"files": as_files(stfs[:2])}, tmp_path)
    found = {file["basename"]: Path(file["path"]).read_text() for file in given["sums"]}
    assert found == {
        f"{path.name}.md5": hashlib.md5(path.read_bytes()).hexdigest() + "  -\n"
        for path in stfs[:2]
    }


def test_spds_chain_runs_its_program_on_each_file(stfs: list[Path], tmp_path: Path):
    given = run_cwl(
        "spd/decoding-reconstruction.cwl", {"dataset_name": as_files(stfs[:2])}, tmp_path
    )
    words = [Path(file["path"]).read_text().split()[1:] for file in given["output_dataset"]]
    assert (
        words
        == [["processing_program", "processing_program_version", "cable_map", "input_params"]] * 2
    )
    assert [file["size"] for file in given["log_dataset"]] == [0, 0]


def test_spds_dialect_is_the_slides_sample():
    steps = json.loads((TEMPLATES / "spd/decoding-reconstruction.spd.json").read_text())["steps"]
    assert list(steps) == ["decoding", "reconstruction"]
    for step in steps.values():
        assert step["run"]["baseCommand"] == "echo"
        assert step["out"] == "[output_dataset, log_dataset]"
        assert step["in"]["dataset_name"] == "*.test.*"
        assert set(step["in"]) == set(step["run"]["inputs"])
        assert set(step["run"]["outputs"]) == {"output_dataset", "log_dataset"}


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*/*template.yaml")), ids=str)
def test_a_template_file_names_all_that_lies_beside_it(file: Path):
    said = yaml.safe_load(file.read_text())
    named = {said["main"], *said.get("documents", ())}
    assert all((file.parent / name).is_file() for name in named)
    tools = [path for name in named for path in _run_by(file.parent / name)]
    assert set(tools) <= named


def _run_by(document: Path) -> list[str]:
    if document.suffix != ".cwl":
        return []
    content = yaml.safe_load(document.read_text())
    tools = [step["run"] for step in content.get("steps", {}).values()]
    defaults = [spec.get("default") for spec in content["inputs"].values()]
    return tools + [given["location"] for given in defaults if isinstance(given, dict)]
