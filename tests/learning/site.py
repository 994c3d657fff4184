"""A lesson's page behind a real server with the machine's clock, and headless Chromium to visit it with."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from flask import send_from_directory
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from lmscompliance import demo, policy
from lmscompliance.kernel.clock import SystemClock, shanghai_day
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.rules.facts import SessionFact
from lmscompliance.services import Services
from tests.learning.school import School, open_school
from tests.support.app import ACTOR_HEADER, make_app

STATE = '[data-part="state"]'


@dataclasses.dataclass
class Site:
    """A school behind a real server, and the browser to visit it with."""

    school: School
    address: str
    browser: Browser

    def visit(
        self, lesson: int = 0, account: str = "trainee-1", context: BrowserContext | None = None
    ) -> Page:
        """Open a lesson's page as ``account`` on a phone; a new context is another device."""
        if context is None:
            actor = {
                "account": account,
                "role": "trainee",
                "enterprise": None,
                "districts": [],
                "locale": "zh_CN",
            }
            context = self.browser.new_context(
                viewport={"width": 360, "height": 740}, extra_http_headers={ACTOR_HEADER: json.dumps(actor)}
            )
        page = context.new_page()
        page.goto(f"{self.address}/compliance/lessons/{self.school.class_id}/{self.school.lessons[lesson]}")
        return page

    def wait(
        self, what: Callable[[list[SessionFact]], bool], account: str = "trainee-1"
    ) -> list[SessionFact]:
        """Wait until the facts of ``account`` are as told, and return them."""
        until = monotonic() + 15
        while not what(facts := self.school.facts(account)):
            assert monotonic() < until, facts
            sleep(0.1)
        return facts


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return headless Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def site(services: Services, browser: Browser, tmp_path: Path) -> Iterator[Site]:
    """Return a class whose policy beats every second and forgives eight, served on loopback."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    quick = (Path(policy.__file__).parent / "notices" / "demo-short.toml").read_text(encoding="utf-8")
    for old, new in (
        ('id = "demo-short"', 'id = "test-quick"'),
        ("[credit.beat_seconds]\nvalue = 5", "[credit.beat_seconds]\nvalue = 1"),
        ("[credit.max_gap_seconds]\nvalue = 12", "[credit.max_gap_seconds]\nvalue = 8"),
    ):
        assert old in quick
        quick = quick.replace(old, new)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "quick.toml").write_text(quick, encoding="utf-8")
    clock = SystemClock()
    services = dataclasses.replace(
        services,
        clock=clock,
        ids=Ids(clock, SystemRandomness()),
        policies=services.policies.with_directory(tmp_path / "policies"),
    )
    today = shanghai_day(datetime.now(UTC))
    window = (today - timedelta(days=1), today + timedelta(days=1))
    school = open_school(services, lessons=4, policy="test-quick", window=window)
    app = make_app(services)
    media = Path(demo.__file__).parent / "media"
    app.add_url_rule(
        "/media/clip.mp4", view_func=lambda: send_from_directory(media, "safety.mp4", conditional=True)
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Site(school, f"http://127.0.0.1:{server.port}", browser)
    finally:
        for context in browser.contexts:
            context.close()
        server.shutdown()
        thread.join()
        server.server_close()


def play(page: Page) -> None:
    """Play the video and wait until it counts."""
    page.eval_on_selector("video", "video => { video.muted = true; return video.play(); }")
    expect(page.locator(STATE)).to_have_text("计时中")
