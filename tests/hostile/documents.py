"""Hostile documents: what an upload must refuse, or take without harm. Generated, by family."""

from collections.abc import Iterator
from dataclasses import dataclass, field

TOOL = (
    "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: cat\ninputs: {f: File}\noutputs: {}\n"
)
CANARY = "canary-b7f1c2"
"""Stands in files that no document may reach; the test puts it there."""


@dataclass(frozen=True)
class Upload:
    """A bundle, and whether it may compile at all: if so, without what it was after."""

    family: str
    name: str
    documents: dict[str, str]
    main: str = "main.cwl"
    may_compile: bool = False
    needle: str = field(default="", compare=False)


def uploads(secret: str) -> Iterator[Upload]:
    """Yield all; ``secret`` is the path of a file that holds the canary."""
    yield from _reaching(secret)
    yield from _bombs()
    yield from _cycles()
    yield from _names()
    yield from _identifiers()
    yield from _numbers()
    yield from _containers()


_MECHANISMS = {
    "run": "class: Workflow\ninputs: {{f: File}}\noutputs: {{}}\n"
    "steps: {{s: {{run: '{at}', in: {{f: f}}, out: []}}}}\n",
    "$import": "class: CommandLineTool\nbaseCommand: cat\ninputs: {{$import: '{at}'}}\noutputs: {{}}\n",
    "$include": "class: CommandLineTool\nbaseCommand: cat\ndoc: {{$include: '{at}'}}\n"
    "inputs: {{f: File}}\noutputs: {{}}\n",
    "expressionLib": "class: CommandLineTool\nbaseCommand: cat\n"
    "requirements: {{InlineJavascriptRequirement: {{expressionLib: [{{$include: '{at}'}}]}}}}\n"
    "inputs: {{f: File}}\noutputs: {{}}\n",
    "SchemaDef": "class: CommandLineTool\nbaseCommand: cat\n"
    "requirements: {{SchemaDefRequirement: {{types: [{{$import: '{at}'}}]}}}}\n"
    "inputs: {{f: File}}\noutputs: {{}}\n",
    "default": "class: CommandLineTool\nbaseCommand: cat\noutputs: {{}}\n"
    "inputs: {{f: File, g: {{type: File, default: {{class: File, location: '{at}'}}}}}}\n",
    "default path": "class: CommandLineTool\nbaseCommand: cat\noutputs: {{}}\n"
    "inputs: {{f: File, g: {{type: File, default: {{class: File, path: '{at}'}}}}}}\n",
    "InitialWorkDir": "class: CommandLineTool\nbaseCommand: cat\ninputs: {{f: File}}\noutputs: {{}}\n"
    "requirements: {{InitialWorkDirRequirement: {{listing: [{{class: File, location: '{at}'}}]}}}}\n",
    "entry": "class: CommandLineTool\nbaseCommand: cat\ninputs: {{f: File}}\noutputs: {{}}\n"
    "requirements: {{InitialWorkDirRequirement: {{listing: "
    "[{{entryname: x, entry: {{$include: '{at}'}}}}]}}}}\n",
    "$schemas": "class: CommandLineTool\nbaseCommand: cat\ninputs: {{f: File}}\noutputs: {{}}\n"
    "$schemas: ['{at}']\n",
    "$mixin": "class: CommandLineTool\nbaseCommand: cat\ninputs: {{f: {{$mixin: '{at}'}}}}\noutputs: {{}}\n",
}
_HARMLESS = ("$schemas",)
"""Never read, so a document that has it is taken."""


def _reaching(secret: str) -> Iterator[Upload]:
    places = {
        "file URL": f"file://{secret}",
        "absolute": secret,
        "upwards": "../" * 12 + secret.lstrip("/"),
        "encoded": "%2e%2e/" * 12 + secret.lstrip("/"),
        "http": "http://127.0.0.1:9/x.cwl",
        "https": "https://example.invalid/x.cwl",
        "ftp": "ftp://127.0.0.1/x",
        "environment": "file:///proc/self/environ",
    }
    for mechanism, text in _MECHANISMS.items():
        for place, at in places.items():
            main = "cwlVersion: v1.2\n" + text.format(at=at)
            harmless = mechanism in _HARMLESS
            yield Upload(
                "reaching out", f"{mechanism} {place}", {"main.cwl": main}, may_compile=harmless
            )


def _bombs() -> Iterator[Upload]:
    laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]\n"
        for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    texts = {
        "billion laughs": laughs + TOOL,
        "merge keys": "a: &a {x: 1}\nb: &b {<<: [*a, *a]}\nc: {<<: [*b, *b]}\n" + TOOL,
        "an anchor in itself": "a: &a [*a]\n" + TOOL,
        "lists in lists": TOOL + "doc: " + "[" * 5000 + "]" * 5000,
        "mappings in mappings": TOOL + "hints: " + "{a: " * 5000 + "1" + "}" * 5000,
        "indented for ever": "".join(" " * n + f"k{n}:\n" for n in range(3000)),
        "a huge scalar": TOOL + "doc: " + "x" * 5_000_000,
        "a huge key": TOOL + "x" * 100_000 + ": 1",
        "a million keys": TOOL + "".join(f"k{n}: 1\n" for n in range(300_000)),
        "a million steps": "cwlVersion: v1.2\nclass: Workflow\ninputs: {}\noutputs: {}\nsteps:\n"
        + "".join(f"  s{n}: {{run: main.cwl, in: {{}}, out: []}}\n" for n in range(50_000)),
        "a Python object": TOOL + 'doc: !!python/object/apply:os.system ["id"]',
        "a Python name": TOOL + "doc: !!python/name:os.system",
        "an unknown tag": TOOL + "doc: !x/y {}",
        "many documents": (TOOL + "---\n") * 2000,
        "NUL": TOOL + "doc: 'a\0b'",
        "an escape sequence": TOOL + "doc: \x1b[31m",
        "half a surrogate": TOOL + 'doc: "\\ud800"',
        "a number of a million digits": TOOL + "doc: " + "9" * 1_000_000,
        "a date": TOOL + "doc: 2001-02-30",
        "tabs": "cwlVersion:\tv1.2\n\tclass: CommandLineTool",
        "nothing": "",
        "a list": "[1, 2]",
        "JSON in JSON": '{"cwlVersion": "v1.2", "class": ' + '{"class": ' * 3000 + "1" + "}" * 3001,
        "duplicate keys": TOOL + "class: Workflow\nclass: CommandLineTool\n",
    }
    harmless = ("duplicate keys", "a date", "a huge key", "many documents", "half a surrogate")
    harmless += ("merge keys", "a number of a million digits", "an unknown tag")
    for name, text in texts.items():
        yield Upload("bombs", name, {"main.cwl": text}, may_compile=name in harmless)


def _cycles() -> Iterator[Upload]:
    head = "cwlVersion: v1.2\nclass: Workflow\ninputs: {f: File}\noutputs: {}\nsteps:\n"
    one = "  s: {run: %s, in: {f: f}, out: []}\n"
    yield Upload("cycles", "runs itself", {"main.cwl": head + one % "main.cwl"})
    yield Upload("cycles", "runs itself by a part", {"main.cwl": head + one % "'#main'"})
    two = {"main.cwl": head + one % "other.cwl", "other.cwl": head + one % "main.cwl"}
    yield Upload("cycles", "two run each other", two)
    ladder = {
        "main.cwl": head
        + "".join(f"  s{k}: {{run: l1.cwl, in: {{f: f}}, out: []}}\n" for k in range(9))
    }
    for n in range(1, 30):
        rows = "".join(f"  s{k}: {{run: l{n + 1}.cwl, in: {{f: f}}, out: []}}\n" for k in range(9))
        ladder[f"l{n}.cwl"] = head + rows
    yield Upload("cycles", "a ladder of 9 to the 30th", ladder | {"l30.cwl": TOOL})
    chain = {f"c{n}.cwl": head + one % f"c{n + 1}.cwl" for n in range(400)}
    yield Upload(
        "cycles", "four hundred deep", chain | {"c400.cwl": TOOL, "main.cwl": head + one % "c0.cwl"}
    )
    yield Upload("cycles", "imports itself", {"main.cwl": "$import: main.cwl\n"})
    yield Upload(
        "cycles",
        "includes itself",
        {"main.cwl": TOOL + "doc: {$include: main.cwl}\n"},
        may_compile=True,
    )
    graph = "cwlVersion: v1.2\n$graph:\n- {id: a, class: Workflow, inputs: {}, outputs: {}, steps: {s: {run: '#a', in: {}, out: []}}}\n"
    yield Upload("cycles", "a graph that runs itself", {"main.cwl": graph}, main="main.cwl#a")
    own = (
        head
        + "  a: {run: tool.cwl, in: {f: b/o}, out: [o]}\n  b: {run: tool.cwl, in: {f: a/o}, out: [o]}\n"
    )
    tool = TOOL.replace("outputs: {}", "outputs: {o: stdout}\nstdout: o")
    yield Upload("cycles", "steps that wait for each other", {"main.cwl": own, "tool.cwl": tool})


def _names() -> Iterator[Upload]:
    names = ["../x.cwl", "/etc/x.cwl", "a//b.cwl", "a/../../x.cwl", "", ".", "..", "a/.", "./x"]
    names += ["a\0b", "a\nb", "\x1b[31mred", "\u202egnp.cwl", "back\\slash", "x" * 5000, "\x7f"]
    for name in names:
        yield Upload("names of files", repr(name[:20]), {"main.cwl": TOOL, name: TOOL})
    for name in (
        "$(id).cwl",
        "; rm -rf ~;.cwl",
        "`id`.cwl",
        "--help.cwl",
        "a b.cwl",
        "*.cwl",
        "~root.cwl",
    ):
        yield Upload("names of files", repr(name), {name: TOOL}, main=name, may_compile=True)


def _identifiers() -> Iterator[Upload]:
    for name in (
        "$(touch x)",
        "; id",
        "`id`",
        "a\nb",
        "../up",
        "a/b",
        "a#b",
        "\u202e",
        "-rf",
        "",
        "x" * 5000,
    ):
        quoted = '"' + name.encode("unicode_escape").decode() + '"'
        ports = f"inputs: {{{quoted}: File}}\noutputs: {{{quoted}: stdout}}\nstdout: o\n"
        tool = "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: cat\n" + ports
        yield Upload("identifiers", f"port {name[:20]!r}", {"main.cwl": tool}, may_compile=True)
        steps = f"steps: {{{quoted}: {{run: tool.cwl, in: {{f: f}}, out: []}}}}\n"
        flow = "cwlVersion: v1.2\nclass: Workflow\ninputs: {f: File}\noutputs: {}\n" + steps
        documents = {"main.cwl": flow, "tool.cwl": TOOL}
        yield Upload("identifiers", f"step {name[:20]!r}", documents, may_compile=True)


def _numbers() -> Iterator[Upload]:
    for field_name, value in (
        *(
            ("coresMin", "1e308"),
            ("coresMin", "-1"),
            ("ramMin", "1e30"),
            ("ramMin", ".nan"),
            ("coresMin", ".inf"),
        ),
        *(("ramMin", "99999999999999999999"), ("coresMin", '"$(1/0)"'), ("tmpdirMin", "-5")),
    ):
        need = f"requirements: {{ResourceRequirement: {{{field_name}: {value}}}}}\n"
        yield Upload(
            "numbers", f"{field_name} {value}", {"main.cwl": TOOL + need}, may_compile=True
        )
    for value in ("-1", "1e300", "99999999999999999999", '"$(1)"', ".nan"):
        need = f"requirements: {{ToolTimeLimit: {{timelimit: {value}}}}}\n"
        yield Upload("numbers", f"timelimit {value}", {"main.cwl": TOOL + need}, may_compile=True)


def _containers() -> Iterator[Upload]:
    for key, value in (
        *(("dockerLoad", "file:///etc/shadow"), ("dockerLoad", "http://127.0.0.1:9/x.tar")),
        *(("dockerImport", "http://127.0.0.1:9/x"), ("dockerFile", '"FROM scratch\\nCOPY / /"')),
    ):
        need = f"requirements: {{DockerRequirement: {{{key}: {value}, dockerImageId: x}}}}\n"
        yield Upload("containers", f"{key} {value[:20]}", {"main.cwl": TOOL + need})
    need = 'requirements: {DockerRequirement: {dockerPull: "x; id --privileged -v /:/host"}}\n'
    yield Upload(
        "containers", "dockerPull with options", {"main.cwl": TOOL + need}, may_compile=True
    )
