"""The web face over the real services behind one port."""

import httpx2
import pytest


@pytest.fixture
def browser(system):
    headers = {"origin": system.url}
    with httpx2.Client(base_url=system.url, headers=headers, follow_redirects=True) as browser:
        form = {"username": system.username, "password": system.password}
        answer = browser.post("/ui/sign-in", data=form)
        assert answer.status_code == 200, answer.text
        yield browser


def test_the_first_address_leads_to_the_pages(system):
    answer = httpx2.get(f"{system.url}/", follow_redirects=True)
    assert "<h1>Sign in</h1>" in answer.text


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ("tasks", "processing_program"),
        ("datasets?name=run1.*&kind=input&state=OPEN", "run1.test.raw"),
        ("templates?status=ACTUAL", "decoding-reconstruction"),
        ("templates/1", "What it means in standard CWL"),
        ("tasks/1", "No job has ended yet"),
    ],
)
def test_a_page_shows_what_there_is(browser, stocked, page, seen):
    answer = browser.get(f"/ui/{page}")
    assert answer.status_code == 200
    assert seen in answer.text


def test_a_dataset_has_its_page(browser, stocked, admin):
    uid = admin.dataset("run1.test.raw").uid
    assert "stays open until daq announces its end" in browser.get(f"/ui/datasets/{uid}").text


def test_an_expired_sign_in_is_renewed_by_the_refresh_token(browser):
    browser.cookies.delete("penstock_access")
    assert browser.get("/ui/tasks").status_code == 200
    browser.cookies.delete("penstock_access")
    assert "<h1>Tasks</h1>" in browser.get("/ui/tasks").text


def test_signing_out_ends_the_session_at_data_access(browser, system):
    refresh = browser.cookies["penstock_refresh"]
    assert "<h1>Sign in</h1>" in browser.post("/ui/sign-out").text
    body = {"refresh_token": refresh}
    assert httpx2.post(f"{system.url}/auth/jwt/refresh", json=body).status_code == 401


def test_registering_makes_a_viewer(system):
    headers = {"origin": system.url}
    with httpx2.Client(base_url=system.url, headers=headers, follow_redirects=True) as browser:
        form = {"username": "shift@example.org", "password": "a-long-password-88"}
        assert "is registered" in browser.post("/ui/register", data=form).text
        text = browser.post("/ui/sign-in", data=form).text
    assert "shift@example.org" in text
    assert "viewer" in text
