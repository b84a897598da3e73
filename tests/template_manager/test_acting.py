"""What an operator does about a task from its page."""

import pytest
from tests.template_manager import told

from penstock_core.contracts.workflow import ActionName
from penstock_core.rights import Role


@pytest.fixture
async def operator(stranger, facts):
    facts.roles = [Role.OPERATOR]
    form = {"username": told.EMAIL, "password": told.PASSWORD}
    await stranger.post("/ui/sign-in", data=form)
    return stranger


async def page(client, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.mark.parametrize(
    ("task", "actions"),
    [
        (told.task(20, "a", "PARTIAL", failed=3), ("retry", "accept_loss", "rerun_all")),
        (told.task(20, "a", "PARTIAL", loss_accepted_by="me"), ("rerun_all",)),
        (told.task(20, "a", "IN_PROGRESS", failed=1), ("retry", "pause", "cancel")),
        (told.task(20, "a", "DEFINED", failed=0, paused=True), ("resume", "cancel")),
        (told.task(20, "a", "FINISHED", template_id=None, failed=0), ()),
    ],
)
async def test_a_page_offers_what_is_for_the_task(operator, facts, task, actions):
    facts.tasks.append(task)
    text = await page(operator, "/ui/tasks/20")
    offered = [a for a in ActionName if f"/ui/tasks/20/act/{a}" in text]
    assert set(offered) == set(actions)


async def test_who_may_only_look_is_offered_nothing(visitor):
    assert "/act/" not in await page(visitor, "/ui/tasks/14")
    await page(visitor, "/ui/tasks/14/act/retry", status=403)


async def test_an_action_is_asked_for_done_and_in_the_history(operator, facts):
    text = await page(operator, "/ui/tasks/12/act/cancel")
    assert "cannot be taken back" in text
    assert facts.actions == []
    answer = await operator.post("/ui/tasks/12/act/cancel", data={"because": " wrong <map> "})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/tasks/12")
    text = await page(operator, "/ui/tasks/12")
    for part in ("What was done about it", told.EMAIL, "wrong &lt;map&gt;"):
        assert part in text


async def test_what_is_not_for_the_task_is_said_and_not_asked(operator, facts):
    facts.refusal = "is FINISHED: it has ended"
    text = await page(operator, "/ui/tasks/11/act/pause")
    assert "Task 11 is FINISHED: it has ended." in text
    assert "<button>Pause</button>" not in text
    answer = await operator.post("/ui/tasks/11/act/pause", data={})
    assert answer.status_code == 409
    assert facts.actions == []


async def test_a_loss_is_accepted_for_a_reason_only(operator):
    assert " required>" in await page(operator, "/ui/tasks/14/act/accept_loss")


async def test_a_form_from_elsewhere_does_nothing(operator, facts):
    foreign = {"origin": "http://evil.test"}
    answer = await operator.post("/ui/tasks/12/act/cancel", data={}, headers=foreign)
    assert answer.status_code == 403
    assert facts.actions == []


async def test_an_accepted_loss_is_shown(operator, facts):
    facts.tasks.append(told.task(20, "a", "PARTIAL", loss_accepted_by="me@example.org"))
    text = await page(operator, "/ui/tasks/20")
    assert "me@example.org accepted the loss of what it did not make" in text
