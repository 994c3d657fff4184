"""The tracker without a network, asleep, killed and frozen, in a browser whose clock the test holds.

The page's clock and the server's go on together, a second at a time, so that what is credited can be told
to the beat.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from werkzeug.serving import make_server

from lmscompliance import policy
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.learning import service
from lmscompliance.rules import ledger_words as words
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from tests.learning.school import School, open_school
from tests.learning.test_tracker import HIDE, MESSAGE, STATE
from tests.support.app import ACTOR_HEADER, make_app
from tests.support.browser import PATIENCE_MS
from tests.support.patience import PATIENCE_SECONDS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

BEAT = 5
UNWATCHED = '\n[presence.per_day]\nvalue = 0\nsource = "house"\nrationale = "Nobody answers here."\n'
NO_BEACON = "delete Navigator.prototype.sendBeacon"
READ_IN_FULL = (  # Chromium calls an answer finished only once somebody has read it
    "const ask = window.fetch; window.fetch = (...what) => ask(...what).then("
    "(answer) => { answer.clone().arrayBuffer().catch(() => {}); return answer; })"
)
NO_GOODBYE = (
    "for (const name of ['beforeunload', 'pagehide', 'visibilitychange']) "
    "addEventListener(name, (event) => event.stopImmediatePropagation(), true)"
)
WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; V2285A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.47.2560(0x28002F36) NetType/4G Language/zh_CN"
)


@dataclasses.dataclass
class Phone:
    """A page that reads a text, and the one clock that it and the server share."""

    school: School
    address: str
    clock: ManualClock
    browser: Browser
    context: BrowserContext = None
    page: Page = None
    asked: dict[Request, Page] = dataclasses.field(default_factory=dict)
    """What is on its way to the server, or its answer on the way back, and from which page."""

    def arrive(self, *scripts: str, agent: str | None = None) -> None:
        """Open the lesson on a new phone, in the browser that calls itself ``agent``."""
        actor = {
            "account": "trainee-1",
            "role": "trainee",
            "enterprise": None,
            "districts": [],
            "locale": "zh_CN",
        }
        self.context = self.browser.new_context(
            viewport={"width": 360, "height": 740},
            extra_http_headers={ACTOR_HEADER: json.dumps(actor)},
            user_agent=agent,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        for script in (READ_IN_FULL, *scripts):
            self.context.add_init_script(script)
        self.context.clock.install(time=self.clock.now())
        self.context.clock.pause_at(self.clock.now() + timedelta(seconds=1))
        self.clock.advance(1)
        self.open()
        self.seconds(1)
        expect(self.page.locator(STATE)).to_have_text("计时中")

    def open(self) -> None:
        """Open the lesson's page in another tab of the same phone."""
        page = self.page = self.context.new_page()
        page.on("request", lambda request: self._asks(page, request))
        page.on("requestfinished", lambda request: self.asked.pop(request, None))
        page.on("requestfailed", lambda request: self.asked.pop(request, None))
        self.page.goto(f"{self.address}/compliance/lessons/{self.school.class_id}/{self.school.lessons[0]}")

    def seconds(self, number: int) -> None:
        """Let so many seconds pass for everybody, with a finger on the text."""
        self.settle()
        for _ in range(number):
            self.clock.advance(1)
            self.page.evaluate("window.dispatchEvent(new Event('pointermove'))")
            self.page.clock.run_for(1000)
            self.settle()

    def asleep(self, number: int) -> None:
        """Let time pass in which no timer of the page runs; those that are due run once after it."""
        self.settle()
        self.clock.advance(number)
        self.page.clock.fast_forward(number * 1000)
        self.settle()

    def freeze(self, number: int) -> None:
        """Let the browser itself freeze the page for so many seconds, and thaw it."""
        self.settle()
        browser = self.context.new_cdp_session(self.page)
        browser.send("Page.setWebLifecycleState", {"state": "frozen"})
        self._answered()
        self.clock.advance(number)
        browser.send("Page.setWebLifecycleState", {"state": "active"})
        self.page.clock.fast_forward(number * 1000)
        self.settle()

    def slow(self, rate: int) -> None:
        """Let the phone's processor run so many times slower."""
        self.context.new_cdp_session(self.page).send("Emulation.setCPUThrottlingRate", {"rate": rate})

    def network(self, *, up: bool) -> None:
        """Take the network away or give it back, and let the page notice."""
        self.context.set_offline(not up)
        self.page.wait_for_function("up => navigator.onLine === up", arg=up)
        self.settle()

    def settle(self) -> None:
        """Wait until what the page had to say is answered or has failed, and the page has heard of it.

        No second may pass before: while a slow server works, the page would lose its patience.
        """
        settled = False
        while not settled:
            self._answered()
            for _ in range(3):  # what was answered is read in the page's own turns, and may ask for more
                self.page.evaluate(
                    "() => new Promise((done) => { const c = new MessageChannel(); "
                    "c.port1.onmessage = done; c.port2.postMessage(0); })"
                )
            settled = not self.asked

    def _answered(self) -> None:
        """Wait until nothing is on its way any more; what a closed page had asked nobody hears of."""
        until = monotonic() + PATIENCE_SECONDS
        while any(not page.is_closed() for page in self.asked.values()):
            assert monotonic() < until, [one.url for one in self.asked]
            self.page.wait_for_timeout(5)
        self.asked.clear()

    def _asks(self, page: Page, request: Request) -> None:
        if "/api/" in request.url:
            self.asked[request] = page

    def credited(self, at_least: int) -> int:
        """Return what is credited once it is that much, or after a while."""
        until = monotonic() + PATIENCE_SECONDS
        while (found := self.school.account().credited_seconds) < at_least and monotonic() < until:
            sleep(0.05)
        return found

    def about(self, seconds: int) -> None:
        """Check that this is credited, within one beat."""
        found = self.credited(seconds - BEAT)
        assert seconds - BEAT <= found <= seconds + BEAT, self.school.account()


@pytest.fixture
def phone(services: Services, clock: ManualClock, browser: Browser, tmp_path: Path) -> Iterator[Phone]:
    """Return a phone that learns under the demo's short beats, without presence checks."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    text = (Path(policy.__file__).parent / "notices" / "demo-short.toml").read_text(encoding="utf-8")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "unwatched.toml").write_text(
        text.replace('id = "demo-short"', 'id = "unwatched"') + UNWATCHED, encoding="utf-8"
    )
    policies = services.policies.with_directory(tmp_path / "policies")
    services = dataclasses.replace(services, policies=policies)
    school = open_school(
        services, lessons=4, policy="unwatched", window=(clock.now().date(), clock.now().date())
    )
    with transaction(services.database) as session:
        for lesson in school.lessons:
            row = queries.lesson(session, lesson)
            row.content_kind, row.content_url = "text", ""
    server = make_server("127.0.0.1", 0, make_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found = Phone(school, f"http://127.0.0.1:{server.port}", clock, browser)
    try:
        yield found
    finally:
        for context in browser.contexts:
            context.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_tunnel_counts_and_the_page_says_so(phone: Phone) -> None:
    """A minute without a network is kept, told in minutes, delivered, and credited to the beat."""
    phone.arrive()
    phone.seconds(10)
    phone.network(up=False)
    phone.seconds(60)
    expect(phone.page.locator(MESSAGE)).to_contain_text("正在本机保存，请在 1 分钟内恢复网络")
    service.close_silent(phone.school.services)
    phone.network(up=True)
    phone.seconds(20)
    expect(phone.page.locator(MESSAGE)).to_be_hidden()
    phone.about(90)


def test_outside_the_window_the_page_says_that_it_does_not_count(phone: Phone) -> None:
    """After the window what was kept arrives all the same and is excluded as late."""
    phone.arrive()
    phone.seconds(10)
    phone.network(up=False)
    phone.seconds(130)
    expect(phone.page.locator(MESSAGE)).to_contain_text("断网太久")
    phone.network(up=True)
    phone.seconds(20)
    phone.about(10 + 15)
    assert phone.school.account().excluded["late"] >= 100


def test_a_reload_in_a_tunnel_loses_nothing(phone: Phone) -> None:
    """What the page before it kept is delivered by the page after it, in the same session."""
    phone.arrive()
    phone.seconds(20)
    phone.network(up=False)
    phone.seconds(20)
    phone.page.route("**/api/beats", lambda route: route.abort())
    phone.network(up=True)
    phone.page.reload()
    phone.seconds(20)
    phone.page.unroute("**/api/beats")
    phone.seconds(15)
    phone.about(75)
    assert len(phone.school.facts()) == 1


def test_a_tab_that_was_killed_in_a_tunnel_is_delivered_by_the_next(phone: Phone) -> None:
    """Another tab finds what was left, ends that session with it, and credits nothing in between."""
    phone.arrive(NO_GOODBYE)
    phone.seconds(20)
    phone.network(up=False)
    phone.seconds(30)
    phone.page.close()
    phone.clock.advance(30)
    phone.context.clock.fast_forward(30_000)
    phone.context.set_offline(False)
    phone.open()
    phone.page.clock.run_for(13_000)
    phone.clock.advance(13)
    phone.settle()
    phone.about(50)
    first = phone.school.facts()[0]
    assert first.close_reason is not None


@pytest.mark.parametrize("scripts", [(), (NO_BEACON,)], ids=["beacon", "no beacon"])
def test_a_page_in_the_background_counts_until_it_went_there(phone: Phone, scripts: tuple[str, ...]) -> None:
    """With sendBeacon or, as inside some apps, without: hidden from that second on, whatever still plays."""
    phone.arrive(*scripts)
    phone.seconds(22)
    phone.page.evaluate(HIDE, arg=True)
    phone.seconds(40)
    phone.page.evaluate(HIDE, arg=False)
    phone.seconds(20)
    phone.about(42)
    assert phone.school.account().excluded["page_hidden"] >= 40 - BEAT


def test_a_phone_that_slept_without_a_word_learnt_until_then(phone: Phone) -> None:
    """Timers that stood still are noticed at waking up: since the last of them nobody has learnt."""
    phone.arrive()
    phone.seconds(22)
    phone.asleep(60)
    phone.seconds(20)
    phone.about(42)


def test_timers_that_a_battery_saver_delays_cost_nothing(phone: Phone) -> None:
    """Beats that come some seconds late still enclose the time."""
    phone.arrive()
    phone.slow(6)
    for _ in range(4):
        phone.seconds(4)
        phone.asleep(3)
    phone.seconds(6)
    assert phone.credited(28) >= 34 - 4 * 3 - BEAT  # what reads advances by what it could see
    assert phone.school.account().excluded.keys() <= {"paused", "before_approval"}


def test_a_page_that_is_frozen_says_so_and_goes_on(phone: Phone) -> None:
    """The freeze event is the last word of some pages; after resume the same session counts on."""
    phone.arrive()
    phone.seconds(20)
    phone.freeze(30)
    phone.seconds(20)
    phone.about(40)
    assert len(phone.school.facts()) == 1


def test_a_page_that_was_left_and_came_back_goes_on(phone: Phone) -> None:
    """Whether the browser kept it aside or loads it anew: one session, and nothing for the time away."""
    phone.arrive()
    phone.seconds(20)
    phone.page.goto(f"{phone.address}/nothing")
    phone.clock.advance(30)
    phone.page.clock.fast_forward(30_000)
    phone.page.go_back()
    # Its script has asked what became of the session before the first second passes for it again.
    expect(phone.page.locator(STATE)).to_have_text("计时中")
    phone.seconds(20)
    phone.about(40)
    assert len(phone.school.facts()) == 1


def test_a_page_kept_aside_by_the_browser_goes_on_where_it_was(phone: Phone) -> None:
    """From the back-forward cache it comes back with all it knew, and asks at once what became of it."""
    phone.arrive()
    phone.seconds(20)
    phone.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    phone.asleep(30)
    phone.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    phone.seconds(20)
    phone.about(40)
    assert len(phone.school.facts()) == 1


def test_a_page_whose_clock_runs_ahead_earns_nothing(phone: Phone) -> None:
    """A machine that lets ten seconds pass in one reads ten times as fast as anybody can."""
    phone.arrive()
    for _ in range(12):
        phone.clock.advance(1)
        phone.page.evaluate("window.dispatchEvent(new Event('pointermove'))")
        phone.page.clock.run_for(10_000)
        phone.settle()
    account = phone.school.account()
    assert account.credited_seconds <= BEAT
    assert account.excluded["too_fast"] >= 5
    assert account.wall_seconds <= 15


def test_inside_wechat_leaving_without_a_word_ends_where_it_was_last_seen(phone: Phone) -> None:
    """No ``beforeunload``, no ``pagehide``, no beacon: the silence is not credited, and the app is named."""
    phone.arrive(NO_BEACON, NO_GOODBYE, agent=WECHAT)
    phone.seconds(20)
    phone.page.close()
    phone.clock.advance(120)
    service.close_silent(phone.school.services)
    phone.about(20)
    (fact,) = phone.school.facts()
    assert fact.close_reason == "timeout"
    assert words.terminal(WECHAT) == "微信 8 / Android"
