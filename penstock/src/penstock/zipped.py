"""A template in a zip: unpacked where it can do no harm, and no further than its limits."""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from penstock_core.errors import InvalidInput

MOST_BYTES = 8 << 20
MOST_FILES = 2000
TEMPLATE = "template.yaml"
_HINT = "Zip the folder of template.yaml, or of one CWL workflow with its tools."


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the template's own file in a folder that is there meanwhile; raises ``InvalidInput``."""
    with TemporaryDirectory(prefix="penstock-zip-") as name:
        folder = Path(name)
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, folder)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise InvalidInput(f"{path} cannot be unpacked: {error}.", hint=_HINT) from error
        yield _main(path, folder)


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise InvalidInput(f"It holds more than {MOST_FILES} files.", hint=_HINT)
    left = MOST_BYTES
    for entry in entries:
        target = folder / _inside(entry)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as stream:
            content = stream.read(left + 1)  # what the entry says of its size may be wrong
        left -= len(content)
        if left < 0:
            raise InvalidInput(f"It holds more than {MOST_BYTES >> 20} MiB.", hint=_HINT)
        target.write_bytes(content)


def _inside(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = PurePosixPath(entry.filename)
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    plain = entry.filename.isprintable() and "\\" not in entry.filename
    if is_link or not plain or name.is_absolute() or ".." in name.parts or not name.parts:
        raise InvalidInput(f"The entry {entry.filename!r} is a link, or leads out.", hint=_HINT)
    return name


def _main(path: Path, folder: Path) -> Path:
    """Return the template's own file: template.yaml, main.cwl, or the only document on top."""
    inside = list(folder.iterdir())
    while len(inside) == 1 and inside[0].is_dir():
        inside = list(inside[0].iterdir())
    named = {one.name: one for one in inside}
    for name in (TEMPLATE, "main.cwl"):
        if name in named:
            return named[name]
    documents = sorted(name for name in named if name.endswith((".cwl", ".json")))
    if len(documents) != 1:
        shown = ", ".join(documents) or "none"
        message = f"{path}: which of its documents is the template ({shown})?"
        raise InvalidInput(message, hint=f"Name it main.cwl, or add a {TEMPLATE}.")
    return named[documents[0]]
