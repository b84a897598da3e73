"""What runs in a job's process: one CWL document, once, by cwltool.

Takes what ``job.json`` asks (``document``, ``order``, ``contained``) and writes ``result.json``:
``status`` (success, temporaryFail, permanentFail, refused), ``exit_code``, ``outputs``,
``error``, ``command``, and ``skipped``: whether the condition of its one step was false.
"""

import json
import logging
import os
from pathlib import Path
from typing import Any

import cwltool.process
from cwl_utils.sandboxjs import set_js_engine
from cwltool.errors import UnsupportedRequirement, WorkflowException
from cwltool.executors import SingleJobExecutor
from cwltool.load_tool import fetch_document, make_tool, resolve_and_validate_document
from cwltool.loghandler import _logger as cwltool_log
from cwltool.process import shortname
from schema_salad.exceptions import SchemaSaladException

from pilot.worker.contained import shown
from pilot.worker.context import loading_context, runtime_context
from pilot.worker.files import RESULT_NAME
from pilot.worker.javascript import QuickJsEngine
from pilot.worker.order import REQUIREMENTS, prepared
from pilot.worker.witness import Witness

DOCUMENT_ID = "file:///job.cwl"
WARM_DOCUMENT: dict[str, Any] = {
    "cwlVersion": "v1.2",
    "class": "CommandLineTool",
    "baseCommand": "true",
    "inputs": {},
    "outputs": {},
}


def warm() -> None:
    """Load what every job needs, so that a fork finds it in memory."""
    set_js_engine(QuickJsEngine())
    cwltool.process.get_schema("v1.2")
    _load(WARM_DOCUMENT)


def run(folder: Path, request: dict[str, Any]) -> None:
    """Run a job by cwltool and write its result into its folder."""
    witness = Witness()
    cwltool_log.handlers[:] = [witness]
    cwltool_log.setLevel(logging.INFO)
    nothing: dict[str, Any] = {"exit_code": None, "outputs": {}, "error": "", "skipped": False}
    result = nothing | _attempt(request, folder, witness)
    if witness.exit_code is not None:
        result["exit_code"] = witness.exit_code
    result["error"] = result["error"] or witness.errors
    result["command"] = shown(witness.command)
    write(folder, result)


def write(folder: Path, result: dict[str, Any]) -> None:
    """Write what became of a job: whole or not at all."""
    partial = folder / f"{RESULT_NAME}.partial"
    partial.write_text(json.dumps(result))
    os.replace(partial, folder / RESULT_NAME)


def _attempt(request: dict[str, Any], folder: Path, witness: Witness) -> dict[str, Any]:
    context = runtime_context(folder, contained=request["contained"])
    try:
        order = dict(request["order"])
        tool = _load(request["document"], order.pop(REQUIREMENTS, None))
        outputs, status = SingleJobExecutor()(tool, prepared(order, tool), context)
    except UnsupportedRequirement as error:
        return {"status": "refused", "error": f"The tool requires what the pilot lacks: {error}"}
    except (WorkflowException, SchemaSaladException) as error:
        return {"status": "permanentFail", "error": str(error)}
    exit_code = 0 if status == "success" else None
    steps = [shortname(step.id) for step in getattr(tool, "steps", ())]
    skipped = len(steps) == 1 and f"step {steps[0]}" in witness.skipped
    return {
        "status": status,
        "outputs": outputs or {},
        "exit_code": exit_code,
        "skipped": skipped,
    }


def _load(document: dict[str, Any], requirements: list[Any] | None = None) -> Any:
    """Return the process of a document; ``requirements`` are the order's own, above all others."""
    document = {"id": DOCUMENT_ID} | document
    context, loaded, uri = fetch_document(document, loading_context())
    context, uri = resolve_and_validate_document(context, loaded, uri)
    if requirements:
        context.overrides_list.append({"overrideTarget": uri, "requirements": requirements})
    return make_tool(uri, context)
