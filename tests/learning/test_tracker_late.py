"""Slow and broken networks before the tracker runs: what the page says, and that no time is lost by it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from lmscompliance.content import service as content
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from tests.learning.site import STATE, Site, play

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
WAITING = '[data-part="waiting"]'
MESSAGE = '[data-part="message"]'
SCRIPT = "**/tracker.js*"


def _freeze(site: Site, path: Path) -> None:
    with reading(site.school.services.database) as session:
        code = queries.class_by_id(session, site.school.class_id).code
    content.freeze_file(site.school.services, code, 1, path)


def _held(page: Page, what: str) -> Callable[[], None]:
    """Reload with the requests for ``what`` held back; return what lets them go on."""
    held: list[Route] = []
    page.route(what, lambda route: held.append(route))  # noqa: PLW0108 - Playwright binds no builtin
    with page.expect_request(what):
        page.reload(wait_until="commit")

    def release() -> None:
        for route in held:
            route.continue_()
        page.unroute(what)

    return release


def test_a_film_that_plays_before_the_script_came_counts_from_then_on(site: Site) -> None:
    """Until then the page says that nothing counts; a speed that would not count is set back at once."""
    page = site.visit()
    release = _held(page, SCRIPT)
    page.wait_for_selector("video")
    page.evaluate("video = document.querySelector('video'); video.muted = true; video.playbackRate = 4; 0")
    page.evaluate("video.play()")
    expect(page.locator(WAITING)).to_be_visible()
    assert site.school.facts() == []
    page.route("**/progress/**", lambda _: None)  # what counts so far is told late, and holds nothing up
    release()
    expect(page.locator(STATE)).to_have_text("计时中")
    expect(page.locator(WAITING)).to_have_count(0)
    assert page.evaluate("video.playbackRate") == 1
    site.wait(lambda facts: len(facts) == 1)


def test_a_page_that_lacks_a_script_opens_nothing_and_says_so(site: Site) -> None:
    """Time that counts without, say, its presence checks being shown would be lost later."""
    page = site.visit()
    for lost in ("outbox.js", "presence.js", "players/video.js", "tracker.js"):
        page.route(f"**/{lost}*", lambda route: route.abort())
        page.reload()
        page.eval_on_selector("video", "video => { video.muted = true; return video.play(); }")
        expect(page.locator(WAITING)).to_be_visible()
        expect(page.locator(STATE)).to_have_text("未计时")
        page.unroute(f"**/{lost}*")
    assert site.school.facts() == []


def test_an_opening_whose_answer_was_lost_is_no_other_device(site: Site) -> None:
    """Whoever reloads the page, or lets it try again, is not told to close what is open nowhere."""
    page = site.visit()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/sessions", lose, times=1)
    with page.expect_event("requestfailed"):
        page.eval_on_selector("video", "video => { video.muted = true; return video.play(); }")
    page.reload()
    play(page)
    expect(page.locator(MESSAGE)).to_be_hidden()
    facts = site.wait(lambda facts: facts[-1].closed_us is None)
    assert {fact.close_reason for fact in facts[:-1]} == {"timeout"}
    assert all(fact.superseded_us is None for fact in facts)


def test_a_text_counts_once_it_is_there(site: Site, tmp_path: Path) -> None:
    """A frame that is still empty is no text that anybody reads."""
    path = tmp_path / "安全须知.html"
    path.write_text("<!doctype html><meta charset=utf-8><p>操作前先断电。", encoding="utf-8")
    _freeze(site, path)
    page = site.visit()
    expect(page.locator(STATE)).to_have_text("计时中")
    site.wait(bool)
    page.evaluate("sessionStorage.clear()")
    release = _held(page, "**/content/**")
    expect(page.locator(STATE)).to_contain_text("缓冲中")
    release()
    expect(page.locator(STATE)).to_have_text("计时中")


def test_a_simulation_begins_when_somebody_listens(site: Site, tmp_path: Path) -> None:
    """What it says as soon as it is there is not said to a page whose script has not come."""
    path = tmp_path / "断电.zip"
    tell = "parent.postMessage({lmscompliance: 'simulation.event', name: 'power_off'}, '*')"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("index.html", f"<!doctype html><script>{tell}</script>")
        package.writestr("simulation.json", '{"steps": [{"name": "power_off", "title": "断开电源"}]}')
    _freeze(site, path)
    page = site.visit()
    expect(page.locator('[data-part="steps"]')).to_have_text("1")
    release = _held(page, SCRIPT)
    assert page.locator("iframe").get_attribute("src") is None
    release()
    expect(page.locator(STATE)).to_have_text("计时中")
