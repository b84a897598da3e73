"""Every message that Penstock takes from outside, and what is done with it."""

from dsm.manager.messages.daq_messages import (
    DaqMessage,
    EndRun,
    PauseRun,
    RunImminent,
    StfGen,
    StfReady,
    TfFileRegistered,
)
from dsm.manager.messages.spd_handlers import (
    announce_closes,
    delete_datasets,
    refuse_uploads,
    take_inputs,
    take_processed,
)
from dsm.manager.messages.spd_messages import (
    DatasetClose,
    DatasetDelete,
    DatasetInput,
    DatasetUpload,
    FileInput,
    FileProcess,
)
from dsm.manager.messages.telling import Handler
from dsm.manager.runs.run_handlers import take_facts
from dsm.manager.runs.samples import keep_samples
from dsm.manager.runs.stf_handlers import announce_stfs, register_stfs

DAQ = "daq"
REGISTER = "dsm.register"

HANDLERS: dict[tuple[str, str], Handler] = {
    (DAQ, "run_imminent"): Handler(RunImminent, take_facts),
    (DAQ, "start_run"): Handler(DaqMessage, take_facts),
    (DAQ, "pause_run"): Handler(PauseRun, take_facts),
    (DAQ, "resume_run"): Handler(DaqMessage, take_facts),
    (DAQ, "stf_gen"): Handler(StfGen, announce_stfs),
    (DAQ, "stf_ready"): Handler(StfReady, register_stfs),
    (DAQ, "tf_file_registered"): Handler(TfFileRegistered, keep_samples),
    (DAQ, "end_run"): Handler(EndRun, take_facts),
    (DAQ, "data_ready"): Handler(DaqMessage, take_facts),
    (REGISTER, "file.input"): Handler(FileInput, take_inputs),
    (REGISTER, "file.process"): Handler(FileProcess, take_processed),
    (REGISTER, "dataset.input"): Handler(DatasetInput, take_inputs),
    (REGISTER, "dataset.close"): Handler(DatasetClose, announce_closes),
    (REGISTER, "dataset.upload"): Handler(DatasetUpload, refuse_uploads),
    (REGISTER, "dataset.delete"): Handler(DatasetDelete, delete_datasets),
}
"""In the order in which the DAQ's messages of one batch are applied: facts may be sorted."""
