"""What the three pages show, and that their addresses say it all."""

import httpx2
import pytest
from tests.template_manager import told


async def _text(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_tasks_page_has_spds_columns_and_progress(visitor):
    text = await _text(visitor, "/ui/tasks")
    for column in ("task_id", "wflow_id", "exec", "args", "rank", "device", "mode", "retry"):
        assert f">{column}</th>" in text
    assert "7 of 12 jobs finished, 1 failed" in text


@pytest.mark.parametrize(
    ("query", "seen", "unseen"),
    [
        ("status=FAILED", ["/ui/tasks/14"], ["/ui/tasks/11"]),
        ("workflow=6", ["/ui/tasks/11"], ["/ui/tasks/14"]),
        ("workflow=&status=", ["/ui/tasks/11", "/ui/tasks/14"], []),
        ("dataset=another", ["No task fits"], ["/ui/tasks/11"]),
    ],
)
async def test_a_tasks_filter_is_in_the_address(visitor, query, seen, unseen):
    text = await _text(visitor, f"/ui/tasks?{query}")
    assert all(part in text for part in seen)
    assert not any(f'"{part}"' in text for part in unseen)


@pytest.mark.parametrize(
    ("query", "seen", "unseen"),
    [
        ("", ["database: it does not answer", "LOST", ">37<", "farm-07", "ago"], []),
        ("state=LOST", ["<td>scheduler</td>"], ["<td>dsm</td>"]),
        ("name=dsm", ["<td>dsm</td>"], ["<td>scheduler</td>"]),
        ("name=x", ["No service fits"], ["<td>dsm</td>"]),
    ],
)
async def test_the_services_page_says_how_each_stands(visitor, query, seen, unseen):
    text = await _text(visitor, f"/ui/services?{query}")
    assert all(part in text for part in seen)
    assert not any(part in text for part in unseen)


async def test_a_task_shows_its_jobs_and_what_it_waits_for(visitor):
    text = await _text(visitor, "/ui/tasks/13")
    assert "Waits for reconstruct to be closed" in text
    assert "On incomplete input" in text
    assert "the program ended with exit code 1" in text
    assert "ValueError: header says run 7" in text
    assert "farm-07" in text


async def test_a_dataset_says_why_it_is_closed(visitor):
    text = await _text(visitor, "/ui/datasets/uid-1")
    assert "Closed:\n  12 of 12 announced files are registered." in text
    assert "announced_by" in text
    assert "48.3 MB" in text


@pytest.mark.parametrize("page", ["/ui/datasets/uid-2", "/ui/datasets?name=swf.101984.run"])
async def test_an_open_dataset_says_when_it_will_close(visitor, page):
    assert "closes at 14:32Z unless STF 57 comes" in await _text(visitor, page)


async def test_a_dataset_shows_its_parts_and_what_follows_it(visitor):
    text = await _text(visitor, "/ui/datasets/uid-1")
    assert "swf.101983.run.b2" in text
    assert '<a href="/ui/datasets/uid-5">swf.101983.run.d1</a>' in text
    assert "archived only" in text
    delta = await _text(visitor, "/ui/datasets/uid-5")
    assert "came after swf.101983.run had closed" in delta
    assert "<h2>Parts</h2>" not in delta


async def test_datasets_are_filtered_by_glob_state_and_kind(visitor):
    text = await _text(visitor, "/ui/datasets?name=swf.*.run&state=CLOSED&kind=input")
    assert "uid-1" in text
    assert "uid-2" not in text
    assert "uid-3" not in text


async def test_files_are_paged(visitor):
    first = await _text(visitor, "/ui/datasets/uid-1")
    assert "swf.101983.000050.stf" in first
    assert "swf.101983.000051.stf" not in first
    assert "?after=50" in first
    assert "swf.101983.000051.stf" in await _text(visitor, "/ui/datasets/uid-1?after=50")


async def test_the_next_page_keeps_the_filters(visitor, facts):
    facts.tasks = [told.task(n, "decode", "FAILED") for n in range(1, 61)]
    text = await _text(visitor, "/ui/tasks?status=FAILED")
    assert 'href="/ui/tasks?after=50&amp;status=FAILED"' in text
    text = await _text(visitor, "/ui/tasks?after=50&status=FAILED")
    assert 'href="/ui/tasks?status=FAILED"' in text


async def test_a_template_shows_its_chain_steps_and_documents(visitor):
    text = await _text(visitor, "/ui/templates/1")
    assert '<figure class="chain">' in text
    assert text.count("<path d=") == 4
    assert "class: Workflow" in text
    assert "What it means in standard CWL" in text


async def test_templates_are_filtered_by_status_and_name(visitor):
    text = await _text(visitor, "/ui/templates?status=ARCHIVED&name=md5")
    assert "/ui/templates/2" in text
    assert "/ui/templates/1" not in text


async def test_what_others_wrote_is_never_markup(visitor, facts):
    facts.datasets.append(told.dataset("uid-9", "<b>x</b>", producer="<script>"))
    assert "<script>alert" not in await _text(visitor, "/ui/templates/1")
    text = await _text(visitor, "/ui/datasets")
    assert "<b>x</b>" not in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text


async def test_a_live_page_reloads_itself(visitor):
    text = await _text(visitor, "/ui/tasks?refresh=5&status=FAILED")
    assert '<meta http-equiv="refresh" content="5">' in text
    assert 'http-equiv="refresh"' not in await _text(visitor, "/ui/tasks")


async def test_an_unknown_thing_is_a_page_with_message_and_hint(visitor):
    answer = await visitor.get("/ui/datasets/nowhere")
    assert answer.status_code == 404
    assert "There is no such thing." in answer.text
    assert "Look at the list." in answer.text
    assert "text/html" in answer.headers["content-type"]


@pytest.mark.parametrize("path", ["/ui/tasks?after=x", "/ui/tasks/x", "/ui/tasks?workflow=six"])
async def test_an_address_that_cannot_be_read_says_which_part(visitor, path):
    answer = await visitor.get(path)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


async def test_an_unknown_page_is_a_page_too(visitor):
    answer = await visitor.get("/ui/nowhere")
    assert answer.status_code == 404
    assert "GET /ui/nowhere" in answer.text


async def test_a_service_that_is_away_is_told_as_such(visitor, house):
    async def broken(scope, receive, send):
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"starting"})

    house.doors["dsm"] = broken
    answer = await visitor.get("/ui/datasets")
    assert answer.status_code == 503
    assert "Not reachable at the moment" in answer.text


async def test_the_tasks_page_names_and_links_its_datasets(visitor):
    text = await _text(visitor, "/ui/tasks?status=FINISHED")
    assert '<a href="/ui/datasets/number/26">26 <small>swf.101983.run</small></a>' in text
    assert "<small>swf.101983.run.dimuon.decode.v1</small>" in text
    assert 'href="/ui/datasets/number/28"' in text


async def test_a_jobs_log_and_outputs_open_from_its_row(visitor, facts):
    out = facts.tasks[0].output_name
    facts.jobs = [told.job(0, "FINISHED", outputs=(f"{out}.0.npz", f"{out}.log.0.log"))]
    text = " ".join((await _text(visitor, "/ui/tasks/11")).split())
    assert f'href="/ui/datasets/number/27/files/{out}.0.npz" title="{out}.0.npz">0.npz</a>' in text
    assert '<a href="/ui/tasks/11/logs/0">log</a>' in text
    assert ">log.0.log</a>" not in text


@pytest.mark.parametrize("status", ["FAILED", "PARTIAL", "CANCELLED"])
async def test_an_open_dataset_of_a_lost_task_says_who_must_close_it(visitor, facts, status):
    facts.tasks.append(told.task(15, "decode", status))
    lost = told.dataset("uid-8", "a.v1", kind="output", metadata={"task": 15})
    facts.datasets.append(lost)
    text = " ".join((await _text(visitor, "/ui/datasets/uid-8")).split())
    assert 'href="/ui/tasks/15">Task 15</a> ended' in text
    says = {"CANCELLED": "stays open until an operator closes it by hand"}
    assert says.get(status, "stays open until that task is retried or its loss accepted") in text


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"task": 14}},
        {"metadata": {"task": 14}, "kind": "output", "state": "CLOSED"},
        {"metadata": {"task": 11}, "kind": "output"},
        {"metadata": {"task": 99}, "kind": "output"},
        {"metadata": {"task": "14"}, "kind": "output"},
    ],
)
async def test_no_other_dataset_says_so(visitor, facts, changes):
    facts.datasets.append(told.dataset("uid-8", "a.v1", **changes))
    assert "stays open" not in await _text(visitor, "/ui/datasets/uid-8")


async def test_a_template_says_when_its_steps_start_as_the_command_line_does(visitor):
    text = await _text(visitor, "/ui/templates/1")
    for words in ("its dataset is there", "decode is there", "reconstruct is closed"):
        assert words in text
    assert "map · its input is there" in text


async def test_an_unknown_page_keeps_the_navigation_of_who_is_signed_in(visitor, stranger):
    assert 'aria-label="Pages"' in (await visitor.get("/ui/nowhere")).text
    visitor.cookies.clear()
    assert 'aria-label="Pages"' not in (await visitor.get("/ui/nowhere")).text


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("GET /task/all lists them.", '<a href="/ui/tasks">See all tasks</a>'),
        ("GET /api/v1/dataset lists them.", '<a href="/ui/datasets">See all datasets</a>'),
        ("Archive it: PUT /template/3/change {}.", '<a href="/ui/templates">See all templates</a>'),
        ("Sign in again: POST /auth/jwt/login.", '<a href="/ui/sign-in">Sign in</a>'),
        ("Check both; POST /auth/forgot-password asks.", "an admin can give you a new password"),
        ("See POST /elsewhere.", "An operator can help"),
        ("Look <there>.", "Look &lt;there&gt;."),
    ],
)
async def test_a_page_hints_at_pages_and_not_at_rest(visitor, facts, hint, shown):
    facts.hint = hint
    text = (await visitor.get("/ui/tasks/404")).text
    assert shown in text
    assert not any(f"{method} /" in text for method in ("GET", "PUT", "POST"))
