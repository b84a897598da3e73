"""What a job's process asks for when its tool is to run in a container, checked to the letter.

It comes out of a cell that holds strangers' documents: nothing in it is believed.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pilot.model import JobError

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,254}")
_PLAIN = re.compile(r"[^,:\x00-\x1f\x7f]*")
"""Paths as engines take them in an option: commas and colons part its words."""
_Text = Annotated[str, StringConstraints(max_length=1 << 20, pattern=r"^[^\x00]*$")]
_Key = Annotated[str, StringConstraints(max_length=256, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Mount(_Strict):
    """A file or folder of the job, and where its tool finds it."""

    source: _Text
    target: _Text
    writable: bool = False


class ContainerRequest(_Strict):
    """One container: its image, and the tool in it with its environment."""

    number: int = Field(ge=1)
    image: _Text
    command: tuple[_Text, ...]
    mounts: tuple[Mount, ...]
    env: dict[_Key, _Text]
    workdir: _Text

    def checked(self, roots: Sequence[Path]) -> "ContainerRequest":
        """Return it with the real paths of its mounts, all below ``roots``; raises ``JobError``.

        No process of a stranger's runs meanwhile that could put a link in place of what was looked
        at: where one tool of a job runs in a container, all do.
        """
        if not _IMAGE.fullmatch(self.image):
            raise JobError(f"{self.image!r} is no name of a container image.", final=True)
        _check_path(self.workdir)
        mounts = tuple(_checked(mount, roots) for mount in self.mounts)
        return self.model_copy(update={"mounts": mounts})


def read(text: str) -> ContainerRequest:
    """Return the request that ``text`` holds; raises ``JobError``."""
    try:
        return ContainerRequest.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise JobError(
            f"It asked for no container that can be: {where}: {problem['msg']}."
        ) from None


def _checked(mount: Mount, roots: Sequence[Path]) -> Mount:
    source = Path(mount.source).resolve()
    if not any(source.is_relative_to(root) for root in roots) or not source.exists():
        raise JobError(f"{mount.source!r} is not the job's own: its container is not given it.")
    _check_path(str(source))
    _check_path(mount.target)
    return mount.model_copy(update={"source": str(source)})


def _check_path(path: str) -> None:
    if not path.startswith("/") or path == "/" or not _PLAIN.fullmatch(path):
        raise JobError(
            f"A container cannot be given the path {path!r}: it is no absolute path, or holds a "
            "comma, a colon or a control character.",
            final=True,
        )
