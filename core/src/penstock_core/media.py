"""How a file of a dataset is handed to a browser: shown where that is harmless, else stored."""

from collections.abc import Mapping
from mimetypes import guess_type
from pathlib import PurePosixPath
from urllib.parse import quote

SHOWN: Mapping[str, str] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".log": "text/plain; charset=utf-8",
}
"""What a browser may show: nothing in it can run. SVG and HTML are not here, for they can."""
_IMAGES = frozenset({".png", ".jpg", ".jpeg"})


def is_image(name: str) -> bool:
    """Return whether the file called ``name`` may be shown as a picture on a page."""
    return _ending(name) in _IMAGES


def media_headers(name: str, size_bytes: int) -> dict[str, str]:
    """Return the headers for ``size_bytes`` bytes of the file called ``name``."""
    shown = SHOWN.get(_ending(name))
    how = "inline" if shown else "attachment"
    return {
        "Content-Type": shown or guess_type(name)[0] or "application/octet-stream",
        "Content-Length": str(size_bytes),
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
    }


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
