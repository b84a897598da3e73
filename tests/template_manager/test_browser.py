"""A person in a real browser signs in and sees the three pages."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.template_manager import told

from penstock.serve import serving
from penstock_core.service import House
from template_manager.service import open_service

CHROMIUM = Path("/usr/bin/chromium")
SHOTS = os.environ.get("PENSTOCK_SCREENSHOTS", "")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and not os.environ.get("CI"), reason="there is no Chromium"
    ),
]


@pytest.fixture
def url(house: House) -> Iterator[str]:
    """The web face, served from a thread: the browser is driven from this one."""
    served: list[str] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with open_service(house) as service:
            assert service.app is not None
            async with serving(service.app, 0) as address:
                served.append(address)
                ready.set()
                await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(20)
        yield served[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture(params=["light", "dark"])
def page(request) -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(
            viewport={"width": 1360, "height": 850}, color_scheme=request.param
        )
        page = context.new_page()
        page.scheme = request.param
        yield page
        context.close()
        browser.close()


def _look(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-{page.scheme}.png", full_page=True)


def _sign_in(page) -> None:
    page.get_by_label("Email").fill(told.EMAIL)
    page.get_by_label("Password").fill(told.PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_person_signs_in_and_sees_the_three_pages(page, url):
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(f"{url}/ui/")
    _look(page, "sign-in")
    _sign_in(page)

    assert page.get_by_role("heading", name="Tasks").is_visible()
    assert page.get_by_text("IN_PROGRESS", exact=True).last.is_visible()
    _look(page, "tasks")
    page.get_by_role("link", name="reconstruct", exact=True).click()
    assert page.get_by_role("heading", name="Task 12").is_visible()
    _look(page, "task")

    page.get_by_role("link", name="Datasets").click()
    _look(page, "datasets")
    page.get_by_label("State").select_option("CLOSED")
    page.get_by_role("button", name="Filter").click()
    assert "state=CLOSED" in page.url
    page.get_by_role("link", name="swf.101983.run").click()
    assert page.get_by_text("12 of 12 announced files").first.is_visible()
    _look(page, "dataset")

    page.get_by_role("link", name="Templates").click()
    _look(page, "templates")
    page.get_by_role("link", name="dimuon").click()
    assert page.get_by_role("img", name="The chain of steps").is_visible()
    _look(page, "template")

    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", name="Sign in").is_visible()
    assert problems == []


WIDTHS = (800, 1280)
PAGES = ("tasks", "tasks/12", "datasets", "datasets/uid-1", "templates", "templates/1")


def test_no_page_is_wider_than_its_window(page, url):
    page.goto(f"{url}/ui/")
    _sign_in(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        for name in PAGES:
            page.goto(f"{url}/ui/{name}")
            _look(page, f"{name.replace('/', '-')}-{width}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} wide in a window of {width}"


def test_a_picture_is_seen_on_its_page_and_alone(page, url):
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(f"{url}/ui/datasets/uid-3")
    _sign_in(page)
    picture = page.get_by_role("img", name="plot.png")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.previews img').naturalWidth > 0")
    picture.click()
    page.wait_for_url("**/files/plot.png")
    assert page.evaluate("document.images[0].naturalWidth") == 1
    assert problems == []
