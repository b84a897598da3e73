"""A list's filters live in its address, so that what one sees can be sent to a colleague."""

from typing import Annotated, Any, Self
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LIMIT = 50


def _blank_to_none(value: Any) -> Any:
    return None if value == "" else value


Number = Annotated[int | None, BeforeValidator(_blank_to_none)]


class Listing(BaseModel):
    """The query of a list: ``after`` pages it, ``refresh`` reloads it every so many seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    after: int = 0
    refresh: int = Field(default=0, ge=0, le=3600)

    @property
    def query(self) -> str:
        """Return the query string that asks for the same again, without what is by default."""
        given = self.model_dump(exclude_defaults=True, exclude_none=True)
        return urlencode({key: value for key, value in given.items() if value != ""})

    @property
    def is_filtered(self) -> bool:
        """Return whether any filter is set."""
        return bool(self.filters)

    @property
    def filters(self) -> dict[str, Any]:
        """Return the filters that are set."""
        given = self.model_dump(exclude={"after", "refresh"})
        return {key: value for key, value in given.items() if value not in ("", None)}

    def at(self, after: int) -> Self:
        """Return the same query from another place on."""
        return self.model_copy(update={"after": after})

    def every(self, seconds: int) -> Self:
        """Return the same query, reloading every ``seconds``."""
        return self.model_copy(update={"refresh": seconds})


class TemplateListing(Listing):
    """Filters of the templates."""

    status: str = ""
    name: str = ""


class DatasetListing(Listing):
    """Filters of the datasets; ``name`` is a glob."""

    name: str = ""
    state: str = ""
    kind: str = ""
    namespace: str = ""


class ServiceListing(Listing):
    """Filters of the services."""

    name: str = ""
    state: str = ""


class TaskListing(Listing):
    """Filters of the tasks; ``dataset`` is the name of the input."""

    status: str = ""
    workflow: Number = None
    dataset: str = ""
    namespace: str = ""
