"""The DAQ's messages in ePIC's shapes, made from what happens in the simulation."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from daqsim.files import StfFile
from daqsim.position import Parameters
from daqsim.simulation import Happening
from penstock_core.bus import Message
from penstock_core.stf import stf_name

EXCHANGE = "daq"
_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "https://penstock.dev/daqsim")

Body = dict[str, Any]


def message_of(
    happening: Happening, index: int, parameters: Parameters, stf: StfFile | None
) -> Message:
    """Return message ``index`` (from 0) of a simulation: the same one however often it is made.

    ``stf`` is the STF's file, where the message is about one.
    """
    at = _moment(happening.tick, parameters)
    body = _common(happening, parameters, at) | _SHAPES[happening.msg_type](
        happening, parameters, stf
    )
    key = f"{parameters.namespace}/{parameters.execution_id}/{happening.run}/{index}"
    return Message.of_json(
        EXCHANGE,
        happening.msg_type,
        body,
        message_id=str(uuid.uuid5(_IDS, key)),
        timestamp=at,
        headers={"namespace": parameters.namespace},
    )


def _moment(tick: float, parameters: Parameters) -> datetime:
    return parameters.started_at + timedelta(seconds=tick / parameters.speed)


def _common(happening: Happening, parameters: Parameters, at: datetime) -> Body:
    return {
        "msg_type": happening.msg_type,
        "namespace": parameters.namespace,
        "execution_id": parameters.execution_id,
        "run_id": str(happening.run),
        "timestamp": at.isoformat(),
        "simulation_tick": round(float(happening.tick), 6),
        "sender": parameters.sender,
    }


def _state(happening: Happening) -> Body:
    return {"state": happening.state, "substate": happening.substate}


def _run_imminent(happening: Happening, parameters: Parameters, _: StfFile | None) -> Body:
    return _state(happening) | {
        "dataset": f"swf.{happening.run}.run",
        "run_conditions": parameters.run_conditions,
    }


def _start_or_resume(happening: Happening, _: Parameters, __: StfFile | None) -> Body:
    return _state(happening)


def _pause_run(happening: Happening, _: Parameters, __: StfFile | None) -> Body:
    return _state(happening) | {"reason": f"The detector went to {happening.substate}."}


def _end_run(happening: Happening, _: Parameters, __: StfFile | None) -> Body:
    return {"total_stf_files": happening.stfs}


def _stf_gen(happening: Happening, parameters: Parameters, stf: StfFile | None) -> Body:
    file = _needed(stf)
    return _state(happening) | {
        "filename": stf_name(happening.run, happening.sequence),
        "sequence": happening.sequence,
        "start": _moment(happening.began, parameters).isoformat(),
        "end": _moment(happening.ended, parameters).isoformat(),
        "checksum": file.checksum,
        "size": len(file.data),
    }


def _stf_ready(happening: Happening, _: Parameters, stf: StfFile | None) -> Body:
    file = _needed(stf)
    return {
        "filename": file.path.name,
        "file_url": file.path.as_uri(),
        "checksum": file.checksum,
        "size_bytes": len(file.data),
    }


def _needed(stf: StfFile | None) -> StfFile:
    if stf is None:
        raise ValueError("a message about an STF needs its file")
    return stf


_SHAPES: dict[str, Callable[[Happening, Parameters, StfFile | None], Body]] = {
    "run_imminent": _run_imminent,
    "start_run": _start_or_resume,
    "pause_run": _pause_run,
    "resume_run": _start_or_resume,
    "stf_gen": _stf_gen,
    "stf_ready": _stf_ready,
    "end_run": _end_run,
}
