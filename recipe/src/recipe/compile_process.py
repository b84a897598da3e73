"""The program ``penstock-compile``: one JSON request in, one JSON answer out, within limits.

A ``CompileRequest`` on standard input gives ``{recipe}`` or ``{error}`` on standard output. Limits
are set before anything heavy is imported or any document is read.
"""

import json
import logging
import os
import resource
import sys
from typing import Any

CPU_S = 30
MEMORY_MIB = 2048
OPEN_FILES = 64
FILE_BYTES = 1024 * 1024


def main() -> int:
    """Answer the request on standard input; return 0, for an error is an answer too.

    Arguments, both optional: seconds of processor time, MiB of address space.
    """
    cpu_s, memory_mib = [*map(int, sys.argv[1:3]), *(CPU_S, MEMORY_MIB)[len(sys.argv[1:3]) :]]
    _limit(cpu_s, memory_mib)
    answer = _own_stdout()
    try:
        content = _answer(json.load(sys.stdin))
    except MemoryError:
        content = _failure(f"compiling takes more than {memory_mib} MiB of memory")
    except Exception as error:  # the process's last line
        content = _failure(f"the compiler failed: {type(error).__name__}: {error}")
    with os.fdopen(answer, "w", encoding="utf-8") as stream:
        json.dump(content, stream)
    return 0


def _limit(cpu_s: int, memory_mib: int) -> None:
    memory = memory_mib * 1024 * 1024
    for what, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
    ):
        _, hard = resource.getrlimit(what)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # Of the processor's, only the soft limit ends a process by a signal that tells why.
        resource.setrlimit(what, (soft, hard if what == resource.RLIMIT_CPU else soft))


def _own_stdout() -> int:
    """Return a descriptor for the answer alone; what libraries print goes to standard error."""
    answer = os.dup(1)
    os.dup2(2, 1)
    logging.getLogger("cwltool").setLevel(logging.ERROR)
    logging.getLogger("salad").setLevel(logging.ERROR)
    return answer


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    # Imported here, under the limits: this is the heavy part.
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
        )
    except PenstockError as error:
        return {"error": error.as_json()}
    return {"recipe": recipe.model_dump(mode="json")}


def _failure(message: str) -> dict[str, Any]:
    return {
        "error": {
            "error": "InvalidTemplate",
            "detail": message,
            "hint": "Make the documents smaller, or use fewer nested workflows.",
            "field": "",
            "facts": {"diagnostics": []},
        }
    }


if __name__ == "__main__":
    sys.exit(main())
