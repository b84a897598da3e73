"""A running data-access, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.data_access.room import Room, open_room

EXECUTABLES = "md5: [md5sum]\necho: [echo, -n]\n"
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)]


@pytest.fixture
def executables(tmp_path: Path) -> Path:
    """An allow-list of two programs."""
    file = tmp_path / "executables.yaml"
    file.write_text(EXECUTABLES)
    return file


@pytest.fixture(params=DATABASES)
async def room(
    request: pytest.FixtureRequest, tmp_path: Path, executables: Path
) -> AsyncIterator[Room]:
    """A running data-access with an empty database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_dsn")
    async with open_room(tmp_path, url, executables) as opened:
        yield opened
