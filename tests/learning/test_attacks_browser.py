"""Published tricks inside the real page: the tracker runs in Chromium, the trick runs beside it."""

from __future__ import annotations

import pytest

from tests.learning.site import Site, play

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
    page.eval_on_selector("video", "video => { video.currentTime = video.duration - 1; }")
    site.wait(lambda facts: bool(facts) and facts[0].closed_us is not None)
    assert site.school.account().credited_seconds <= 2


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
