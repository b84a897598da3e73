"""A running data-access, on each database."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.data_access.room import Room, open_room

from data_access.first_start import Credentials

EXECUTABLES = "md5: [md5sum]\necho: [echo, -n]\n"
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)]


@pytest.fixture
def executables(tmp_path: Path) -> Path:
    """An allow-list of two programs."""
    file = tmp_path / "executables.yaml"
    file.write_text(EXECUTABLES)
    return file


@pytest.fixture(scope="session")
def blank_admin() -> list[Credentials]:
    """The admin that the first start of ``blank`` made."""
    return []


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory, blank_admin: list[Credentials]) -> Path:
    """A folder as the first start leaves it, to be copied."""
    folder = tmp_path_factory.mktemp("blank")

    async def start_once() -> None:
        async with open_room(folder) as opened:
            blank_admin.extend(opened.announced)

    with asyncio.Runner() as runner:
        runner.run(start_once())
    return folder


@pytest.fixture
async def lite(
    blank: Path, blank_admin: list[Credentials], tmp_path: Path, executables: Path
) -> AsyncIterator[Room]:
    """A running data-access on SQLite alone, for what no database decides."""
    shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
    async with open_room(tmp_path, executables=executables) as opened:
        opened.announced.extend(blank_admin)
        yield opened


@pytest.fixture(params=DATABASES)
async def room(
    request: pytest.FixtureRequest, blank: Path, tmp_path: Path, executables: Path
) -> AsyncIterator[Room]:
    """A running data-access with an empty database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_dsn")
    shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
    async with open_room(tmp_path, url, executables) as opened:
        yield opened
