"""Runs and the journal at the command line, for people and for programs."""

import time

import httpx2
import pytest

RUN = "101983"


def told(key, second, **more):
    at = f"2026-01-01T00:00:{second:02d}"
    common = {"msg_type": key, "run_id": RUN, "timestamp": at, "sender": "daq-simulator"}
    return key, common | {"execution_id": "wf-9", "namespace": "epic"} | more


def stf(n):
    name = f"swf.{RUN}.{n:06d}.stf"
    made = {"state": "run", "substate": "physics", "sequence": n, "filename": name}
    file = {"file_url": f"file:///daq/{name}", "checksum": f"ad:{n:08x}", "size_bytes": 9}
    return told("stf_gen", 20 + n, **made), told("stf_ready", 20 + n, filename=name, **file)


@pytest.fixture(scope="module")
def a_run(system):
    """Tell a run without its start, of which the second STF is lost."""
    form = {"username": system.username, "password": system.password}
    token = httpx2.post(f"{system.url}/auth/jwt/login", data=form).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    sample = {"tf_filename": f"swf.{RUN}.000001_tf_001.tf", "stf_filename": f"swf.{RUN}.000001.stf"}
    messages = [
        told("start_run", 10, state="run", substate="physics"),
        *stf(1),
        *stf(3),
        told("tf_file_registered", 25, tf_first=37, tf_last=57, tf_count=21, **sample),
        told("end_run", 30, total_stf_files=3),
        told("stf_ready", 31),
    ]
    for key, body in messages:
        url = f"{system.url}/api/v1/messages/daq/{key}"
        answer = httpx2.post(url, json=[{"body": body}], headers=headers)
        assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + 30
    url = f"{system.url}/api/v1/journal?sender_agent=daq-simulator"
    while len(httpx2.get(url, headers=headers).json()["items"]) < len(messages) - 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_runs_are_listed_with_what_does_not_fit(signed_in, a_run):
    (run,) = signed_in("run", "list", "--namespace", "epic", "--flagged", "--json").json
    assert (run["run"], run["state"], run["registered"], run["total"]) == (RUN, "ENDED", 2, 3)
    text = signed_in("run", "list", "--state", "ended", "--namespace", "epic").out
    for word in (RUN, "ENDED", f"swf.{RUN}.run", "2026-01-01 00:00:10", "ago"):
        assert word in text
    assert "No run." in signed_in("run", "list", "--namespace", "epic", "--clean").out


def test_a_run_is_shown_with_what_is_missing_and_why_it_is_flagged(signed_in, a_run):
    text = signed_in("run", "show", RUN, "--namespace", "epic").out
    for word in (
        f"run {RUN}  ENDED",
        "2 registered, 2 announced, 3 in all",
        "STF 2",
        "no run_imminent came before it",
        "daq-simulator",
        "run/physics",
        "3 files in all",
        f"swf.{RUN}.000001_tf_001.tf",
    ):
        assert word in text
    found = signed_in("run", "show", RUN, "--namespace", "epic", "--json").json
    assert (found["missing"], found["tf_count"]) == (["STF 2"], 1)


def test_a_run_that_is_not_there_is_an_error_with_the_next_step(signed_in, system):
    ran = signed_in("run", "show", "404")
    assert (ran.code, ran.out) == (1, "")
    assert "There is no run '404' in namespace 'default'." in ran.err
    assert "penstock run list" in ran.err


def test_the_journal_has_the_columns_of_epics_monitor(signed_in, a_run):
    text = signed_in("messages", "journal", "--run", RUN).out
    head = text.split()
    assert head[:7] == [
        "Timestamp",
        "namespace",
        "message_type",
        "sender_agent",
        "source",
        "workflow",
        "is_successful",
    ]
    assert " ago" in text
    rows = signed_in("messages", "journal", "--run", RUN, "--json").json
    assert [row["message_type"] for row in rows][-1] == "start_run"
    assert {row["workflow"] for row in rows if row["sender_agent"] != "penstock"} == {"wf-9"}


def test_the_journal_tells_what_was_refused(signed_in, a_run):
    words = ("messages", "journal", "--failed", "--message-type", "stf_ready", "--limit", 5)
    rows = signed_in(*words, "--json").json
    assert [row["is_successful"] for row in rows] == [False]
    assert "stf_ready: filename: Field required" in signed_in(*words).out
    assert "No message." in signed_in(*words, "--until", "2020-01-01").out


def test_the_client_reads_all_of_it(admin, a_run):
    assert [run.run for run in admin.runs(namespace="epic", limit=1)] == [RUN]
    assert admin.run(RUN, "epic").missing == ("STF 2",)
    assert [tf.first for tf in admin.tf_files(int(RUN), "epic")] == [37]
    assert (admin.detector("epic").state, admin.detector("epic").substate) == ("run", "physics")
    assert len(admin.journal(run=RUN, limit=2)) == 2
