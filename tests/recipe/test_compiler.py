"""The compiler as a child process: same recipe, clear errors, and no harm."""

import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest

from penstock_core.errors import InvalidTemplate, ServiceUnavailable
from recipe.compile import compile
from recipe.compiler import CompileRequest, Limits, WarmCompiler, compile_in_child
from recipe.digest import recipe_digest


def request(documents: dict[str, str], main: str = "chain.cwl") -> CompileRequest:
    return CompileRequest(documents=documents, main=main)


async def test_a_child_gives_the_recipe_that_the_function_gives(chain: dict[str, str]) -> None:
    recipe = await compile_in_child(request(chain))
    assert recipe == compile(chain, "chain.cwl")
    assert recipe_digest(recipe) == recipe_digest(compile(chain, "chain.cwl"))


async def test_an_error_comes_back_with_its_diagnostics(chain: dict[str, str]) -> None:
    with pytest.raises(InvalidTemplate, match=r"chain\.cwl:2:2: not YAML") as caught:
        await compile_in_child(request({"chain.cwl": "a: [1\nb: 2\n"}))
    assert caught.value.facts["diagnostics"][0]["line"] == 2


async def test_too_much_processor_time_is_a_clear_error(chain: dict[str, str]) -> None:
    with pytest.raises(InvalidTemplate, match="takes more than 1 s of processor time"):
        await compile_in_child(request(_wide(300)), limits=Limits(cpu_s=1))


async def test_too_much_memory_is_a_clear_error(chain: dict[str, str]) -> None:
    with pytest.raises(InvalidTemplate, match="more than 90 MiB of memory"):
        await compile_in_child(request(_wide(300)), limits=Limits(memory_mib=90))


async def test_a_compiler_that_does_not_answer_is_killed(chain: dict[str, str]) -> None:
    with pytest.raises(ServiceUnavailable, match=r"did not answer within 0\.05 s"):
        await compile_in_child(request(chain), timeout_s=0.05)


async def test_a_request_that_is_given_up_leaves_no_process(chain: dict[str, str]) -> None:
    waiting = asyncio.create_task(compile_in_child(request(chain)))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_the_program_answers_each_line_even_of_nonsense() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "recipe.compile_process"],
        input=b"nonsense\n[]\n",
        capture_output=True,
        check=True,
    )
    errors = [json.loads(line)["error"] for line in done.stdout.splitlines()]
    assert [error["error"] for error in errors] == ["InvalidTemplate", "InvalidTemplate"]
    assert "JSONDecodeError" in errors[0]["detail"]


async def test_one_compiler_serves_many_and_forgets_each(chain: dict[str, str]) -> None:
    async with WarmCompiler() as compiler:
        first = await compiler(request(chain))
        [process] = compiler._idle
        with pytest.raises(InvalidTemplate):
            await compiler(request({"chain.cwl": "a: [1\nb: 2\n"}))
        with pytest.raises(InvalidTemplate, match="there is no"):
            await compiler(request({}))
        assert await compiler(request(chain)) == first
        assert compiler._idle == [process]
    assert process.returncode is not None


async def test_a_compiler_that_was_killed_is_replaced(chain: dict[str, str]) -> None:
    async with WarmCompiler() as compiler:
        await compiler.warm()
        [process] = compiler._idle
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        with pytest.raises(ServiceUnavailable, match="was killed"):
            await compiler(request(chain))
        await compiler(request(chain))


async def test_several_requests_share_a_few_compilers(chain: dict[str, str]) -> None:
    async with WarmCompiler() as compiler:
        made = await asyncio.gather(*(compiler(request(chain)) for _ in range(5)))
        assert len({recipe_digest(recipe) for recipe in made}) == 1
        assert len(compiler._idle) <= 2


def test_light_modules_do_not_import_cwltool() -> None:
    names = "recipe, recipe.model, recipe.plan, recipe.matching, recipe.compiler, recipe.digest"
    code = f"import sys, {names}; sys.exit('cwltool' in sys.modules or 'ruamel' in sys.modules)"
    assert subprocess.run([sys.executable, "-I", "-c", code]).returncode == 0


def _wide(steps: int) -> dict[str, str]:
    """A workflow that passes every cap, and is much work all the same."""
    tool = "cwlVersion: v1.2\nclass: CommandLineTool\ninputs: {f: File}\noutputs: {}\n"
    rows = "".join(f"  s{n}: {{run: tool.cwl, in: {{f: f}}, out: []}}\n" for n in range(steps))
    head = "cwlVersion: v1.2\nclass: Workflow\ninputs: {f: File}\noutputs: {}\nsteps:\n"
    return {"chain.cwl": head + rows, "tool.cwl": tool}
