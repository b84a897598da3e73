"""The fast lane tells of a job what cwltool would: command line, outputs, status, exit code."""

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from cwltool.context import RuntimeContext
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot.worker import payload
from pilot.worker.fast import FastJob, Unusual
from recipe.fast import fast_lane
from recipe.fast_model import FastLane

TOOL = {"cwlVersion": "v1.2", "class": "CommandLineTool"}


def tool(command: list[str] | str, outputs: dict[str, Any] | None = None, **more: Any) -> Any:
    """Return a tool as the compiler writes it: lists, shortcuts written out."""
    listed = [{"id": name} | one for name, one in (outputs or {}).items()]
    inputs = [{"id": name} | one for name, one in more.pop("inputs", {}).items()]
    return TOOL | {"baseCommand": command, "inputs": inputs, "outputs": listed} | more


def step(run: dict[str, Any]) -> dict[str, Any]:
    """Return the document of one step that runs a tool, as the compiler writes it."""
    run = {key: value for key, value in run.items() if key != "cwlVersion"}
    inputs = [{"id": one["id"], "type": one["type"]} for one in run["inputs"]]
    outputs = [
        {"id": one["id"], "type": one["type"], "outputSource": f"s/{one['id']}"}
        for one in run["outputs"]
    ]
    links = [{"id": one["id"], "source": one["id"]} for one in run["inputs"]]
    only = {"id": "s", "run": run, "in": links, "out": [one["id"] for one in run["outputs"]]}
    head = {"cwlVersion": "v1.2", "class": "Workflow"}
    return head | {"inputs": inputs, "outputs": outputs, "steps": [only]}


FILE = {"type": "File", "outputBinding": {"glob": "o"}}
FILES = {"type": {"type": "array", "items": "File"}, "outputBinding": {"glob": "*.txt"}}
MAYBE = {"type": ["null", "File"], "outputBinding": {"glob": ["x", "y"]}}
FIRST = {"type": "File", "inputBinding": {"position": 1}}
CASES: dict[str, Any] = {
    "stdout": tool(["sh", "-c", "pwd; env | grep -v PYTEST | sort"], {"o": FILE}, stdout="o"),
    "stderr": tool(["sh", "-c", "echo told >&2"], {"o": FILE}, stderr="o"),
    "nested stdout": tool(
        "ls", {"o": {"type": "File", "outputBinding": {"glob": "a/b"}}}, stdout="a/b"
    ),
    "input": tool("cat", {"o": FILE}, stdout="o", inputs={"f": FIRST}),
    "where it lies": tool("echo", {"o": FILE}, stdout="o", inputs={"f": FIRST}),
    "stdin": tool(
        "cat", {"o": FILE}, stdout="o", stdin="$(inputs.f.path)", inputs={"f": {"type": "File"}}
    ),
    "several": tool(["sh", "-c", "touch b.txt a.txt c.dat"], {"o": FILES}),
    "none of several": tool("true", {"o": FILES}),
    "none of one": tool("true", {"o": FILE}),
    "two of one": tool(
        ["sh", "-c", "touch b.txt a.txt"],
        {"o": {"type": "File", "outputBinding": FILES["outputBinding"]}},
    ),
    "perhaps none": tool("true", {"o": MAYBE}),
    "perhaps one": tool(["sh", "-c", "touch y"], {"o": MAYBE}),
    "a folder": tool(["mkdir", "o"], {"o": FILE}),
    "fails": tool(["sh", "-c", "exit 3"]),
    "fails for now": tool(["sh", "-c", "exit 3"], temporaryFailCodes=[3]),
    "fails for good": tool(["sh", "-c", "exit 0"], permanentFailCodes=[0]),
    "succeeds with a code": tool(["sh", "-c", "exit 3"], successCodes=[3]),
    "killed": tool(["python3", "-c", "import os; os.kill(os.getpid(), 9)"]),
    "own outputs": tool(
        [
            "sh",
            "-c",
            'echo a > p; echo \'{"o": {"class": "File", "path": "p"}}\' > cwl.output.json',
        ],
        {"o": FILE},
    ),
    "no such program": tool("no-such-program"),
}


def both(document: Any, order: dict[str, Any], folder: Path) -> tuple[Any, Any]:
    """Return what each lane says of a job, run in the same folder one after the other."""
    from pilot.worker import lane

    told = []
    request: dict[str, Any] = {"document": document, "order": order, "contained": False}
    fast = fast_lane(document)
    assert fast is not None
    for way in (None, json.loads(json.dumps(fast, default=vars))):
        for made in ("work1", "work2", "tmp2", "tmp3", "stage3", "stage4"):
            os.system(f"rm -rf {folder / made}")
        (folder / "job.json").write_text(json.dumps(request | {"fast": way}))
        lane.run(folder)
        result = json.loads((folder / "result.json").read_text())
        told.append((result, _read(result["outputs"]) if result["status"] == "success" else {}))
    return told[0], told[1]


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    if isinstance(value, dict) and value.get("class") == "File":
        path = Path(value["location"].removeprefix("file://"))
        return value["basename"], value["location"], path.read_text()
    return {key: _read(one) for key, one in value.items()} if isinstance(value, dict) else value


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    payload.warm()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name not in ("PATH", "TMPDIR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "an input").write_text("content\n")
    return tmp_path


@pytest.mark.filterwarnings("ignore:unclosed file", "ignore:Exception ignored")  # cwltool's stdin
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("wrap", [step, dict], ids=["step", "tool"])
def test_both_lanes_tell_the_same(name: str, wrap: Any, folder: Path) -> None:
    document = wrap(CASES[name])
    given = {"class": "File", "location": (folder / "in" / "an input").as_uri()}
    order = {"f": given} if CASES[name]["inputs"] else {}
    (slow, made), (fast, also_made) = both(document, order, folder)
    assert also_made == made
    for key in ("status", "skipped", "exit_code"):
        assert fast[key] == slow[key], slow
    if slow["command"]:
        assert shlex.split(fast["command"]) == shlex.split(slow["command"])
    assert bool(fast["error"]) == bool(slow["error"])


WORDS = st.text(alphabet="ab-=, '\"*é", min_size=0, max_size=4)
PREFIX = st.sampled_from(["-p", "--long=", "x y"])


@st.composite
def inputs(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """Draw an input's declaration, and a value for it."""
    kind = draw(st.sampled_from(["string", "int", "boolean"]))
    values = {"string": WORDS, "int": st.integers(-9, 9), "boolean": st.booleans()}[kind]
    declared: Any = kind
    if kind != "boolean" and draw(st.booleans()):
        declared, values = {"type": "array", "items": kind}, st.lists(values, max_size=3)
    if draw(st.booleans()):
        declared, values = ["null", declared], st.none() | values
    one: dict[str, Any] = {"type": declared}
    if draw(st.booleans()):
        binding: dict[str, Any] = {}
        if draw(st.booleans()):
            binding["position"] = draw(st.integers(-2, 2))
        if draw(st.booleans()):
            binding |= {"prefix": draw(PREFIX), "separate": draw(st.booleans())}
        if draw(st.booleans()):
            binding["itemSeparator"] = ","
        one["inputBinding"] = binding
    return one, draw(values)


@given(
    declared=st.lists(inputs(), max_size=5),
    arguments=st.lists(
        st.sampled_from(
            ["a", {"valueFrom": "b", "position": 1}, {"valueFrom": "c", "prefix": "-c"}]
        ),
        max_size=3,
    ),
)
@settings(max_examples=150, deadline=None)
def test_command_lines_are_those_of_cwltool(declared: Any, arguments: list[Any]) -> None:
    names = [f"i{number}" for number in range(len(declared))]
    made = {name: one for name, (one, _) in zip(names, declared, strict=True)}
    order = {name: value for name, (_, value) in zip(names, declared, strict=True)}
    document = tool("echo", inputs=made, arguments=arguments)
    lane = fast_lane(document)
    assert lane is not None
    own = FastJob(lane, order, Path("/job")).command()
    process = payload._load(document)
    [job] = process.job(dict(order), None, RuntimeContext({"basedir": "/", "use_container": False}))
    assert own == job.command_line


@pytest.mark.parametrize(
    "change",
    [
        {"stdout": "$(inputs.f.basename)"},
        {"arguments": ["$(runtime.cores)"]},
        {"requirements": [{"class": "ShellCommandRequirement"}]},
        {"requirements": [{"class": "InitialWorkDirRequirement", "listing": []}]},
        {"requirements": [{"class": "DockerRequirement", "dockerPull": "debian"}]},
        {"requirements": [{"class": "EnvVarRequirement", "envDef": []}]},
        {"requirements": [{"class": "ToolTimeLimit", "timelimit": 3}]},
        {"outputs": [{"id": "o", "type": "int", "outputBinding": {"glob": "o"}}]},
        {"outputs": [{"id": "o", "type": "Directory", "outputBinding": {"glob": "o"}}]},
        {"outputs": [{"id": "o", "type": "File", "outputBinding": {"glob": "../o"}}]},
        {"outputs": [FILE | {"id": "o", "secondaryFiles": [{"pattern": ".i"}]}]},
        {
            "outputs": [
                {"id": "o", "type": "File", "outputBinding": {"glob": "o", "outputEval": "$(1)"}}
            ]
        },
        {"inputs": [{"id": "f", "type": "Directory"}]},
        {"inputs": [{"id": "f", "type": "float"}]},
        {"inputs": [{"id": "f", "type": "File", "secondaryFiles": [{"pattern": ".i"}]}]},
        {"inputs": [{"id": "f", "type": "File", "inputBinding": {"valueFrom": "$(self.size)"}}]},
        {"inputs": [{"id": "f", "type": "File", "format": "edam:1"}]},
        {"inputs": [{"id": "f", "type": ["File", "string"]}]},
    ],
    ids=str,
)
def test_what_is_not_simple_is_left_to_cwltool(change: dict[str, Any]) -> None:
    assert fast_lane(tool("cat", {"o": FILE}, stdout="o")) is not None
    assert fast_lane(tool("cat", {"o": FILE}, stdout="o") | change) is None


def test_a_step_with_settings_of_its_own_is_left_to_cwltool() -> None:
    document = step(tool("cat", inputs={"f": FIRST}))
    assert fast_lane(document) is not None
    for change in ({"when": "$(true)"}, {"scatter": "f"}):
        [only] = document["steps"]
        assert fast_lane(document | {"steps": [only | change]}) is None
    [only] = document["steps"]
    [link] = only["in"]
    for change in ({"valueFrom": "$(self)"}, {"source": ["f", "f"]}, {"default": 1}):
        changed = only | {"in": [link | change]}
        assert fast_lane(document | {"steps": [changed]}) is None


@pytest.mark.parametrize(
    "value",
    [
        {"class": "File", "basename": "x", "contents": "a"},
        {"class": "File", "location": "file:///a", "secondaryFiles": []},
        "text",
        None,
        [{"class": "File", "location": "file:///a"}],
    ],
    ids=str,
)
def test_a_value_that_is_unusual_is_left_to_cwltool(value: Any) -> None:
    lane = fast_lane(tool("cat", inputs={"f": FIRST}))
    assert lane is not None
    with pytest.raises(Unusual):
        FastJob(lane, {"f": value}, Path("/job"))


def test_a_lane_comes_back_from_json() -> None:
    lane = fast_lane(step(CASES["input"]))
    assert lane is not None
    assert FastLane.from_json(json.loads(json.dumps(lane, default=vars))) == lane
