"""The pages of supervision in a real browser, on a phone and on a desk."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from lmscompliance.services import Services
from lmscompliance.supervision import live_views
from tests.learning.school import School, open_school
from tests.supervision.hall import begin, crowd, found, learn, look
from tests.support.app import ACTOR_HEADER, make_app
from tests.support.browser import PATIENCE_MS, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
WIDTHS = (360, 1280)
Visit = Callable[[str, int], Page]


@pytest.fixture
def school(services: Services) -> School:
    """Return a class with a crowd and regular beats, in which two are learning."""
    school = open_school(services, trainees=12)
    crowd(school)
    learn(school, "trainee-1", 1, 3720)
    look(services)
    begin(school, "trainee-2", 1).play(300)
    begin(school, "trainee-3", 2)
    return school


@pytest.fixture
def visit(school: School, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """Return how an administrator opens a page at a width; no script may fail on it."""
    monkeypatch.setattr(live_views, "_POLL_SECONDS", 1)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, make_app(school.services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    actor = {"account": "a", "role": "administrator", "enterprise": None, "districts": [], "locale": "zh_CN"}
    failed: list[str] = []
    with chromium() as browser:

        def visit(path: str, width: int) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": 800}, extra_http_headers={ACTOR_HEADER: json.dumps(actor)}
            )
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            page.on("pageerror", lambda error: failed.append(str(error)))
            page.goto(f"http://127.0.0.1:{server.port}/compliance/{path}")
            return page

        yield visit
    server.shutdown()
    thread.join()
    server.server_close()
    assert failed == []


def test_the_live_view_follows_who_learns(visit: Visit, school: School) -> None:
    """Drawn from the page itself, then kept up to date: somebody new appears without a reload."""
    page = visit("live", 360)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("2 员*")
    expect(rows.first).to_contain_text("6 分")
    expect(rows.first).to_contain_text("同址 2 人")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    begin(school, "trainee-4", 3)
    school.services.clock.advance(5)  # type: ignore[attr-defined]
    expect(rows).to_have_count(3)
    expect(page.locator('[data-sum="learning"]')).to_have_text("3")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_screen(visit: Visit, school: School, width: int) -> None:
    """Worklist, evidence, networks and the view of a class fit a phone and a desk."""
    _, regular = found(school.services)
    of_class = f"classes/{school.class_id}"
    for path in (
        "anomalies",
        f"{of_class}/anomalies/{regular.id}",
        f"{of_class}/networks",
        f"{of_class}/live",
    ):
        page = visit(path, width)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_decision_is_made_in_the_form(visit: Visit, school: School) -> None:
    """Chosen, given a reason and sent, it stands on the page with the recommendation."""
    _, regular = found(school.services)
    page = visit(f"classes/{school.class_id}/anomalies/{regular.id}", 360)
    page.get_by_label("确认：学习记录不可信").check()
    page.get_by_label("理由").fill("当面核实，本人承认")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("当面核实，本人承认")).to_be_visible()
    expect(page.get_by_text("确认本身不改变任何学时")).to_be_visible()


def test_a_page_that_loads_itself_anew_leaves_what_is_typed(visit: Visit, school: School) -> None:
    """While certificates are being issued the page follows, but not over a field that somebody fills in."""
    page = visit(f"classes/{school.class_id}/certificates", 360)
    # The page's time stands still but where the test moves it: however slow this is, nothing is loaded anew.
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    page.get_by_role("button", name="为全部合格学员颁发证书").click()
    expect(page.locator("progress")).to_be_visible()
    page.wait_for_load_state()
    page.locator("#words").fill("张")
    page.evaluate("window.still = true")
    page.clock.run_for(10_000)
    assert page.evaluate("window.still")
    expect(page.locator("#words")).to_have_value("张")
    page.locator("#words").fill("")
    page.locator("#words").blur()
    page.clock.run_for(3_000)
    page.wait_for_function("() => !window.still")
