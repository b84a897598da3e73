"""Who may see the pages: cookies, renewal, and forms that are not ours."""

import asyncio

import httpx2
import pytest
from tests.template_manager import told

from template_manager.session import safe_next

FORM = {"username": told.EMAIL, "password": told.PASSWORD}


@pytest.mark.parametrize("path", ["/ui/tasks", "/ui/datasets", "/ui/templates", "/ui/tasks/11"])
async def test_a_stranger_is_led_to_the_sign_in_and_back(stranger, path):
    answer = await stranger.get(f"{path}?refresh=5")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/ui/sign-in?next=%2Fui%2F")
    form = FORM | {"next": f"{path}?refresh=5"}
    answer = await stranger.post("/ui/sign-in", data=form)
    assert answer.headers["location"] == f"{path}?refresh=5"


async def test_tokens_are_out_of_reach_for_scripts_and_foreign_pages(stranger):
    answer = await stranger.post("/ui/sign-in", data=FORM)
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/ui" in cookie


async def test_a_wrong_password_is_told_and_the_email_kept(stranger):
    answer = await stranger.post("/ui/sign-in", data=FORM | {"password": "guess"})
    assert answer.status_code == 401
    assert "Email or password are wrong." in answer.text
    assert told.EMAIL in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("origin", ["http://elsewhere.test", "null", ""])
@pytest.mark.parametrize("path", ["/ui/sign-in", "/ui/register", "/ui/sign-out"])
async def test_a_form_from_elsewhere_is_refused(stranger, origin, path):
    answer = await stranger.post(path, data=FORM, headers={"origin": origin})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_an_expired_sign_in_is_renewed_unseen(visitor):
    visitor.cookies.delete("penstock_access")
    answer = await visitor.get("/ui/tasks")
    assert answer.status_code == 200
    assert "penstock_access=" in answer.headers["set-cookie"]


async def test_two_live_pages_renew_together_and_once(visitor):
    same = {"cookie": f"penstock_refresh={visitor.cookies['penstock_refresh']}"}
    visitor.cookies.clear()
    answers = await asyncio.gather(
        *(visitor.get(f"/ui/{page}", headers=same) for page in ("tasks", "datasets"))
    )
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_sign_in_that_cannot_be_renewed_ends(visitor, facts):
    visitor.cookies.delete("penstock_access")
    facts.users.clear()
    assert (await visitor.get("/ui/tasks")).status_code == 303
    assert not list(visitor.cookies)


async def test_signing_out_forgets_everything(visitor, facts):
    answer = await visitor.post("/ui/sign-out")
    assert answer.headers["location"] == "/ui/sign-in"
    assert facts.asked == ["logout"]
    assert (await visitor.get("/ui/tasks")).status_code == 303


async def test_who_registers_can_sign_in(stranger):
    form = {"username": "new@example.org", "password": "another-long-one"}
    answer = await stranger.post("/ui/register", data=form)
    assert answer.status_code == 303
    assert "new@example.org is registered" in (await stranger.get(answer.headers["location"])).text
    assert (await stranger.post("/ui/sign-in", data=form)).status_code == 303


async def test_registering_twice_is_told(stranger):
    answer = await stranger.post("/ui/register", data=FORM)
    assert answer.status_code == 422
    assert "is registered already" in answer.text


async def test_every_answer_keeps_foreign_content_out(visitor):
    for path in ("/ui/tasks", "/ui/nowhere", "/ui/static/style.css", "/ui/sign-in"):
        headers = (await visitor.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "address", ["https://elsewhere.test/", "//elsewhere.test", "/ui//x", "/ui/\\x", "", "/other"]
)
def test_signing_in_never_leads_elsewhere(address):
    assert safe_next(address) == "/ui/"


async def test_the_service_is_alive_without_a_sign_in(stranger: httpx2.AsyncClient):
    assert (await stranger.get("/health/live")).json() == {"status": "alive"}
