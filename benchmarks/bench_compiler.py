"""Compiling a document of ten steps in the warm compiler, sandbox included."""

import asyncio
import statistics
import time

from benchmarks.figure import Figure
from recipe.compiler import CompileRequest, WarmCompiler

STEPS = 10
ROUNDS = 15
TOOL = """
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: {file: {type: File, inputBinding: {position: 1}}}
outputs: {made: {type: stdout}}
stdout: made
"""


def run() -> list[Figure]:
    """Measure."""
    return [Figure("ten steps, warm compiler", round(asyncio.run(_measure())), "ms", 200, False)]


async def _measure() -> float:
    request = CompileRequest(documents=_documents(), main="chain.cwl")
    taken = []
    async with WarmCompiler() as compiler:
        await compiler(request)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await compiler(request)
            taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def _documents() -> dict[str, str]:
    """Return a chain in which each step has a tool of its own."""
    rows, source = [], "raw"
    for number in range(STEPS):
        rows.append(f"  s{number}: {{run: t{number}.cwl, in: {{file: {source}}}, out: [made]}}")
        source = f"s{number}/made"
    head = "cwlVersion: v1.2\nclass: Workflow\ninputs: {raw: File}\noutputs: {}\nsteps:\n"
    tools = {f"t{number}.cwl": TOOL for number in range(STEPS)}
    return {"chain.cwl": head + "\n".join(rows) + "\n"} | tools
