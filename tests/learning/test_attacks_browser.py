"""Published tricks inside the real page: the tracker runs in Chromium, the trick runs beside it."""

from __future__ import annotations

import pytest

from tests.learning.site import Site, play
from tests.learning.test_tracker import HIDE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def _beats(site: Site, count: int) -> None:
    """Wait for so many beats."""
    site.wait(
        lambda facts: bool(facts) and sum(len(segment.beats) for segment in facts[-1].segments) >= count
    )


def test_jumping_to_the_last_second_in_the_player_earns_nothing(site: Site) -> None:
    """The console's ``currentTime = duration - 1`` is seen as a jump; then the video is over."""
    page = site.visit()
    play(page)
    played = page.eval_on_selector(
        "video",
        "video => { const at = video.currentTime; video.currentTime = video.duration - 1; return at }",
    )
    site.wait(lambda facts: bool(facts) and facts[0].closed_us is not None)
    # However long a busy machine let it play before the jump.
    assert site.school.account().credited_seconds <= played + 2


def test_overwritten_page_variables_earn_nothing(site: Site) -> None:
    """A position that runs at sixteen times the speed because its getter was replaced is too fast."""
    page = site.visit()
    page.evaluate(
        """() => {
            const began = performance.now();
            for (const [name, value] of Object.entries({
                currentTime: () => 16 * (performance.now() - began) / 1000,
                paused: () => false, ended: () => false, readyState: () => 4,
            })) Object.defineProperty(HTMLMediaElement.prototype, name, { get: value, set() {} });
            Object.defineProperty(document, 'hidden', { get: () => false });
            document.querySelector('video').dispatchEvent(new Event('play'));
        }"""
    )
    _beats(site, 7)
    account = site.school.account()
    assert account.credited_seconds <= 1
    assert account.excluded["too_fast"] >= 2


def test_three_times_the_speed_behind_an_overridden_setter_earns_nothing(site: Site) -> None:
    """The film runs three times as fast while its element denies it: all of that is too fast."""
    page = site.visit()
    play(page)
    played = page.eval_on_selector(
        "video",
        """video => {
            const at = video.currentTime;
            const own = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'playbackRate');
            Object.defineProperty(video, 'playbackRate', { get: () => 1, set() {} });
            own.set.call(video, 3);
            return at;
        }""",
    )
    _beats(site, 9)
    account = site.school.account()
    assert account.excluded["too_fast"] >= 3
    assert account.credited_seconds <= played + 3


def test_a_muted_film_in_a_background_tab_earns_nothing(site: Site) -> None:
    """It plays on, as its own time shows, and none of what nobody could see counts."""
    page = site.visit()
    play(page)
    page.evaluate(HIDE, arg=True)
    gone = page.eval_on_selector("video", "video => video.currentTime")
    page.wait_for_function("gone => document.querySelector('video').currentTime > gone + 4", arg=gone)
    page.evaluate(HIDE, arg=False)
    page.eval_on_selector("video", "video => video.pause()")
    site.wait(lambda facts: bool(facts) and facts[0].segments[-1].beats[-1].state == "paused")
    account = site.school.account()
    assert account.excluded["page_hidden"] >= 3
    assert account.credited_seconds <= account.wall_seconds - account.excluded["page_hidden"]


def test_calling_what_the_page_offers_from_the_console_earns_nothing(site: Site) -> None:
    """Events of a player that does not play open no session; beats beside the page's own are found out."""
    page = site.visit()
    page.evaluate(
        """() => { for (const name of ['play', 'playing', 'timeupdate', 'canplay'])
            document.querySelector('video').dispatchEvent(new Event(name)); }"""
    )
    assert site.school.facts() == []
    play(page)
    _beats(site, 3)
    told = page.evaluate(
        """async () => {
            document.querySelector('video').pause();
            const at = document.querySelector('.compliance-tracker').dataset;
            const mine = JSON.parse(sessionStorage.getItem('compliance:' + at.lesson));
            const told = [];
            for (let minute = 1; minute <= 10; minute += 1) {
                lmscompliance.outbox.note(mine, minute * 60000, 'playing', {});
                const answer = await fetch(at.beats, { method: 'POST', credentials: 'same-origin',
                    body: JSON.stringify(lmscompliance.outbox.body(mine)) });
                const data = await answer.json();
                lmscompliance.outbox.answered(mine, data);
                told.push(data.state);
            }
            return told;
        }"""
    )
    assert told
    played = page.eval_on_selector("video", "video => video.currentTime")
    # What the film really played counts; ten minutes claimed within a moment do not.
    assert site.school.account().credited_seconds <= played + 1


def test_a_page_whose_timers_run_wild_earns_the_clock_and_no_more(site: Site) -> None:
    """Beats twenty times as often are the same time cut smaller."""
    page = site.visit()
    # But for the ten seconds' patience with an answer, which this machine may need.
    page.add_init_script(
        "const slow = setTimeout;"
        "window.setTimeout = (what, ms, ...rest) => slow(what, ms === 10000 ? ms : ms / 20, ...rest)"
    )
    page.reload()
    play(page)
    _beats(site, 40)
    # In this order: the film plays on between the two.
    account = site.school.account()
    played = page.eval_on_selector("video", "video => video.currentTime")
    assert account.credited_seconds <= min(account.wall_seconds, played + 1)
