"""The tracker in a real browser at phone width, against a server of our own and the machine's clock."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from lmscompliance.rules.facts import SessionFact
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from tests.learning.site import STATE, Site, play

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
MESSAGE = '[data-part="message"]'
SEEK_BETWEEN_BEATS = """() => new Promise((done) => {
    const ask = window.fetch, video = document.querySelector('video');
    window.fetch = async (...what) => {
        const answer = await ask(...what);
        if (!what[0].endsWith('/beats')) return answer;
        window.fetch = ask;
        answer.clone().text().then(() => setTimeout(() => {
            const at = video.currentTime; video.currentTime = 60; done(at);
        }, 100));
        return answer;
    };
})"""
"""Jumps once the page has read a beat's answer: while one is under way, the word of the jump has to wait."""


def _states(fact: SessionFact) -> list[str]:
    beats = {beat.seq: beat.state for segment in fact.segments for beat in segment.beats}
    return [beats[seq] for seq in sorted(beats)]


def _seen(fact: SessionFact) -> float:
    """Return the seconds from the session's opening to its last beat."""
    last = fact.segments[-1]
    return (last.start_us + last.beats[-1].offset_ms * 1000 - fact.opened_us) / 1_000_000


def _text(site: Site) -> Page:
    """Open a lesson that is a text; it is read from then on."""
    with transaction(site.school.services.database) as session:
        lesson = queries.lesson(session, site.school.lessons[2])
        lesson.content_kind, lesson.content_url = "text", ""
    return site.visit(lesson=2)


def test_a_video_is_tracked_from_its_firstplay(site: Site) -> None:
    """Nothing is opened before play; then beats come by interval and at pause; the credit is shown."""
    page = site.visit()
    expect(page.locator(STATE)).to_have_text("未计时")
    assert site.school.facts() == []
    play(page)
    # The class was approved a moment ago: of the first two seconds part may lie before that.
    site.wait(lambda facts: bool(facts) and len(_states(facts[0])) >= 4 and _seen(facts[0]) >= 4)
    page.eval_on_selector("video", "video => video.pause()")
    expect(page.locator(STATE)).to_have_text("已暂停")
    (fact,) = site.wait(lambda facts: _states(facts[0])[-1] == "paused")
    assert set(_states(fact)[1:-1]) <= {"playing", "paused"}
    assert site.school.account().credited_seconds >= 2
    expect(page.locator('[data-part="credit"]')).to_contain_text("需要 30:00")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_hiding_the_page_is_reported_at_once(site: Site) -> None:
    """A beacon says hidden; coming back goes on in the same session."""
    page = site.visit()
    play(page)
    page.evaluate(HIDE, arg=True)
    expect(page.locator(STATE)).to_have_text("页面不可见")
    site.wait(lambda facts: bool(facts) and "hidden" in _states(facts[0]))
    page.evaluate(HIDE, arg=False)
    expect(page.locator(STATE)).to_have_text("计时中")
    (fact,) = site.wait(lambda facts: _states(facts[0])[-1] == "playing")
    # The beacon may overtake a beat under way, and then brings that one as a late one.
    assert fact.segments[0].closed_by in {"hidden", "missed"}


def test_a_seek_is_two_beats(site: Site) -> None:
    """Where it was and where it went are both said, so that only the jump itself is excluded."""
    page = site.visit()
    play(page)
    page.wait_for_function("() => document.querySelector('video').currentTime > 1.5")
    played = page.evaluate(SEEK_BETWEEN_BEATS)
    (fact,) = site.wait(
        lambda facts: any(
            beat.position_ms >= 60_000 for segment in facts[0].segments for beat in segment.beats
        )
    )
    beats = [beat for segment in fact.segments for beat in segment.beats]
    landed = next(number for number, beat in enumerate(beats) if beat.position_ms >= 60_000)
    assert beats[landed - 1].state == "paused"  # it was said as the jump began
    assert beats[landed - 1].position_ms <= played * 1000 + 1


def test_a_reload_goes_on_in_the_same_session_and_place(site: Site) -> None:
    """After a reload there is one session still, at the position it had."""
    page = site.visit()
    play(page)
    page.wait_for_function("() => document.querySelector('video').currentTime > 2")
    page.reload()
    expect(page.locator(STATE)).to_have_text("已暂停")
    page.wait_for_function("() => document.querySelector('video').currentTime > 1")
    play(page)
    (fact,) = site.wait(lambda facts: len(_states(facts[0])) > 4 and _states(facts[0])[-1] == "playing")
    positions = [beat.position_ms for segment in fact.segments for beat in segment.beats]
    assert positions == sorted(positions)
    assert "hidden" in _states(fact)


def test_a_second_device_is_offered_to_take_over(site: Site) -> None:
    """The second device does not play on unseen; after taking over the first one stops and says why."""
    phone = site.visit()
    play(phone)
    desk = site.visit(lesson=1)
    desk.eval_on_selector("video", "video => { video.muted = true; video.play(); }")
    expect(desk.locator(MESSAGE)).to_contain_text("另一台设备")
    expect(desk.locator('[data-part="takeover"]')).to_be_visible()
    assert desk.eval_on_selector("video", "video => video.paused")
    desk.locator('[data-part="takeover"]').click()
    expect(desk.locator(STATE)).to_have_text("计时中")
    expect(phone.locator(MESSAGE)).to_contain_text("不再计时")
    assert phone.eval_on_selector("video", "video => video.paused")
    first, _ = site.school.facts()
    assert first.superseded_us is not None


def test_going_to_the_next_lesson_is_no_second_device(site: Site) -> None:
    """Leaving a lesson for another in the same tab ends the one and opens the other without a question."""
    page = site.visit()
    play(page)
    page.goto(f"{site.address}/compliance/lessons/{site.school.class_id}/{site.school.lessons[1]}")
    play(page)
    first, second = site.wait(lambda facts: len(facts) == 2)
    assert first.close_reason == "end"
    assert second.closed_us is None


def test_a_text_counts_while_it_is_visible(site: Site) -> None:
    """A text lesson opens by itself, its position is the visible time, and it beats while it is read."""
    page = _text(site)
    expect(page.locator(STATE)).to_have_text("计时中")
    (fact,) = site.wait(lambda facts: bool(facts) and len(_states(facts[0])) >= 6 and _seen(facts[0]) >= 4)
    last = fact.segments[-1].beats[-1]
    # A busy machine reads less than the time that passes, and nobody ever more.
    assert 1000 <= last.position_ms <= _seen(fact) * 1000 + 500
    page.evaluate(HIDE, arg=True)
    site.wait(lambda facts: _states(facts[0])[-1] == "hidden")
    assert site.school.account().credited_seconds >= 2


def test_a_lost_network_is_shown_and_survived(site: Site) -> None:
    """Offline is said; when the network is back a session goes on without the person doing anything."""
    page = site.visit()
    play(page)
    page.context.set_offline(True)
    expect(page.locator(MESSAGE)).to_contain_text("网络中断")
    page.context.set_offline(False)
    expect(page.locator(MESSAGE)).to_be_hidden()
    before = len(_states(site.school.facts()[-1]))
    site.wait(lambda facts: len(_states(facts[-1])) > before + 1)


def test_a_page_that_includes_the_tracker_twice_has_one_loop(site: Site) -> None:
    """However often a host includes the script, one session beats at the interval it was told."""
    # A text, because a film that waits for data a moment has something new to say at once.
    page = _text(site)
    page.add_script_tag(url="/compliance/static/tracker.js")
    (fact,) = site.wait(lambda facts: bool(facts) and len(_states(facts[0])) >= 7)
    beats = {beat.seq: (beat, segment) for segment in fact.segments for beat in segment.beats}
    told = [
        (segment.start_us // 1000 + beat.offset_ms, beat.state)
        for _, (beat, segment) in sorted(beats.items())
    ]
    # After the opening and the first beat only the interval brings one that says nothing new.
    gaps = [b - a for (a, was), (b, now) in pairwise(told[1:]) if was == now == "playing"]
    assert gaps
    assert min(gaps) >= 900


def test_a_session_that_was_closed_meanwhile_is_followed_by_another(site: Site) -> None:
    """Playing on after the server has closed the session opens the next one by itself."""
    page = site.visit()
    play(page)
    page.eval_on_selector("video", "video => video.pause()")
    expect(page.locator(STATE)).to_have_text("已暂停")
    token = page.evaluate("JSON.parse(sessionStorage.getItem(Object.keys(sessionStorage)[0])).token")
    page.request.post(
        f"{site.address}/compliance/api/sessions/end",
        data={"token": token, "seq": 1000, "position_ms": 1000, "state": "paused"},
    )
    play(page)
    first, second = site.wait(lambda facts: len(facts) == 2)
    assert first.close_reason == "end"
    assert second.closed_us is None


def test_the_end_of_the_video_ends_the_session(site: Site) -> None:
    """When the video is over the session is closed and the page says so."""
    page = site.visit()
    play(page)
    page.eval_on_selector("video", "video => { video.currentTime = video.duration - 1; }")
    (fact,) = site.wait(lambda facts: facts[0].closed_us is not None)
    assert (fact.close_reason, _states(fact)[-1]) == ("end", "ended")
    expect(page.locator(STATE)).to_have_text("已播完")
