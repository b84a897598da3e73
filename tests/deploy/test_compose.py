"""docker-compose.yml and the Dockerfile: the table of services, no secret, few rights."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from penstock.one_service import NAMES
from penstock.services import ROOMS, url_variable

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.fixture
def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: services[name] for name in NAMES}


def make_secrets(folder: Path) -> int:
    spec = importlib.util.spec_from_file_location("make_secrets", ROOT / "scripts/make_secrets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: int = module.main(folder)
    return made


def test_what_is_built_is_the_table_of_services(services: dict[str, Any]) -> None:
    built = {
        name: one["build"]["args"]["SERVICE"] for name, one in services.items() if "build" in one
    }
    assert built == {name: name for name in NAMES}


def test_every_service_has_few_rights_and_knows_where_the_others_are(ours: dict[str, Any]) -> None:
    faces = {url_variable(room): f"http://{room.name}:8642" for room in ROOMS if room.paths}
    for name, one in ours.items():
        assert one["read_only"], name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["environment"].items() >= faces.items(), name
        assert {need["condition"] for need in one["depends_on"].values()} == {"service_healthy"}
        # Only data-access writes keys and secrets.
        writes = {v for v in one.get("volumes", ()) if v in ("keys:/keys", "secrets:/secrets")}
        assert bool(writes) == (name == "data-access"), name


def test_no_password_stands_in_what_is_committed() -> None:
    for path in (COMPOSE, ROOT / "Dockerfile"):
        assert not re.search(
            r"(?i)(password|_pass|secret)\s*[:=]\s*\S*[a-z0-9]{6}", path.read_text()
        )
    ignored = subprocess.run(
        ["git", "check-ignore", "-q", "deploy/secrets/penstock.env"], cwd=ROOT, check=False
    )
    assert ignored.returncode in (0, 128)  # 128: no checkout of git


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    make_secrets(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
    broker = re.search(r"amqp://penstock:(\S+)@", first["penstock.env"])
    assert broker is not None
    assert f"RABBITMQ_DEFAULT_PASS={broker[1]}\n" in first["rabbitmq.env"]
    assert len(broker[1]) >= 32


def test_the_image_ends_as_somebody_without_rights() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER penstock" in lines
    assert next(line for line in lines if line.startswith("FROM")).endswith("AS build")
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_compose_takes_it(tmp_path: Path) -> None:
    compose = shutil.which("docker-compose")
    if compose is None:
        if os.environ.get("CI"):
            pytest.fail("docker-compose is not installed; run scripts/setup_servers.py")
        pytest.skip("docker-compose is not installed here")
    shutil.copy(COMPOSE, tmp_path)
    (tmp_path / "deploy").mkdir()
    make_secrets(tmp_path / "deploy" / "secrets")
    said = subprocess.run(
        [compose, "config"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert set(NAMES) <= set(yaml.safe_load(said.stdout)["services"])
