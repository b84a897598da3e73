"""Bringing a job's inputs into its folder, each with its checksum compared while it is copied."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from penstock_core.contracts.dsm import ContentFile
from penstock_core.contracts.inspection import FileVerdict, Verdict
from pilot.checksum import WrongBytes, copy_checked
from pilot.model import BadInput, InputFile, Inputs, JobError

FOLDER_NAME = "in"


def stage_in(inputs: Inputs, folder: Path) -> dict[str, Any]:
    """Copy all inputs below ``folder``; return them as CWL values by their key. Blocking.

    Each file bears the name that its tool gave it; of two with one name the second lies in a
    folder of its own. Raises ``JobError``, of which ``BadInput`` tells of bytes that are wrong.
    """
    target = folder / FOLDER_NAME
    target.mkdir()
    return {key: _bring(taken, target) for key, taken in inputs.items()}


def _bring(taken: InputFile | tuple[InputFile, ...], target: Path) -> Any:
    if isinstance(taken, InputFile):
        return _bring_one(taken, target, is_one_of_many=False)
    return [_bring_one(file, target, is_one_of_many=True) for file in taken]


def _bring_one(file: InputFile, target: Path, *, is_one_of_many: bool) -> dict[str, Any]:
    path = _free_path(target, _plain_name(file))
    value: dict[str, Any] = _copy(file, path, is_one_of_many=is_one_of_many)
    if file.beside:
        # They lie where the tool looks for them, and are no inputs of their own to do without.
        beside = [(one, path.parent / _plain_name(one)) for one in file.beside]
        value["secondaryFiles"] = [_copy(one, at, is_one_of_many=False) for one, at in beside]
    return value


def _copy(file: ContentFile, path: Path, *, is_one_of_many: bool) -> dict[str, str]:
    try:
        copy_checked(_source(file), path, file.checksum)
    except FileNotFoundError as error:
        text = f"The input file {file.name} is not at {file.url}: it was moved or deleted."
        gone = FileVerdict(uid=file.uid, verdict=Verdict.GONE, reason=text, look_again=True)
        raise BadInput(text, gone, is_one_of_many=is_one_of_many) from error
    except WrongBytes as error:
        verdict = FileVerdict(
            uid=file.uid,
            verdict=Verdict.DIFFERS,
            reason=error.message,
            size_bytes=error.size_bytes,
            checksum=error.found,
            look_again=True,
        )
        raise BadInput(error.message, verdict, is_one_of_many=is_one_of_many) from error
    path.chmod(0o444)
    return {"class": "File", "location": path.as_uri()}


def _source(file: ContentFile) -> Path:
    parts = urlsplit(file.url)
    if parts.scheme != "file":
        raise JobError(
            f"The input file {file.name} lies at {file.url!r}; this pilot reads file:// alone.",
            final=True,
        )
    return Path(unquote(parts.path))


def _plain_name(file: ContentFile) -> str:
    name = file.basename or file.name
    if name in (".", "..") or "/" in name or "\0" in name:
        raise JobError(f"The input file {file.name} has the unusable name {name!r}.", final=True)
    return name


def _free_path(target: Path, name: str) -> Path:
    path = target / name
    number = 0
    while path.exists():
        number += 1
        path = target / f"again{number}" / name
    path.parent.mkdir(exist_ok=True)
    return path
