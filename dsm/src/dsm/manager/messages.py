"""What messages from outside may say, a model for each kind.

Keys that a model does not name are kept: as metadata of the dataset or the file where they tell
about one, in the journal in any case.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dsm.manager import rules
from penstock_core.clock import parse_time
from penstock_core.contracts.base import Json
from penstock_core.errors import InvalidInput, InvalidMessage

Value = TypeVar("Value")
Body = TypeVar("Body", bound="Told")
_MOST = 2**63 - 1


@contextmanager
def _as_rule() -> Iterator[None]:
    """Let ``InvalidInput`` leave as pydantic wants its errors."""
    try:
        yield
    except InvalidInput as error:
        context = {"message": error.message, "hint": error.hint}
        raise PydanticCustomError("rule", "{message}", context) from error


def _rule(check: Callable[[Value], Value]) -> AfterValidator:
    """Return ``check``, which raises ``InvalidInput``, as pydantic wants its rules."""

    def checked(value: Value) -> Value:
        with _as_rule():
            return check(value)

    return AfterValidator(checked)


def _moment(value: object) -> object:
    return parse_time(value) if isinstance(value, str) else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


DatasetName = Annotated[str, _rule(rules.check_dataset_name)]
FileName = Annotated[str, _rule(rules.check_file_name)]
Path = Annotated[str, _rule(rules.check_path)]
Checksum = Annotated[str, _rule(rules.normal_checksum)]
Word = Annotated[str, _rule(rules.check_word)]
Text = Annotated[str, Field(max_length=250), _rule(rules.check_json)]
Metadata = Annotated[Json, _rule(rules.check_json)]
Count = Annotated[int, Field(ge=0, le=_MOST)]
RunId = Annotated[Word, BeforeValidator(_text)]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class Open(BaseModel):
    """A model that keeps the keys that it does not name, if a database can."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @property
    def extras(self) -> Json:
        """Return the keys that the model does not name."""
        return dict(self.model_extra or {})

    @model_validator(mode="after")
    def _extras_can_be_stored(self) -> Self:
        with _as_rule():
            rules.check_json(self.model_extra)
        return self


class Told(Open):
    """What every body may hold."""

    namespace: Word | None = None

    @property
    def run(self) -> str:
        """Return the run that it tells of, or ""."""
        return ""

    @property
    def sent_by(self) -> str:
        """Return who says to have sent it, or ""."""
        return ""


class ToldFile(Open):
    """A file as SPD tells it; without a ``name`` it is called as its path ends."""

    storageId: Text  # noqa: N815 - SPD's word
    path: Path
    size: Count
    checksum: Checksum
    name: FileName = ""
    sequence: Count | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("path"), str):
            return {"name": data["path"].rpartition("/")[2], **data}
        return data


class FileInput(Told):
    """Files that arrived in the input buffer; their dataset is opened where it is not there."""

    datasetName: DatasetName  # noqa: N815
    scope: Word = "daq"
    files: tuple[ToldFile, ...]


class FileProcess(Told):
    """Files that processing made."""

    datasetId: Text  # noqa: N815
    files: tuple[ToldFile, ...]


class DatasetInput(Told):
    """An input dataset, perhaps with its files; ``closed`` says that these are all."""

    datasetName: DatasetName  # noqa: N815
    scope: Word = "daq"
    metadata: Metadata = {}
    files: tuple[ToldFile, ...] = ()
    closed: bool = False


class DatasetClose(Told):
    """The end of a dataset by its producer; without ``files`` at what is registered."""

    datasetId: Text  # noqa: N815
    files: Count | None = None


class DatasetUpload(Told):
    """The wish to have a dataset's files in an external storage."""

    datasetId: Text  # noqa: N815
    storageId: Text  # noqa: N815


class DatasetDelete(Told):
    """The wish to have a dataset deleted."""

    datasetId: Text  # noqa: N815


class DaqMessage(Told):
    """What every message of the DAQ says; ``timestamp`` and ``simulation_tick`` are its time."""

    run_id: RunId
    msg_type: str = ""
    timestamp: Moment | None = Field(None, validation_alias=AliasChoices("timestamp", "ts"))
    simulation_tick: Annotated[float, Field(allow_inf_nan=False)] | None = None
    sender: Text = ""
    stream: Text = ""
    dataset: DatasetName | None = None

    @property
    def run(self) -> str:
        return self.run_id

    @property
    def sent_by(self) -> str:
        return self.sender


class RunImminent(DaqMessage):
    """A run is about to start."""

    run_conditions: Metadata = {}


class StfGen(DaqMessage):
    """An STF was made: announced, not there yet."""

    filename: FileName
    sequence: Count | None = None
    checksum: Checksum | None = None
    size: Count | None = Field(None, validation_alias=AliasChoices("size", "size_bytes"))


class StfReady(DaqMessage):
    """An STF is there and may be read."""

    filename: FileName
    file_url: Annotated[str, Field(max_length=4096), _rule(rules.check_json)]
    checksum: Checksum
    size_bytes: Count = Field(validation_alias=AliasChoices("size_bytes", "size"))
    sequence: Count | None = None


class TfFileRegistered(DaqMessage):
    """A sample of time frames was cut out of an STF."""

    tf_filename: FileName
    stf_filename: FileName


class EndRun(DaqMessage):
    """A run, or the sender's stream of it, has ended."""

    total: Count | None = Field(
        None, validation_alias=AliasChoices("total_stf_files", "total_files")
    )


def read_body(model: type[Body], routing_key: str, body: str) -> Body:
    """Return ``body`` as ``model``; raises ``InvalidMessage`` naming the first wrong field."""
    try:
        told = model.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(routing_key, error) from error
    if isinstance(told, DaqMessage) and told.msg_type not in ("", routing_key):
        raise InvalidMessage(
            f"{routing_key}: its msg_type is {told.msg_type[:100]!r}.",
            hint="Publish each message under its msg_type as routing key.",
            field="msg_type",
        )
    return told


def _invalid(routing_key: str, error: ValidationError) -> InvalidMessage:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    hint = str(first.get("ctx", {}).get("hint") or "docs/reference/messages.md shows each message.")
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", first["msg"])
        return InvalidMessage(f"{routing_key}: the body is not JSON: {reason}.", hint=hint)
    problem = first["msg"].rstrip(".")
    if first["type"] not in ("missing", "rule"):
        problem += f", not {str(first['input'])[:100]!r}"
    return InvalidMessage(
        f"{routing_key}: {field or 'the body'}: {problem}.", hint=hint, field=field
    )


def utc_text(moment: datetime) -> str:
    """Return ``moment`` in the one form whose texts sort as the moments do."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat(timespec="microseconds")
