"""What the DAQ's messages say, a model for each kind, with the variants seen in the wild."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AliasChoices, Field

from dsm.manager.messages.fields import (
    Checksum,
    Count,
    DatasetName,
    FileName,
    LongText,
    Metadata,
    Moment,
    Name,
    RunId,
    Sequence,
    Text,
    Told,
)


class DaqMessage(Told):
    """What every message of the DAQ says; ``timestamp`` and ``simulation_tick`` are its time."""

    run_id: RunId
    msg_type: str = ""
    timestamp: Moment | None = Field(None, validation_alias=AliasChoices("timestamp", "ts"))
    simulation_tick: Annotated[float, Field(allow_inf_nan=False)] | None = None
    sender: Name = ""
    stream: Name = ""
    execution_id: Name = ""
    dataset: DatasetName | None = None
    state: Text = ""
    substate: Text = ""

    @property
    def run(self) -> str:
        return self.run_id

    @property
    def workflow(self) -> str:
        return self.execution_id

    @property
    def sent_by(self) -> str:
        return self.sender

    @property
    def place(self) -> str:
        """Return the state of the detector that it tells, ``state/substate``, or ""."""
        return f"{self.state}/{self.substate}" if self.state and self.substate else self.state


class PauseRun(DaqMessage):
    """A run is paused."""

    reason: LongText = ""


class RunImminent(DaqMessage):
    """A run is about to start."""

    run_conditions: Metadata = {}


class StfGen(DaqMessage):
    """An STF was made: announced, not there yet."""

    filename: FileName
    sequence: Sequence | None = None
    checksum: Checksum | None = None
    size: Count | None = Field(None, validation_alias=AliasChoices("size", "size_bytes"))


class StfReady(DaqMessage):
    """An STF is there and may be read."""

    filename: FileName
    file_url: LongText
    checksum: Checksum
    size_bytes: Count = Field(validation_alias=AliasChoices("size_bytes", "size"))
    sequence: Sequence | None = None


class TfFileRegistered(DaqMessage):
    """A sample of time frames was cut out of an STF."""

    tf_filename: FileName
    stf_filename: FileName
    tf_first: Count | None = None
    tf_last: Count | None = None
    tf_count: Count | None = None


class EndRun(DaqMessage):
    """A run, or the sender's stream of it, has ended."""

    total: Count | None = Field(
        None, validation_alias=AliasChoices("total_stf_files", "total_files")
    )


def utc_text(moment: datetime) -> str:
    """Return ``moment`` in the one form whose texts sort as the moments do."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat(timespec="microseconds")
