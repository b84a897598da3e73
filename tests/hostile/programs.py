"""Hostile programs: what a job must not reach, and what must not reach beyond it. By family."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Program:
    """A tool. ``ends`` are the states that its task may end in."""

    family: str
    name: str
    tool: dict[str, Any]
    ends: tuple[str, ...] = ("FAILED",)


@dataclass(frozen=True)
class Targets:
    """What is on the machine that no job may touch."""

    secret: str
    port: int
    bystander: int
    other: str


ANY = ("FAILED", "FINISHED", "CANCELLED")
_OUT = {"type": "stdout"}


def _tool(command: list[str], outputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a tool that runs a command; what it prints is its output unless it has others."""
    hints = {"penstock:Task": {"retry": 0}}
    made = {"cwlVersion": "v1.2", "class": "CommandLineTool", "baseCommand": command}
    own = outputs if outputs is not None else {"o": _OUT}
    head = {"stdout": "o.txt"} if own == {"o": _OUT} else {}
    return made | head | {"inputs": {"f": "File"}, "outputs": own, "hints": hints} | more


def _shell(text: str, outputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return _tool(["sh", "-c", text], outputs, **more)


def _python(text: str, outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    return _tool(["python3", "-I", "-c", text], outputs)


def _script(expression: str) -> dict[str, Any]:
    needs = {"requirements": {"InlineJavascriptRequirement": {}}}
    return _tool(["echo"], arguments=[expression], **needs)


def programs(at: Targets) -> Iterator[Program]:
    """Yield all."""
    yield from _javascript()
    yield from _reading(at)
    yield from _writing(at)
    yield from _network(at)
    yield from _processes(at)
    yield from _resources()
    yield from _outputs(at)
    yield from _rights()


def _javascript() -> Iterator[Program]:
    texts = {
        "loops": "${while (true) {}}",
        "eats memory": "${var a = []; while (true) a.push(new Array(1e6).join('x'));}",
        "recurses": "${function f() { return f() + 1; } return f();}",
        "a catastrophic pattern": "${return /^(a+)+$/.test(new Array(60).join('a') + 'b') ? 'y' : 'n';}",
        "a huge answer": "${return new Array(3e8).join('x');}",
        "asks for the process": "${return globalThis.constructor.constructor('return process')().env.HOME;}",
        "requires a module": "${return require('fs').readFileSync('/etc/passwd');}",
        "imports a module": "${return import('os');}",
        "throws": "${throw new Error('no');}",
        "is no script": "${return ((;}",
    }
    for name, text in texts.items():
        yield Program(
            "JavaScript", name, _script(text), ANY if name == "imports a module" else ("FAILED",)
        )


def _reading(at: Targets) -> Iterator[Program]:
    for name, path in (
        *(
            ("a secret", at.secret),
            ("another job's input", at.other),
            ("/etc/shadow", "/etc/shadow"),
        ),
        *(("a secret by /proc", f"/proc/1/root{at.secret}"), ("a key", "/root/.ssh/id_rsa")),
        *(("our environment", f"/proc/{at.bystander}/environ"), ("memory", "/dev/mem")),
    ):
        yield Program("reading", name, _shell(f"cat {path}"))
    yield Program(
        "reading", "a link to a secret", _shell(f"ln -s {at.secret} o", {"o": _glob("o")})
    )
    yield Program("reading", "a hard link", _shell(f"ln {at.secret} o", {"o": _glob("o")}))
    yield Program(
        "reading",
        "a link to a folder",
        _shell(f"ln -s $(dirname {at.secret}) d", {"d": _glob("d", "Directory")}),
    )
    yield Program(
        "reading", "a pattern upwards", _shell("true", {"o": _glob("../../*/*", ["File"])}), ANY
    )
    yield Program("reading", "an absolute pattern", _shell("true", {"o": _glob(at.secret)}))
    yield Program("reading", "our variables", _shell("env"), ANY)
    yield Program(
        "reading", "open files", _shell("ls -l /proc/self/fd; cat /proc/self/fd/[3-9] || true"), ANY
    )
    yield Program(
        "reading", "all of the disk", _shell("find / -name 'secret*' 2>/dev/null; true"), ANY
    )


def _glob(pattern: str, kind: Any = "File") -> dict[str, Any]:
    cwl_type = {"type": "array", "items": kind[0]} if isinstance(kind, list) else kind
    return {"type": cwl_type, "outputBinding": {"glob": pattern}}


def _writing(at: Targets) -> Iterator[Program]:
    for name, text in {
        "over a secret": f"echo over > {at.secret}",
        "over another's input": f"echo over > {at.other}",
        "into the system": "echo x > /usr/bin/penstock-was-here",
        "into /etc": "echo x > /etc/penstock-was-here",
        "the root": "mkdir /penstock-was-here",
        "removes a secret": f"rm -f {at.secret} && test ! -e {at.secret} && cat {at.secret}",
        "upwards": "echo x > ../../../penstock-was-here",
        "into the interpreter": "echo x > $(python3 -c 'import os; print(os.__file__)')",
        "a schedule": "echo '* * * * * root id' > /etc/cron.d/x",
    }.items():
        yield Program("writing", name, _shell(text))
    entry = {"entryname": "../../up", "entry": "x"}
    listing = {"requirements": {"InitialWorkDirRequirement": {"listing": [entry]}}}
    yield Program("writing", "an entry upwards", _shell("true", **listing))
    entry = {"entryname": "/etc/penstock-was-here", "entry": "x"}
    listing = {"requirements": {"InitialWorkDirRequirement": {"listing": [entry]}}}
    yield Program("writing", "an absolute entry", _shell("true", **listing))


def _network(at: Targets) -> Iterator[Program]:
    for name, text in {
        "TCP": f"socket.create_connection(('127.0.0.1', {at.port}), 2)",
        "UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))",
        "IPv6": f"socket.create_connection(('::1', {at.port}), 2)",
        "a server": "socket.create_server(('0.0.0.0', 0))",
        "names": "socket.getaddrinfo('example.org', 80)",
        "raw packets": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "an abstract socket": "socket.socket(socket.AF_UNIX).connect('\\0penstock')",
        "the engine's socket": "socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
    }.items():
        yield Program("network", name, _python(f"import socket; {text}"))


def _processes(at: Targets) -> Iterator[Program]:
    yield Program("processes", "kills all", _shell("kill -9 -1"), ANY)
    yield Program("processes", "kills the first", _shell("kill -9 1; echo on"), ANY)
    yield Program("processes", "kills a bystander", _shell(f"kill -9 {at.bystander}"))
    yield Program("processes", "kills its parent", _shell("kill -9 $PPID; sleep 1"), ANY)
    forks = "import os, time\nfor _ in range(400):\n    if os.fork() == 0:\n        time.sleep(60)"
    yield Program("processes", "forks and forks", _python(forks))
    yield Program(
        "processes", "stays behind", _shell("(setsid sh -c 'sleep 30; echo' &) ; echo gone"), ANY
    )
    stays = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(60)\n"
    yield Program("processes", "a daemon", _python(stays), ANY)
    yield Program(
        "processes", "ignores the end", _shell("trap '' TERM INT HUP; while true; do sleep 1; done")
    )
    yield Program("processes", "stops itself", _shell("kill -STOP $$"))
    yield Program("processes", "computes for ever", _python("while True: pass"))


def _resources() -> Iterator[Program]:
    yield Program("resources", "memory", _python("a = bytearray(3 << 30)"))
    yield Program(
        "resources",
        "memory by several",
        _shell(
            "for i in 1 2 3 4 5 6; do python3 -c 'import time; a = bytearray(b\"x\") * (150 << 20); time.sleep(30)' & done; wait"
        ),
    )
    yield Program("resources", "a big file", _shell("dd if=/dev/zero of=big bs=1M count=300"))
    yield Program(
        "resources", "a file with holes", _shell("truncate -s 1T holes", {"o": _glob("holes")})
    )
    yield Program(
        "resources",
        "many big files",
        _shell(
            "for i in $(seq 60); do dd if=/dev/zero of=b$i bs=1M count=20 2>/dev/null; done; sleep 5"
        ),
    )
    yield Program("resources", "many files", _shell("seq 4000 | xargs touch; sleep 3"))
    yield Program("resources", "a flood", _shell("yes >&2"))
    yield Program(
        "resources", "shared memory", _shell("dd if=/dev/zero of=/dev/shm/x bs=1M count=600")
    )
    yield Program("resources", "/tmp", _shell("dd if=/dev/zero of=/tmp/x bs=1M count=600"))
    yield Program(
        "resources",
        "deep folders",
        _python("import os\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')"),
        ANY,
    )
    yield Program("resources", "long names", _python("open('x' * 250, 'w'); open('y' * 5000, 'w')"))
    yield Program(
        "resources",
        "locked folders",
        _shell("mkdir -p a/b && touch a/b/c && chmod 000 a/b a && echo done"),
        ANY,
    )


def _outputs(at: Targets) -> Iterator[Program]:
    yield Program("outputs", "a pipe", _shell("mkfifo o", {"o": _glob("o")}))
    yield Program("outputs", "a device", _shell("ln -s /dev/zero o", {"o": _glob("o")}))
    yield Program(
        "outputs",
        "a socket",
        _python("import socket; socket.socket(socket.AF_UNIX).bind('o')", {"o": _glob("o")}),
    )
    told = json.dumps({"o": {"class": "File", "path": at.secret}})
    yield Program(
        "outputs", "told elsewhere", _shell(f"echo '{told}' > cwl.output.json", {"o": _glob("o")})
    )
    yield Program("outputs", "no JSON", _shell("echo '{' > cwl.output.json", {"o": _glob("o")}))
    big = "python3 -c \"print('{\\\"o\\\": \\\"' + 'x' * 90_000_000 + '\\\"}')\" > cwl.output.json"
    yield Program("outputs", "a huge answer", _shell(big, {"o": {"type": "string"}}))
    for name in ("payload.log", "result.json", "job.json"):
        yield Program(
            "outputs",
            f"a link for {name}",
            _shell(f"rm -f ../{name}; ln -s {at.secret} ../{name}; echo x"),
            ANY,
        )
    yield Program(
        "outputs",
        "a pipe for the log",
        _shell("rm -f ../payload.log; mkfifo ../payload.log; exit 1"),
    )
    link = f"ln -s {at.secret} ../o.object.json; echo 1 > o"
    number = {
        "type": "int",
        "outputBinding": {"glob": "o", "loadContents": True, "outputEval": "$(1)"},
    }
    yield Program(
        "outputs",
        "a link for an object",
        _shell(link, {"o": number}, requirements={"InlineJavascriptRequirement": {}}),
        ANY,
    )
    yield Program(
        "outputs",
        "names with escapes",
        _python("open('\\x1b[31m\\n', 'w')", {"o": _glob("*", ["File"])}),
        ANY,
    )
    yield Program(
        "outputs",
        "names that are no text",
        _python("open(b'\\xff\\xfe', 'w')", {"o": _glob("*", ["File"])}),
        ANY,
    )


def _rights() -> Iterator[Program]:
    for name, text in {
        "becomes root": "os.setuid(0); open('/etc/shadow')",
        "mounts": "import ctypes; assert ctypes.CDLL(None).mount(b'x', b'/', b'tmpfs', 0, None) == 0",
        "a new namespace": "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0",
        "traces": "import ctypes; assert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0",
        "a device": "os.mknod('dev', 0o60666, os.makedev(8, 0)); open('dev')",
        "another root": "os.chroot('.')",
        "the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
        "a higher limit": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (99999, 99999))",
        "priority": "os.nice(-10)",
    }.items():
        yield Program("rights", name, _python(f"import os; {text}"))
    yield Program(
        "rights", "setuid", _shell("cp /bin/sh s && chmod 4755 s && ./s -p -c 'cat /etc/shadow'")
    )
