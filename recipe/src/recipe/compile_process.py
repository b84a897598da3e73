"""The program ``penstock-compile``: a line of JSON in, a line of JSON out, each in a child's cell.

A ``CompileRequest`` gives ``{recipe}`` or ``{error}``. The program itself loads cwltool once and
reads no document: each request is handled by a process forked for it, which is bound before it
looks at what it was asked, and gone when it has answered.
"""

import gc
import json
import logging
import os
import signal
import sys
from typing import Any, BinaryIO, NoReturn

from penstock_core.sandbox import House, Limits, Rung, bind, seccomp
from penstock_core.sandbox.processes import die_with_parent

CPU_S = 30
MEMORY_MIB = 2048
OPEN_FILES = 64
FILE_BYTES = 1024 * 1024
_READ_BYTES = 1 << 20
HINT = "Make the documents smaller, or use fewer nested workflows."
WARM_UP = {
    "warm.cwl": """
cwlVersion: {version}
class: Workflow
inputs: {{files: "File[]"}}
outputs: {{made: {{type: "File[]", outputSource: each/made}}}}
requirements: {{ScatterFeatureRequirement: {{}}}}
steps:
  each: {{in: {{file: files}}, out: [made], scatter: file, run: tool.cwl}}
  again: {{in: {{file: files}}, out: [made], scatter: file, run: tool.cwl}}
""",
    "tool.cwl": """
cwlVersion: {version}
class: CommandLineTool
baseCommand: cat
inputs: {{file: {{type: File, inputBinding: {{position: 1}}}}}}
outputs: {{made: stdout}}
stdout: made
""",
}


def main() -> int:
    """Answer the requests on standard input; return 0, for an error is an answer too.

    Arguments, all optional: what holds it in, seconds of processor time, MiB of memory.
    """
    given = dict(enumerate(sys.argv[1:]))
    rung = Rung(given.get(0, Rung.NONE))
    cpu_s, memory_mib = int(given.get(1, CPU_S)), int(given.get(2, MEMORY_MIB))
    limits = Limits(cpu_s, memory_mib << 20, FILE_BYTES, OPEN_FILES)
    answers = _own_stdout()
    _warm()
    for line in sys.stdin.buffer:
        answers.write(_answer_in_child(line, rung, limits) + b"\n")
        answers.flush()
    return 0


def _own_stdout() -> BinaryIO:
    """Return a stream for the answers alone; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.getLogger("cwltool").setLevel(logging.ERROR)
    logging.getLogger("salad").setLevel(logging.ERROR)
    return answers


def _warm() -> None:
    """Load what every request needs, so that a fork finds it in memory."""
    from recipe.compile import VERSIONS, compile

    for version in VERSIONS:
        documents = {name: text.format(version=version) for name, text in WARM_UP.items()}
        compile(documents, "warm.cwl")
    House().system  # noqa: B018 - asked for here, it is known in every child
    seccomp.warm()
    gc.collect()
    gc.freeze()


def _answer_in_child(line: bytes, rung: Rung, limits: Limits) -> bytes:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _become_compiler(line, writing, rung, limits)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        answer = stream.read()
    _, status = os.waitpid(child, 0)
    return answer if status == 0 else json.dumps(_died(status, limits)).encode()


def _become_compiler(line: bytes, writing: int, rung: Rung, limits: Limits) -> NoReturn:
    code = 1
    try:
        die_with_parent()
        bind(rung, limits, House().system)
        content = _content(line, limits)
        with os.fdopen(writing, "wb") as stream:
            stream.write(json.dumps(content).encode())
        code = 0
    finally:
        os._exit(code)


def _content(line: bytes, limits: Limits) -> dict[str, Any]:
    try:
        return _answer(json.loads(line))
    except MemoryError:
        most = limits.memory_bytes >> 20
        return _failure(f"compiling takes more than {most} MiB of memory")
    except Exception as error:  # the process's last line
        return _failure(f"the compiler failed: {type(error).__name__}: {error}")


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from penstock_core.errors import PenstockError
    from recipe.compile import compile
    from recipe.compiler import CompileRequest

    try:
        asked = CompileRequest.model_validate(request)
        recipe = compile(
            asked.documents,
            asked.main,
            asked.input,
            masks=asked.masks,
            values=asked.values,
            value_ranges=asked.value_ranges,
            draft=asked.draft,
        )
    except PenstockError as error:
        return {"error": error.as_json()}
    return {"recipe": recipe.model_dump(mode="json")}


def _died(status: int, limits: Limits) -> dict[str, Any]:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return _failure(f"compiling takes more than {limits.cpu_s} s of processor time")
    code = os.waitstatus_to_exitcode(status)
    # Out of memory, C code aborts where Python would have raised.
    perhaps = f"; perhaps it takes more than {limits.memory_bytes >> 20} MiB of memory"
    told = f"the compiler ended with code {code} and gave no answer"
    return _failure(told + perhaps * (code < 0))


def _failure(message: str) -> dict[str, Any]:
    error = {
        "error": "InvalidTemplate",
        "detail": message,
        "hint": HINT,
        "field": "",
        "facts": {"diagnostics": []},
    }
    return {"error": error}


if __name__ == "__main__":
    sys.exit(main())
