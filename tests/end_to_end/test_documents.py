"""What README and handbook show is run as written, and every link leads somewhere."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
RUN_BY_US = (ROOT / "README.md", ROOT / "docs" / "operations.md", ROOT / "docs" / "pilot.md")
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:\.venv/bin/)?penstock .*")
INLINE = re.compile(r"`(penstock [^`]+)`")
NAMES = re.findall("^## (penstock .*)$", (ROOT / "docs/reference/cli.md").read_text(), re.MULTILINE)
"""Commands that a text only names, without what they need."""
LINK = re.compile(r"\]\(([^)\s]+)\)")
WITHIN_S = 60
RUN, NEXT_RUN = "101983", "101984"

EXAMPLES = {
    ".venv/bin/penstock template upload templates/md5/template.yaml": "md5",
    ".venv/bin/penstock task list": f"swf.{RUN}.run",
    f".venv/bin/penstock explain swf.{RUN}.run dimuon": "dimuon takes",
    "penstock daq --help": "--speed",
    "penstock status": "READY",
    "penstock status --all": "task-manager",
    "penstock explain NAME": "STF 1",
    "penstock run list --flagged": RUN,
    "penstock audit --repair": "laws hold",
    "penstock messages peek QUEUE": "Nothing lies there",
    "penstock messages redrive QUEUE --all": "0 dead letters sent again",
    "penstock messages discard QUEUE --all --because '…'": "0 dead letters given up",
    "penstock run show RUN": f"swf.{RUN}.run",
    "penstock messages journal --run RUN": "stf_gen",
    "penstock messages journal --failed": "No message",
    "penstock dataset close NAME --because '…'": f"swf.{NEXT_RUN}.run is CLOSED",
    "penstock file show FILE": "QUARANTINED",
    "penstock file release FILE --because '…'": "the inspector looks at it now",
    "penstock file lost FILE --because '…'": "is LOST",
    "penstock storage dark STORAGE": "No dark file",
    "penstock storage dark STORAGE --delete --because '…'": "No dark file",
    "penstock dataset delete NAME --because '…'": "tape is DELETED",
    "penstock task list --status DEFINED": f"swf.{RUN}.run",
    "penstock task list --status FAILED": "No task",
    "penstock task pause --run RUN --dry-run": "decode",
    "penstock task retry --run RUN --template TEMPLATE": "no such task",
    "penstock task history TASK": "Nothing was done",
    "penstock explain DATASET TEMPLATE": "dimuon takes",
    "penstock template backfill NAME": "0 workflows to make; 2 there already",
    "penstock workflow list --template NAME": f"swf.{RUN}.run",
    "penstock workflow rerun ID --version newest": ".try1",
    "penstock template rollback NAME": "version 1 is ACTUAL again",
    "penstock user role EMAIL expert": "is now: expert",
    "penstock user password EMAIL": "signs in with",
}
"""Every command that the documents show, and what its answer says."""
RUN_ELSEWHERE = (
    "penstock serve data-access --port 8651",
    "penstock cluster start",
    "penstock cluster start --replicas 2 --replicas dsm=3",
    "penstock cluster status",
    "penstock cluster scale scheduler=2",
    "penstock cluster logs dsm",
    "penstock cluster restart dsm scheduler",
    "penstock cluster stop",
)
"""What needs RabbitMQ and PostgreSQL: ``test_cluster.py`` runs it."""
BLANKS = {
    "explain NAME": f"explain swf.{RUN}.run",
    "peek QUEUE": "peek dsm.register.dataset.input.reply",
    "redrive QUEUE": "redrive dsm.daq",
    "discard QUEUE": "discard dsm.daq",
    "close NAME": f"close swf.{NEXT_RUN}.run",
    "delete NAME": "delete tape",
    "backfill NAME": "backfill dimuon",
    "rollback NAME": "rollback dimuon",
    "--template NAME": "--template dimuon",
    "rerun ID": "rerun 1",
    "FILE": "bad.dat",
    "STORAGE": "disk",
    "'…'": "'the power went'",
    "DATASET": f"swf.{RUN}.run",
    "TEMPLATE": "dimuon",
    "RUN": RUN,
    "TASK": "1",
    "EMAIL": "anna@penstock.example",
}
"""What a reader puts in place of a word in capitals."""


def commands() -> list[str]:
    """Return every command of ours that these documents show, in their order."""
    found: list[str] = []
    for page in RUN_BY_US:
        text = page.read_text()
        for block in BLOCK.findall(text):
            found += COMMAND.findall(re.sub(r" *#.*", "", block))
        found += [command for command in INLINE.findall(text) if command not in NAMES]
    return list(dict.fromkeys(found))


def is_start(command: str) -> bool:
    return command.removeprefix(".venv/bin/").startswith("penstock up")


STARTS = sorted({c.removeprefix(".venv/bin/") for c in commands() if is_start(c)})


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the documents take it for granted: with the environment and the templates."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "templates").symlink_to(ROOT / "templates")
    return folder


@contextmanager
def started(command: str, folder: Path) -> Iterator[str]:
    """Run ``penstock up`` as written, on a free port; give its URL. It must end cleanly."""
    if "--data-dir" not in command:
        command += " --data-dir penstock-data"
    line = re.sub(r" --port \d+", "", command).replace("/srv/", "srv/") + " --port 0"
    data_dir = folder / line.split("--data-dir ")[1].split()[0]
    with (folder / "up.log").open("w") as log:
        running = subprocess.Popen(
            f"exec {line}", shell=True, cwd=folder, env=environment(folder), stdout=log, stderr=log
        )
        try:
            yield _url(running, data_dir / "url", folder / "up.log")
        finally:
            running.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(20)
            running.kill()
            running.wait()
    assert running.returncode == 0, (folder / "up.log").read_text()


def _url(running: "subprocess.Popen[bytes]", file: Path, log: Path) -> str:
    deadline = time.monotonic() + WITHIN_S
    while not (file.exists() and file.read_text()):
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return file.read_text()


def environment(folder: Path) -> dict[str, str]:
    """Return an environment where ``penstock`` is on the path, and nobody has signed in."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    path = f"{folder / '.venv' / 'bin'}:{ours['PATH']}"
    return ours | {"PATH": path, "XDG_CONFIG_HOME": str(folder / "config")}


def run(command: str, folder: Path) -> str:
    """Return what a command prints, its blanks squeezed; it must succeed."""
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment(folder), capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def stocked(checkout: Path) -> Iterator[Path]:
    """A Penstock with two runs of the physics chain, a person, and STFs that never came."""
    with started("penstock up --hold-jobs", checkout) as url:
        run("penstock template upload templates/physics/template.yaml", checkout)
        secret = (checkout / "penstock-data" / "secrets" / "operator").read_text().strip()
        body = {"service": "operator", "secret": secret}
        person = {"email": BLANKS["EMAIL"], "password": "correct horse"}
        with httpx2.Client(base_url=url, trust_env=False) as http:
            http.post("/auth/register", json=person).raise_for_status()
            token = http.post("/auth/service/token", json=body).json()["access_token"]
            http.headers["authorization"] = f"Bearer {token}"
            _make_second_version(http)
            _announce(http)
            _damage(http, checkout / "disk")
        yield checkout


def _make_second_version(http: httpx2.Client) -> None:
    (first,) = http.get("/template/all").json()
    change = {"exclude": ["never.*"]}
    http.put(f"/template/{first['template_id']}/change", json=change).raise_for_status()


def _damage(http: httpx2.Client, base: Path) -> None:
    """Register a file in a storage whose bytes are not what is told, and see it found."""
    base.mkdir()
    (base / "bad.dat").write_bytes(b"wrong")
    storage = {"name": "disk", "base": str(base)}
    uid = http.post("/api/v1/storage", json=storage).raise_for_status().json()["uid"]
    (made,) = http.post("/api/v1/dataset", json=[{"name": "tape"}]).raise_for_status().json()
    file = {"datasetId": made["uid"], "storageId": uid, "path": "bad.dat", "size": 5}
    http.post("/api/v1/file/", json=file | {"checksum": "ad:00000001"}).raise_for_status()
    deadline = time.monotonic() + WITHIN_S
    while not http.get("/api/v1/file/quarantine").json()["items"]:
        assert time.monotonic() < deadline, "the inspector did not look"
        time.sleep(0.05)


def _announce(http: httpx2.Client) -> None:
    def post(key: str, **body: Any) -> None:
        http.post(f"/api/v1/messages/daq/{key}", json=[{"body": body}]).raise_for_status()

    for number in (RUN, NEXT_RUN):
        for sequence in (1, 2):
            name = f"swf.{number}.{sequence:06d}.stf"
            post("stf_gen", run_id=number, filename=name, sequence=sequence, sender="daq")
        post("end_run", run_id=number, total_stf_files=2, sender="daq")
    deadline = time.monotonic() + WITHIN_S
    while len(http.get("/task/all").json()) < 8:
        assert time.monotonic() < deadline, "the chains were not made"
        time.sleep(0.05)


def test_every_command_of_the_documents_is_run_here() -> None:
    assert {c for c in commands() if not is_start(c)} == {*EXAMPLES, *RUN_ELSEWHERE}
    assert len(STARTS) == 3


@pytest.mark.slow
def test_the_documents_commands_do_what_they_say(stocked: Path) -> None:
    for command, said in EXAMPLES.items():
        line = command
        for blank, word in BLANKS.items():
            line = line.replace(blank, word)
        assert said in run(line, stocked), command


@pytest.mark.parametrize("command", [c for c in STARTS if "--data-dir" in c])
def test_penstock_starts_and_ends_as_the_handbook_says(command: str, checkout: Path) -> None:
    with started(command, checkout) as url:
        assert httpx2.get(f"{url}/health/live", trust_env=False).json() == {"status": "alive"}
    shutil.rmtree(checkout / "srv")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = [urlsplit(link) for link in LINK.findall(page.read_text())]
    gone = [s.path for s in links if not s.scheme and s.path and not _leads(page, s.path)]
    assert gone == []


def _leads(page: Path, path: str) -> bool:
    target = (page.parent / path).resolve()
    return target.is_relative_to(ROOT) and target.exists()
