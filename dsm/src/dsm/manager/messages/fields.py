"""The fields of messages from outside: each with its rule, in its normal form."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from dsm.manager import naming
from penstock_core.clock import parse_time
from penstock_core.contracts.base import Json
from penstock_core.errors import InvalidInput

Value = TypeVar("Value")

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


DatasetName = Annotated[str, _rule(naming.check_dataset_name)]

FileName = Annotated[str, _rule(naming.check_file_name)]

Path = Annotated[str, _rule(naming.check_path)]

Checksum = Annotated[str, _rule(naming.normal_checksum)]

Word = Annotated[str, _rule(naming.check_word)]

LongText = Annotated[str, Field(max_length=4096), _rule(naming.check_json)]
Text = Annotated[str, Field(max_length=250), _rule(naming.check_json)]

Name = Annotated[Text, BeforeValidator(_text)]

Metadata = Annotated[Json, _rule(naming.check_json)]

Count = Annotated[int, Field(ge=0, le=_MOST)]

Sequence = Annotated[int, Field(ge=0, lt=10**12)]

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
            naming.check_json(self.model_extra)
        return self


class Told(Open):
    """What every body may hold."""

    namespace: Word | None = None

    @property
    def run(self) -> str:
        """Return the run that it tells of, or ""."""
        return ""

    @property
    def workflow(self) -> str:
        """Return the execution that it belongs to, or ""."""
        return ""

    @property
    def sent_by(self) -> str:
        """Return who says to have sent it, or ""."""
        return ""
