"""Runs and streams as they really end: in a whole house, by rules that are data."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from penstock.house import open_house
from penstock.template_file import read_template
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.closing import NewRule, Policy
from penstock_core.contracts.dsm import NewStorage
from penstock_core.contracts.intake import PostedMessage
from penstock_core.settings import HouseSettings

WAIT_S = 5.0
SELDOM_S = 60.0
"""How often loops look by themselves: what happens sooner was foretold, or woken."""


@pytest.fixture
async def clients(tmp_path: Path) -> AsyncIterator[HouseClients]:
    """The operator's clients of a house whose jobs are held, and whose loops seldom look."""
    settings = HouseSettings(data_dir=tmp_path / "data", reconcile_every_s=SELDOM_S)
    async with (
        open_house(settings, hold_jobs=True) as house,
        HouseClients(house.house, "operator") as made,
    ):
        yield made


async def tell(clients: HouseClients, *messages: dict[str, Any]) -> None:
    for message in messages:
        body = PostedMessage(body=message)
        await clients.dsm.post_messages("daq", message["msg_type"], [body])


def run_message(kind: str, run: int, at: int, **more: Any) -> dict[str, Any]:
    stamp = f"2026-01-01T00:00:{at:02d}"
    return {"msg_type": kind, "run_id": str(run), "timestamp": stamp, "sender": "daqsim"} | more


def stf(kind: str, run: int, n: int) -> dict[str, Any]:
    name = f"swf.{run}.{n:06d}.stf"
    more = {"filename": name, "checksum": f"ad:{n:08x}", "size_bytes": 512}
    if kind == "stf_ready":
        more["file_url"] = f"file:///daq/{name}"
    return run_message(kind, run, n, **more)


def stfs(run: int, *numbers: int) -> list[dict[str, Any]]:
    return [stf(kind, run, n) for n in numbers for kind in ("stf_gen", "stf_ready")]


async def rule(clients: HouseClients, name: str, mask: str, **policy: Any) -> None:
    await clients.dsm.set_rule(name, NewRule(masks=(mask,), policy=Policy(**policy)))


async def dataset(clients: HouseClients, name: str) -> Any:
    found = (await clients.dsm.datasets(name=name)).items
    return found[0] if found else None


async def closed(clients: HouseClients, eventually: Any, name: str) -> Any:
    """Return a dataset once it is closed, with the row of the ledger that says why."""
    found = await eventually(
        lambda: dataset(clients, name), lambda d: d is not None and d.state == "CLOSED"
    )
    return found, (await clients.dsm.ledger(found.uid))[-1]


async def test_a_lost_stf_is_named_given_up_and_archived_when_it_comes_after_all(
    clients: HouseClients, templates: Path, eventually: Any
) -> None:
    template = read_template(templates / "md5" / "template.yaml")
    template = template.model_copy(update={"masks": ("swf.{run}.run",)})
    made = await clients.data_access.create_template(template)
    await rule(clients, "quick", "swf.*", max_latency_s=WAIT_S)
    await tell(clients, run_message("run_imminent", 101983, 0), *stfs(101983, 1, 3))
    await tell(clients, run_message("end_run", 101983, 9, total_stf_files=3))
    run = await eventually(lambda: dataset(clients, "swf.101983.run"), lambda d: d and d.announced)
    (forecast,) = await clients.dsm.forecasts([run.uid])
    assert forecast.text.endswith("Z unless STF 2 comes")

    run, row = await closed(clients, eventually, "swf.101983.run")
    assert run.closed_at >= forecast.at
    assert (run.closed_at - forecast.at).total_seconds() < SELDOM_S / 4
    assert (row.rule, run.incomplete, row.evidence["rule"]) == ("incomplete", True, "quick")
    assert row.because == (
        "1 of 3 files that daqsim announced did not come within 5 s (rule quick): STF 2"
    )

    await tell(clients, *stfs(101983, 2))
    delta, row = await closed(clients, eventually, "swf.101983.run.d1")
    assert (delta.files, delta.logical, row.rule) == (1, "swf.101983.run", "idle")
    why = await clients.data_access.explain(delta.uid, made.template_id)
    assert (why.matched, why.clause) == (False, "late = archive")
    tasks = (await clients.data_access.tasks()).items
    assert {task.input_name for task in tasks} == {"swf.101983.run"}


async def test_a_run_whose_end_is_lost_closes_with_an_alarm_once_a_later_one_runs(
    clients: HouseClients, eventually: Any
) -> None:
    await rule(clients, "quick", "swf.*", max_latency_s=WAIT_S)
    await tell(clients, run_message("start_run", 5, 1), *stfs(5, 1, 2))
    await tell(clients, run_message("start_run", 6, 30), *stfs(6, 1))
    run, row = await closed(clients, eventually, "swf.5.run")
    assert (row.rule, run.incomplete, run.files) == ("no_end_run", True, 2)
    assert "run 6 has started" in row.because
    (alarm,) = (await clients.data_access.alarms(kind="no_end_run")).items
    assert (alarm.subject, alarm.text) == ("swf.5.run", row.because)
    assert (await dataset(clients, "swf.6.run")).state == "OPEN"


async def test_a_run_that_announces_nothing_closes_empty(
    clients: HouseClients, eventually: Any
) -> None:
    await tell(clients, run_message("end_run", 7, 1, total_stf_files=0))
    run, row = await closed(clients, eventually, "swf.7.run")
    assert (row.rule, run.files, run.incomplete) == ("empty", 0, False)


async def test_a_stream_without_end_goes_on_in_successors_each_with_its_chain(
    clients: HouseClients, templates: Path, tmp_path: Path, eventually: Any
) -> None:
    template = read_template(templates / "md5" / "template.yaml")
    await clients.data_access.create_template(template.model_copy(update={"masks": ("cosmics",)}))
    storage = await clients.dsm.create_storage(NewStorage(name="in", base=str(tmp_path)))
    await rule(clients, "cosmics", "cosmics", max_files=2, files_per_part=1)
    for n in range(1, 6):
        file = {"storageId": storage.uid, "path": f"{n}.raw", "size": n, "checksum": f"ad:{n:08x}"}
        body = {"datasetName": "cosmics", "files": [file]}
        await clients.dsm.post_messages("dsm.register", "file.input", [PostedMessage(body=body)])
        await eventually(
            lambda: clients.dsm.datasets(logical="cosmics"),
            lambda page, n=n: (
                sum(d.files for d in page.items) == n
                and all(d.state == "CLOSED" for d in page.items if d.files == 2)
            ),
        )
    found = (await clients.dsm.datasets(logical="cosmics")).items
    assert [(d.name, d.files, d.closed_rule) for d in found] == [
        ("cosmics", 2, "files"),
        ("cosmics.s2", 2, "files"),
        ("cosmics.s3", 1, ""),
    ]
    assert [p.name for p in await clients.dsm.parts(found[0].uid)] == ["cosmics", "cosmics.b2"]
    tasks = await eventually(clients.data_access.tasks, lambda page: len(page.items) == 3)
    assert {task.input_name for task in tasks.items} == {"cosmics", "cosmics.s2", "cosmics.s3"}


async def test_a_changed_rule_closes_at_once_what_was_open(
    clients: HouseClients, eventually: Any
) -> None:
    await tell(clients, *stfs(8, 1, 2), run_message("end_run", 8, 9, total_stf_files=3))
    run = await eventually(lambda: dataset(clients, "swf.8.run"), lambda d: d and d.announced)
    (forecast,) = await clients.dsm.forecasts([run.uid])
    assert forecast.evidence.rule == "default-run"
    began = time.monotonic()
    await rule(clients, "at-once", "swf.8.*", max_latency_s=0)
    _, row = await closed(clients, eventually, "swf.8.run")
    assert (row.rule, row.evidence["rule"]) == ("incomplete", "at-once")
    assert time.monotonic() - began < SELDOM_S / 2
