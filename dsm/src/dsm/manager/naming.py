"""What names, paths and checksums may be. Every check returns the value in its normal form.

Names of datasets are those of Rucio, which the masks rely on too. Names of files come from
outside and may hold a little more, but never what a path, a shell or a terminal gives a meaning.
"""

import re
from math import isfinite
from pathlib import PurePosixPath
from typing import TypeVar
from uuid import UUID, uuid5

from penstock_core.errors import InvalidInput

Value = TypeVar("Value")
_NAMES = UUID("6f1d2f6e-0d1c-5c56-9d3b-6a1f0f2f7a10")
"""Under which uids are made; changing it would give everything a new uid."""

_DATASET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,249}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=@%,:~-]{0,249}")
_RETRY_SUFFIX = re.compile(r".*\.[0-9]+")
_HEX_DIGITS = {"md5": 32, "adler32": 8, "crc32": 8, "sha1": 40, "sha256": 64, "sha512": 128}
_SHORT = {"ad": "adler32"}


def make_uid(kind: str, *key: str) -> str:
    """Return the uid of the ``kind`` of thing with this natural key: the same one for ever."""
    return str(uuid5(_NAMES, "\0".join((kind, *key))))


def check_dataset_name(name: str, *, made_by_us: bool = False) -> str:
    """Return ``name``; what we make must not end as JEDI's retries do, in ``.digits``."""
    if not _DATASET_NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is no dataset name.",
            hint="Use up to 250 letters, digits, '.', '_' and '-', a letter or digit first.",
        )
    if made_by_us and _RETRY_SUFFIX.fullmatch(name):
        raise InvalidInput(
            f"The dataset name {name!r} ends in digits after a dot, as a retry of JEDI does.",
            hint="Put a letter before the digits: '.v1' rather than '.1'.",
        )
    return name


def check_word(word: str) -> str:
    """Return ``word`` if it may be a namespace, a scope or a run."""
    if not _WORD.fullmatch(word):
        raise InvalidInput(
            f"{word!r} is no namespace, scope or run.",
            hint="Use up to 64 letters, digits, '.', '_' and '-', a letter or digit first.",
        )
    return word


def check_basename(name: str) -> str:
    """Return ``name`` if it is the name of a file in a folder, whatever a tool called it."""
    if "/" in name or name in ("", ".", ".."):
        raise InvalidInput(
            f"The file name {name!r} leads to another folder.",
            hint="Give the bare name; where the file lies is its path.",
        )
    if not name.isprintable() or len(name.encode()) > 250:
        raise InvalidInput(
            f"The file name {name[:250]!r} holds control characters or more than 250 bytes.",
            hint="Rename the file.",
        )
    return name


def check_file_name(name: str) -> str:
    """Return ``name`` if it may name a file in the catalog."""
    check_basename(name)
    if not _FILE_NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is no file name.",
            hint="Use up to 250 letters, digits and ._+=@%,:~- , a letter, digit or '_' first.",
        )
    return name


def check_path(path: str) -> str:
    """Return ``path``, relative or absolute, if each of its parts stands for itself."""
    parts = path.removeprefix("/").split("/")
    if not path.isprintable() or len(path) > 4096:
        raise InvalidInput(
            f"The path {path[:200]!r} holds control characters or is longer than 4096.",
            hint="Rename the file.",
        )
    if any(part in ("", ".", "..") for part in parts):
        raise InvalidInput(
            f"The path {path!r} is not normal: it has an empty part, '.' or '..'.",
            hint="Give the path without them.",
        )
    return path


def path_within(base: str, path: str) -> str:
    """Return the checked ``path`` relative to ``base``; an absolute one must lie below it."""
    check_path(path)
    if not path.startswith("/"):
        return path
    if path == base or not PurePosixPath(path).is_relative_to(base):
        raise InvalidInput(
            f"The path {path!r} lies outside of its storage.",
            hint=f"Give a path below {base}, or one relative to it; or name another storage.",
        )
    return str(PurePosixPath(path).relative_to(base))


def normal_checksum(checksum: str) -> str:
    """Return ``checksum`` as ``algorithm:hex``; 32 bare digits are md5, ``ad:`` is adler32."""
    head, colon, digits = checksum.strip().rpartition(":")
    algorithm = head.lower() if colon else "md5"
    algorithm = _SHORT.get(algorithm, algorithm)
    if algorithm not in _HEX_DIGITS:
        raise InvalidInput(
            f"The checksum {checksum[:200]!r} has an algorithm that is not known.",
            hint=f"Known are {', '.join(sorted(_HEX_DIGITS))}, as in md5:<32 hex digits>.",
        )
    if not re.fullmatch(f"[0-9a-fA-F]{{{_HEX_DIGITS[algorithm]}}}", digits):
        raise InvalidInput(
            f"The checksum {checksum[:200]!r} does not fit {algorithm}, "
            f"which has {_HEX_DIGITS[algorithm]} hex digits.",
            hint="Write it as algorithm:hex; without an algorithm it is read as md5.",
        )
    return f"{algorithm}:{digits.lower()}"


def check_json(value: Value) -> Value:
    """Return ``value`` unless it holds what no database keeps as JSON: NUL, NaN, infinity."""
    if isinstance(value, str) and "\0" in value:
        raise InvalidInput("A text holds the NUL character.", hint="Remove it.")
    if isinstance(value, float) and not isfinite(value):
        raise InvalidInput("A number is NaN or infinite, which is not JSON.", hint="Leave it out.")
    if isinstance(value, dict):
        for key, item in value.items():
            check_json(key)
            check_json(item)
    elif isinstance(value, list | tuple):
        for item in value:
            check_json(item)
    return value
