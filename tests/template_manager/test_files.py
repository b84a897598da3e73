"""Files of datasets, opened through the web face with the visitor's own right."""

from tests.template_manager import told

from template_manager.pages import files


async def test_a_picture_is_shown_on_its_datasets_page_and_opens(visitor):
    text = (await visitor.get("/ui/datasets/uid-3")).text
    assert '<img src="/ui/datasets/uid-3/files/plot.png"' in text
    assert "files/raw.png" not in text

    answer = await visitor.get("/ui/datasets/uid-3/files/plot.png")
    assert answer.content == told.PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("inline;")
    assert answer.headers["x-frame-options"] == "DENY"


async def test_what_could_run_is_stored_and_sandboxed(visitor):
    answer = await visitor.get("/ui/datasets/uid-1/files/page.html")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_large_file_comes_block_by_block(visitor, facts):
    facts.contents["f-far"] = bytes(2 * files.BLOCK_BYTES + 1)
    facts.files[-1] = told.file("f-far", "far.stf", 2 * files.BLOCK_BYTES + 1)
    answer = await visitor.get("/ui/datasets/uid-1/files/far.stf")
    assert answer.content == facts.contents["f-far"]
    assert facts.asked == [f"f-far from {n * files.BLOCK_BYTES}" for n in range(3)]


async def test_a_refusal_is_a_page(visitor):
    answer = await visitor.get("/ui/datasets/uid-1/files/far.stf")
    assert answer.status_code == 403
    assert "no open storage" in answer.text
    answer = await visitor.get("/ui/datasets/uid-1/files/none.stf")
    assert answer.status_code == 404
    assert "has no file" in answer.text


async def test_a_stranger_sees_no_file(stranger):
    answer = await stranger.get("/ui/datasets/uid-1/files/plot.png")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/ui/sign-in")


async def test_a_number_of_a_task_leads_to_its_dataset(visitor):
    answer = await visitor.get("/ui/datasets/number/26")
    assert answer.headers["location"] == "/ui/datasets/uid-1"
    answer = await visitor.get("/ui/datasets/number/26/files/a.log")
    assert answer.headers["location"] == "/ui/datasets/uid-1/files/a.log"
    answer = await visitor.get("/ui/datasets/number/29")
    assert answer.status_code == 404
    assert "does not exist yet" in answer.text


async def test_a_jobs_newest_log_is_found_by_its_index(visitor, facts):
    facts.tasks.append(told.task(15, "decode", "FAILED", datas_log_id=30, log_name="log"))
    answer = await visitor.get("/ui/tasks/15/logs/1")
    assert answer.headers["location"] == "/ui/datasets/uid-4/files/log.000001.again1.log"
    answer = await visitor.get("/ui/tasks/15/logs/12")
    assert answer.headers["location"] == "/ui/datasets/uid-4/files/log.000012.log"
    answer = await visitor.get("/ui/tasks/15/logs/2")
    assert answer.status_code == 404
    assert "has no log" in answer.text
