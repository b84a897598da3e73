"""What SPD's messages say, a model for each kind, with SPD's own words."""

from typing import Any

from pydantic import model_validator

from dsm.manager.messages.fields import (
    Checksum,
    Count,
    DatasetName,
    FileName,
    Metadata,
    Open,
    Path,
    Text,
    Told,
    Word,
)


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
