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
from flask import Response, request
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from lmscompliance import demo, policy
from lmscompliance.kernel.clock import SystemClock, shanghai_day
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.rules.facts import SessionFact
from lmscompliance.services import Services
from tests.learning.school import School, open_school
from tests.support.app import ACTOR_HEADER, make_app
from tests.support.browser import PATIENCE_MS, chromium
from tests.support.patience import PATIENCE_SECONDS

STATE = '[data-part="state"]'
ANSWER_SECONDS = 120


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
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{self.address}/compliance/lessons/{self.school.class_id}/{self.school.lessons[lesson]}")
        return page

    def wait(
        self, what: Callable[[list[SessionFact]], bool], account: str = "trainee-1"
    ) -> list[SessionFact]:
        """Wait until the facts of ``account`` are as told, and return them."""
        until = monotonic() + PATIENCE_SECONDS
        while not what(facts := self.school.facts(account)):
            assert monotonic() < until, facts
            sleep(0.1)
        return facts


def _part_of(film: bytes) -> Response:
    """Answer with the bytes asked for, from memory: werkzeug leaves a file open when a browser hangs up."""
    answer = Response(film, mimetype="video/mp4")
    answer.make_conditional(request, accept_ranges=True, complete_length=len(film))
    return answer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return headless Chromium."""
    with chromium("--autoplay-policy=no-user-gesture-required") as opened:
        yield opened


@pytest.fixture
def site(services: Services, browser: Browser, tmp_path: Path) -> Iterator[Site]:
    """Return a class whose policy beats every second and checks presence only when told to, on loopback.

    Whatever else runs out by the machine's clock has so much time that a busy machine is in time as well.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    quick = (Path(policy.__file__).parent / "notices" / "demo-short.toml").read_text(encoding="utf-8")
    quick = quick.replace('id = "demo-short"', 'id = "test-quick"')
    for term, old, new in (
        ("credit.beat_seconds", 5, 1),
        ("credit.max_gap_seconds", 12, 60),
        ("presence.min_interval_seconds", 20, 3600),
        ("presence.max_interval_seconds", 60, 7200),
        ("presence.answer_seconds", 20, ANSWER_SECONDS),
        ("presence.accessible_answer_seconds", 80, 4 * ANSWER_SECONDS),
        ("presence.make_up_seconds", 60, 600),
    ):
        stated = f"[{term}]\nvalue = {old}\n"
        assert stated in quick
        quick = quick.replace(stated, f"[{term}]\nvalue = {new}\n")
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
    clip = (Path(demo.__file__).parent / "media" / "safety.mp4").read_bytes()
    app.add_url_rule("/media/clip.mp4", view_func=lambda: _part_of(clip))
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
