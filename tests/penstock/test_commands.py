"""Every command against a whole Penstock, for people and for programs."""

import asyncio
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import httpx2

from penstock.cli.credentials import KeptTokens
from penstock.client import Penstock
from penstock_core.states import DatasetState


def test_templates_are_listed(signed_in, stocked):
    ran = signed_in("template", "list", "--status", "ACTUAL", "--json")
    assert [(t["name"], t["version"]) for t in ran.json] == [("decoding-reconstruction", 1)]
    ran = signed_in("template", "list")
    assert "decoding-reconstruction" in ran.out
    assert "*.test.*" in ran.out


def test_uploading_the_same_twice_is_one_version(signed_in, stocked, templates):
    file = templates / "md5" / "template.yaml"
    first = signed_in("template", "upload", file, "--name", "sums", "--json").json
    again = signed_in("template", "upload", file, "--name", "sums", "--json").json
    assert first["template_id"] == again["template_id"]
    changed = signed_in("template", "upload", file, "--name", "sums", "--mask", "*.x", "--json")
    assert (changed.json["version"], changed.json["masks"]) == (2, ["*.x"])


def test_a_document_without_a_mask_is_not_uploaded(signed_in, templates):
    ran = signed_in("template", "upload", templates / "md5" / "md5.cwl")
    assert (ran.code, ran.out) == (1, "")
    assert "--mask" in ran.err


def test_datasets_are_listed_and_shown_with_why(signed_in, stocked):
    ran = signed_in("dataset", "list", "--name", "run1.*", "--kind", "input", "--json")
    assert [(d["name"], d["state"]) for d in ran.json] == [("run1.test.raw", "OPEN")]
    ran = signed_in("dataset", "show", "run1.test.raw")
    assert ran.code == 0
    assert "stays open until daq announces its end; 0 files so far" in ran.out


def test_a_dataset_is_closed_by_hand_with_its_reason(signed_in, stocked):
    ran = signed_in("dataset", "close", "run2.other", "--because", "the run was a test", "--json")
    assert (ran.code, ran.json["state"]) == (0, "CLOSED")
    shown = signed_in("dataset", "show", "run2.other", "--json").json
    assert "the run was a test" in shown["ledger"][-1]["because"]
    assert "the run was a test" in shown["why"]


def test_closing_a_closed_dataset_says_that_the_reason_is_not_kept(signed_in, system, stocked):
    signed_in("dataset", "close", "run2.other", "--because", "the run was a test")
    ran = signed_in("dataset", "close", "run2.other", "--because", "second thoughts")
    assert ran.code == 0
    assert "run2.other was already CLOSED" in ran.out
    assert "the run was a test; your reason was not recorded." in ran.out
    assert "second thoughts" not in signed_in("dataset", "show", "run2.other", "--json").out


def test_jobs_are_held_released_and_listed(signed_in, stocked):
    assert signed_in("jobs", "list", "--json").json == []
    assert "Jobs are held back." in signed_in("jobs", "list").out
    assert "penstock jobs release" in signed_in("task", "list").out
    try:
        assert signed_in("jobs", "release", "--json").json == {"held": False}
        assert "held back" not in signed_in("task", "list").out
        assert "held back" not in signed_in("jobs", "list").out
    finally:
        assert signed_in("jobs", "hold", "--json").json == {"held": True}


def test_states_are_taken_in_any_case(signed_in, stocked):
    assert signed_in("template", "list", "--status", "actual", "--json").json
    assert signed_in("dataset", "list", "--kind", "INPUT", "--state", "Open", "--json").json
    assert signed_in("task", "list", "--status", "defined").code == 0


def test_the_version_is_told(command):
    ran = command("--version")
    assert (ran.code, ran.out) == (0, f"penstock {metadata.version('penstock')}\n")


def test_tasks_are_listed_with_spds_columns(signed_in, stocked):
    rows = signed_in("task", "list", "--dataset", "run1.test.raw", "--json").json
    assert rows[0]["exec"] == "processing_program"
    text = signed_in("task", "list").out
    for word in ("wflow", "retry", "log", "progress", "decoding", "cable_map"):
        assert word in text


def test_a_refused_task_says_why(signed_in, stocked):
    ran = signed_in("task", "submit", "rm", "run1.test.raw", "--args=-rf /")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error:")


def test_explain_names_the_clause(signed_in, stocked):
    ran = signed_in("explain", "run1.test.raw", "decoding-reconstruction", "--json")
    assert (ran.json["matched"], ran.json["clause"]) == (True, "*.test.*")
    ran = signed_in("explain", "run2.other", "decoding-reconstruction")
    assert (ran.code, "does not take" in ran.out) == (0, True)


def test_a_stored_template_is_planned_like_its_file(signed_in, stocked, templates):
    stored = signed_in("template", "plan", "decoding-reconstruction", "run9.test.raw", "--json")
    file = templates / "spd" / "template.yaml"
    local = signed_in("template", "plan", file, "run9.test.raw", "--json")
    assert stored.json["tasks"] == local.json["tasks"]


def test_a_user_gets_a_role(signed_in, system):
    account = {"email": "expert@example.org", "password": "a-long-password-77"}
    assert httpx2.post(f"{system.url}/auth/register", json=account).status_code == 201
    ran = signed_in("user", "role", "expert@example.org", "expert", "viewer", "--json")
    assert (ran.code, ran.json["roles"]) == (0, ["expert", "viewer"])
    ran = signed_in("user", "role", "nobody@example.org", "expert")
    assert (ran.code, ran.out) == (1, "")


def test_a_lost_password_is_replaced(signed_in, system):
    account = {"email": "lost@example.org", "password": "a-long-password-77"}
    assert httpx2.post(f"{system.url}/auth/register", json=account).status_code == 201
    assert "lost@example.org" in signed_in("user", "list").out
    made = signed_in("user", "password", "lost@example.org", "--json").json["password"]
    for password, status in ((account["password"], 401), (made, 200)):
        form = {"username": "lost@example.org", "password": password}
        assert httpx2.post(f"{system.url}/auth/jwt/login", data=form).status_code == status


def test_hints_of_the_services_name_commands(signed_in, stocked):
    ran = signed_in("task", "rank", 99999, "--to", 1)
    assert "penstock task list" in ran.err
    assert "GET /" not in ran.err


def test_what_is_not_there_is_an_error_with_a_hint(signed_in, stocked):
    for words in (
        ("dataset", "show", "nowhere"),
        ("explain", "nowhere", "1"),
        ("task", "rank", 99999, "--to", 1),
    ):
        ran = signed_in(*words, "--json")
        assert (ran.code, ran.out) == (1, "")
        assert "Error:" in ran.err
        assert "Hint:" in ran.err


def test_a_login_is_kept_for_its_owner_alone_and_renewed(command, system, tmp_path, monkeypatch):
    monkeypatch.setenv("PENSTOCK_PASSWORD", system.password)
    ran = command("login", "--url", system.url, "--username", system.username, "--json")
    assert ran.code == 0, ran.err
    kept = tmp_path / "config" / "penstock" / "credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert command("template", "list", "--json").code == 0
    _expire(kept)
    before = kept.read_text()
    assert command("template", "list", "--json").code == 0
    assert kept.read_text() != before, "it was renewed"
    assert command("logout").code == 0
    ran = command("template", "list", "--url", system.url)
    assert (ran.code, "penstock login" in ran.err) == (1, True)


def _expire(kept):
    credentials = json.loads(kept.read_text())
    for sign_in in credentials["sign_ins"].values():
        sign_in["expires_at"] = "2026-01-01T00:00:00Z"
    kept.write_text(json.dumps(credentials))


def test_commands_that_run_together_renew_a_sign_in_once(command, system, tmp_path, monkeypatch):
    monkeypatch.setenv("PENSTOCK_PASSWORD", system.password)
    command("login", "--url", system.url, "--username", system.username)
    kept = tmp_path / "config" / "penstock" / "credentials.json"
    _expire(kept)

    def ask() -> str:
        async def token() -> str:
            async with httpx2.AsyncClient(base_url=system.url) as http:
                return await KeptTokens(http, kept, system.url).token()

        return asyncio.run(token())

    with ThreadPoolExecutor() as both:
        first, second = both.map(lambda _: ask(), range(2))
    assert first == second


def test_a_wrong_password_is_told(command, system, monkeypatch):
    monkeypatch.setenv("PENSTOCK_PASSWORD", "guess")
    ran = command("login", "--url", system.url, "--username", system.username)
    assert (ran.code, ran.out) == (1, "")
    assert "wrong" in ran.err


def test_nobody_there_is_told_without_a_traceback(command, monkeypatch):
    monkeypatch.setenv("PENSTOCK_USERNAME", "me@example.org")
    monkeypatch.setenv("PENSTOCK_PASSWORD", "x")
    ran = command("task", "list", "--url", "http://127.0.0.1:9")
    assert (ran.code, ran.out) == (1, "")
    assert "[Errno 111]" in ran.err
    assert "penstock up" in ran.err
    assert "Traceback" not in ran.err


def test_on_the_same_machine_the_data_folder_is_the_sign_in(command, system, stocked):
    (system.data_dir / "url").write_text(system.url)
    ran = command("task", "list", "--data-dir", system.data_dir, "--json")
    assert (ran.code, len(ran.json) >= 2) == (0, True)


def test_the_client_is_typed_and_works_inside_a_running_loop(system, stocked):
    async def notebook():
        with Penstock(system.url, system.username, system.password) as penstock:
            return (
                penstock.dataset("run1.test.raw"),
                penstock.tasks(),
                penstock.recipe(penstock.template("decoding-reconstruction")),
            )

    dataset, tasks, recipe = asyncio.run(notebook())
    assert dataset.state is DatasetState.OPEN
    assert {task.step for task in tasks} == {step["name"] for step in recipe["steps"]}
