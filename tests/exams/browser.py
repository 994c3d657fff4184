"""An exam hall behind a real server, and a phone to visit it with."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect
from werkzeug.serving import make_server

from tests.support.app import ACTOR_HEADER, make_app
from tests.support.browser import PATIENCE_MS, chromium

ACTOR = {"account": "trainee-1", "role": "trainee", "enterprise": None, "districts": [], "locale": "zh_CN"}
Visitors = Callable[[str, str, int], BrowserContext]


@pytest.fixture
def site(hall) -> Iterator[str]:
    """Serve the hall on loopback and return the address of the exam's page."""
    server = make_server("127.0.0.1", 0, make_app(hall.services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/compliance/classes/{hall.class_id}/exam"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visitors() -> Iterator[Visitors]:
    """Return how an account of a role opens a browser of a width; no script may fail in any."""
    errors: list[str] = []
    with chromium() as browser:

        def visitor(account: str, role: str, width: int) -> BrowserContext:
            actor = {**ACTOR, "account": account, "role": role}
            context = browser.new_context(
                viewport={"width": width, "height": 740}, extra_http_headers={ACTOR_HEADER: json.dumps(actor)}
            )
            context.set_default_timeout(PATIENCE_MS)
            context.on("weberror", lambda error: errors.append(str(error.error)))
            return context

        yield visitor
    assert errors == []


@pytest.fixture
def phone(visitors) -> BrowserContext:
    """Return a browser context of 360 by 740 that is signed in as trainee-1."""
    return visitors("trainee-1", "trainee", 360)


def begin(context, site):
    """Open the exam's page, begin, and return the page with the paper, once its script has taken it over."""
    page = context.new_page()
    page.goto(site)
    page.get_by_role("button", name="开始考试").click()
    page.wait_for_selector("[data-exam-paper]")
    expect(page.get_by_role("button", name="交卷")).to_be_enabled()
    return page


def attempt_of(page) -> str:
    """Return the attempt that a page shows."""
    return page.url.rsplit("/", 1)[1]


def choose(page, number, option):
    """Tap an option of a question."""
    page.locator(f"#q{number} input").nth(option).check()


def saved(page):
    """Wait until everything is acknowledged."""
    page.locator("[data-status]", has_text="已保存").wait_for()


def snap(page, name):
    """Keep a picture where the environment asks for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/exam-{name}.png")


def fits(page) -> bool:
    """Tell whether nothing sticks out sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
