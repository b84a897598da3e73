"""A template on disk: ``template.yaml`` beside its documents, read into what REST takes."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, Field, ValidationError

from penstock_core.contracts.base import Frozen, Json
from penstock_core.contracts.workflow import CatchUp, NewTemplate, ValueRanges
from penstock_core.contracts.workflow.templates import CATCH_UP_AFTER_S
from penstock_core.errors import InvalidInput
from penstock_core.states import TemplateStatus


class TemplateFile(Frozen):
    """What ``template.yaml`` says.

    ``main`` is the document with the workflow, ``documents`` are all files that it needs, both
    relative to the file's folder; ``input`` is the workflow input that takes the dataset and
    ``values`` are for the others, before which ``value_ranges`` count by the dataset's run.
    ``takes_outputs`` lets the masks fit what templates make, too; ``catch_up`` (all, newest_first,
    skip) is for data of which nobody decided for longer than ``catch_up_after_s``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    masks: tuple[str, ...] = Field(min_length=1)
    main: str
    exclude: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    namespace: str = "*"
    documents: tuple[str, ...] = ()
    input: str = ""
    values: Json = {}
    value_ranges: ValueRanges = {}
    takes_outputs: bool = False
    catch_up: CatchUp = CatchUp.ALL
    catch_up_after_s: float = CATCH_UP_AFTER_S
    status: TemplateStatus = TemplateStatus.ACTUAL


def read_template(path: Path) -> NewTemplate:
    """Return the template that ``path`` (a ``template.yaml``) describes, documents included.

    A status that the file does not say is not given: a stored template keeps the one that it has.

    Raises
    ------
    InvalidInput
        the file or one of its documents cannot be read, or says something that it may not.
    """
    file = _parse(path)
    names = dict.fromkeys((file.main, *file.documents))
    unsaid = {"documents"} | ({"status"} - file.model_fields_set)
    return NewTemplate(
        **file.model_dump(exclude=unsaid),
        documents={name: _text(path.parent, name, path) for name in names},
    )


def _parse(path: Path) -> TemplateFile:
    try:
        content: Any = yaml.safe_load(path.read_text())
        return TemplateFile.model_validate(content)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.", hint="Give a template.yaml.") from error
    except yaml.YAMLError as error:
        raise InvalidInput(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            f"{path}: {field or 'the file'}: {first['msg']}.",
            hint=f"It may say: {', '.join(TemplateFile.model_fields)}.",
            field=field,
        ) from error


def _text(folder: Path, name: str, path: Path) -> str:
    wanted = (folder / name).resolve()
    if not wanted.is_relative_to(folder.resolve()):
        raise InvalidInput(f"{path}: {name} lies outside its folder.", field="documents")
    try:
        return wanted.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: {name} cannot be read: {error}", field="documents") from error
