"""Every hostile document is refused with its reason, or taken without what it was after."""

from pathlib import Path

import pytest
from tests.hostile.documents import CANARY, TOOL, uploads
from tests.hostile.tally import Tally

from penstock_core.errors import InvalidTemplate
from recipe.compiler import CompileRequest, Limits, WarmCompiler

LIMITS = Limits(cpu_s=5, memory_mib=600)


async def test_hostile_documents_do_no_harm(tmp_path: Path, tally: Tally) -> None:
    secret = tmp_path / "secret.cwl"
    secret.write_text(f"# {CANARY}\n{TOOL}")
    escaped = []
    async with WarmCompiler(limits=LIMITS, timeout_s=20) as compiler:
        for case in uploads(str(secret)):
            request = CompileRequest(documents=case.documents, main=case.main)
            try:
                recipe = await compiler(request)
            except InvalidTemplate as error:
                told = f"{error.message} {error.hint}"
                harmless = (
                    CANARY not in told and len(error.message) > 10 and error.message.isprintable()
                )
                tally.add(case.family, case.name, "refused" if harmless else "escaped")
                if not harmless:
                    escaped.append((case.name, error.message[:300]))
                continue
            harmless = case.may_compile and CANARY not in recipe.model_dump_json()
            tally.add(case.family, case.name, "contained" if harmless else "escaped")
            if not harmless:
                escaped.append((case.name, "it was compiled"))
        innocent = await compiler(CompileRequest(documents={"main.cwl": TOOL}, main="main.cwl"))
    assert escaped == []
    assert len(innocent.steps) == 1


async def test_a_bundle_has_a_largest_size() -> None:
    documents = {"main.cwl": TOOL, "big.txt": "x" * 5_000_000}
    async with WarmCompiler() as compiler:
        with pytest.raises(InvalidTemplate, match="larger than 4096 KiB"):
            await compiler(CompileRequest(documents=documents, main="main.cwl"))
