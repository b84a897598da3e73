"""Which way a job runs: by its compiled command line where it has one, else by cwltool."""

import json
import shutil
from pathlib import Path

from pilot.worker import payload
from pilot.worker.fast import FastJob, Unusual
from pilot.worker.files import REQUEST_NAME
from recipe.fast_model import FastLane


def run(folder: Path) -> None:
    """Run the job that lies in ``folder`` and write its result there."""
    request = json.loads((folder / REQUEST_NAME).read_text())
    lane = request.get("fast")
    if lane is None:
        payload.run(folder, request)
        return
    try:
        job = FastJob(FastLane.from_json(lane), request["order"], folder)
    except Unusual:
        payload.run(folder, request)
        return
    result = job.run()
    if job.has_own_outputs:
        _clean(folder)
        payload.run(folder, request)
        return
    payload.write(folder, result | {"skipped": False})


def _clean(folder: Path) -> None:
    """Take away what the fast lane made: the tool tells its outputs in a way that cwltool reads."""
    for kind in ("work", "tmp", "stage"):
        for made in folder.glob(f"{kind}[1-4]"):
            shutil.rmtree(made)
