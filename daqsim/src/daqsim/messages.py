"""The messages of the DAQ in ePIC's shapes, and of calibrations in SPD's, of what is told."""

import random
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from daqsim.contents import calibration_name, wrong
from daqsim.files import DaqFile
from daqsim.happening import Happening
from daqsim.misbehaviour import OWN_ID, Telling
from daqsim.position import Parameters
from penstock_core.bus import Message
from penstock_core.stf import TFS_PER_STF, stf_name

DAQ, SPD = "daq", "dsm.register"
_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "https://penstock.dev/daqsim")

Body = dict[str, Any]


def message_of(telling: Telling, parameters: Parameters, files: Sequence[DaqFile]) -> Message:
    """Return the message of ``telling``: the same one however often it is made.

    ``files`` are the STF that it is about, or all files of its calibration.
    """
    happening = telling.happening
    at = _moment(happening.tick, parameters)
    body = _SHAPES[happening.msg_type](telling, parameters, files)
    exchange = SPD if happening.is_calibration else DAQ
    if exchange == DAQ:
        body = _in_dialect(_common(happening, parameters, at) | body, telling.deeds)
    key = f"{happening.namespace}/{parameters.execution_id}/{happening.run}/{telling.origin}"
    if telling.copy == OWN_ID:
        key += "/again"
    return Message.of_json(
        exchange,
        happening.msg_type,
        body,
        message_id=str(uuid.uuid5(_IDS, key)),
        timestamp=at,
        headers={"namespace": happening.namespace},
    )


def _moment(tick: float, parameters: Parameters) -> datetime:
    return parameters.started_at + timedelta(seconds=tick / parameters.speed)


def _common(happening: Happening, parameters: Parameters, at: datetime) -> Body:
    return {
        "msg_type": happening.msg_type,
        "namespace": happening.namespace,
        "execution_id": parameters.execution_id,
        "run_id": str(happening.run),
        "timestamp": at.isoformat(),
        "simulation_tick": round(float(happening.tick), 6),
        "sender": happening.sender,
    }


def _in_dialect(body: Body, deeds: frozenset[str]) -> Body:
    """Return ``body`` in the words that it is to use."""
    if "no_total" in deeds:
        body.pop("total_stf_files", None)
    if "dialect" not in deeds:
        return body
    body["run_id"] = int(body["run_id"])
    body["ts"] = datetime.fromisoformat(body.pop("timestamp")).replace(tzinfo=None).isoformat()
    if "total_stf_files" in body:
        body["total_files"] = body.pop("total_stf_files")
    return body


def _state(happening: Happening) -> Body:
    return {"state": happening.state, "substate": happening.substate}


def _run_imminent(telling: Telling, parameters: Parameters, _: Sequence[DaqFile]) -> Body:
    return _state(telling.happening) | {
        "dataset": f"swf.{telling.happening.run}.run",
        "run_conditions": parameters.run_conditions,
    }


def _start_or_resume(telling: Telling, _: Parameters, __: Sequence[DaqFile]) -> Body:
    return _state(telling.happening)


def _pause_run(telling: Telling, _: Parameters, __: Sequence[DaqFile]) -> Body:
    happening = telling.happening
    return _state(happening) | {"reason": f"The detector went to {happening.substate}."}


def _end_run(telling: Telling, _: Parameters, __: Sequence[DaqFile]) -> Body:
    return {"total_stf_files": telling.happening.stfs}


def _stf_gen(telling: Telling, parameters: Parameters, files: Sequence[DaqFile]) -> Body:
    (file,), happening = files, telling.happening
    return _state(happening) | {
        "filename": file.path.name,
        "sequence": happening.sequence,
        "start": _moment(happening.began, parameters).isoformat(),
        "end": _moment(happening.ended, parameters).isoformat(),
        "checksum": file.checksum,
        "size": len(file.data),
    }


def _stf_ready(telling: Telling, _: Parameters, files: Sequence[DaqFile]) -> Body:
    (file,), happening = files, telling.happening
    is_wrong = "damage_checksum" in telling.deeds
    body = {
        "filename": file.path.name,
        "file_url": file.path.as_uri(),
        "checksum": wrong(file.checksum) if is_wrong else file.checksum,
        "size_bytes": len(file.data),
    }
    return body | ({"sequence": happening.sequence} if happening.stream else {})


def _tf_file_registered(telling: Telling, given: Parameters, _: Sequence[DaqFile]) -> Body:
    """Return ePIC's message of a sample: a block of 15 % of its part of the STF, anywhere in it."""
    happening = telling.happening
    stf = stf_name(happening.run, happening.sequence, happening.stream)
    part = TFS_PER_STF // given.samples
    count = max(1, part * 15 // 100)
    dice = random.Random(f"{given.seed}/{happening.key}/{happening.sample}")  # noqa: S311
    first = (happening.sample - 1) * part + dice.randint(1, part - count + 1)
    return {
        "tf_filename": f"{stf.removesuffix('.stf')}_tf_{happening.sample:03d}.tf",
        "tf_first": first,
        "tf_last": first + count - 1,
        "tf_count": count,
        "stf_filename": stf,
    }


def _file_input(telling: Telling, parameters: Parameters, files: Sequence[DaqFile]) -> Body:
    happening = telling.happening
    return _calibration(happening, parameters, files, (happening.sequence,))


def _dataset_input(telling: Telling, parameters: Parameters, files: Sequence[DaqFile]) -> Body:
    happening = telling.happening
    metadata = {"run": happening.run, "kind": "calibration"}
    every = range(1, len(files) + 1)
    body = _calibration(happening, parameters, files, every)
    return body | {"metadata": metadata, "closed": True}


def _calibration(
    happening: Happening, parameters: Parameters, files: Sequence[DaqFile], which: Sequence[int]
) -> Body:
    told = [
        {
            "storageId": parameters.storage,
            "path": str(files[sequence - 1].path),
            "size": len(files[sequence - 1].data),
            "checksum": files[sequence - 1].checksum,
            "sequence": sequence,
        }
        for sequence in which
    ]
    name = calibration_name(happening.run, happening.number)
    return {"datasetName": name, "namespace": happening.namespace, "files": told}


_SHAPES: dict[str, Callable[[Telling, Parameters, Sequence[DaqFile]], Body]] = {
    "run_imminent": _run_imminent,
    "start_run": _start_or_resume,
    "pause_run": _pause_run,
    "resume_run": _start_or_resume,
    "stf_gen": _stf_gen,
    "stf_ready": _stf_ready,
    "tf_file_registered": _tf_file_registered,
    "end_run": _end_run,
    "file.input": _file_input,
    "dataset.input": _dataset_input,
}
