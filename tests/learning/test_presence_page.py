"""Presence checks on the lesson's page, in headless Chromium at phone width; a test sets when one is due."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import update

from lmscompliance.learning.models import OpenSession
from lmscompliance.learning.presence.models import PresenceCheck
from lmscompliance.storage.transaction import transaction
from lmscompliance.training.accommodations import Accommodation
from tests.learning import attention
from tests.learning.bank import fill
from tests.learning.site import ANSWER_SECONDS, STATE, Site, play

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

DIALOG = "dialog[open]"
NOTICE = ".compliance-tracker .notice[role=alert]:not([hidden])"
TOLD = ".compliance-tracker div.notice[role=alert]"
"""What was said, also when it has been taken away again after some seconds."""


def _due(site: Site) -> None:
    """Let a check be due at the next beat."""
    now = site.school.services.clock.now()
    site.wait(bool)
    with transaction(site.school.services.database) as session:
        session.execute(update(OpenSession).values(check_at=now, slow_at=now))


def _over(site: Site) -> None:
    """Let the time for the open check be over."""
    then = site.school.services.clock.now() - timedelta(seconds=1)
    with transaction(site.school.services.database) as session:
        session.execute(update(PresenceCheck).where(PresenceCheck.decided_at.is_(None)).values(until_at=then))


def _choose(site: Site, page: Page, *, rightly: bool = True) -> None:
    with transaction(site.school.services.database) as session:
        (check_id,) = session.query(PresenceCheck.check_id).where(PresenceCheck.decided_at.is_(None)).one()
    right = attention.right_answer(site.school.services, check_id)
    boxes = page.locator(f"{DIALOG} input")
    for place in range(boxes.count()):
        if (place in right) is rightly:
            boxes.nth(place).check()
            if not rightly:
                break
    page.locator(f"{DIALOG} button").click()


def _lose(route: Route) -> None:
    """Let the server answer, and nobody read it."""
    route.fetch()
    route.abort()


def _snap(page: Page, name: str) -> None:
    if folder := os.environ.get("LMSCOMPLIANCE_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_a_check_stops_the_video_and_a_right_answer_goes_on(site: Site) -> None:
    """The question comes over the lesson, is reachable by keyboard, and after it the video plays on."""
    fill(site.school.services)
    page = site.visit()
    play(page)
    _due(site)
    dialog = page.locator(DIALOG)
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("在场验证")
    expect(dialog).to_contain_text("还剩")
    assert page.eval_on_selector("video", "video => video.paused")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(
        "document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth"
    )
    named = page.get_by_role("dialog", name="您在学习吗？")
    expect(named).to_be_visible()
    _snap(page, "presence-question")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    page.locator(f"{DIALOG} button").click()
    expect(dialog).to_contain_text("请先作答")
    page.route("**/presence/answer", _lose)
    _choose(site, page)
    expect(dialog).to_have_count(0)
    expect(page.locator(TOLD)).to_contain_text("验证通过")
    _snap(page, "presence-passed")
    page.wait_for_function("() => !document.querySelector('video').paused")
    (check,) = site.school.checks()
    assert check.passed
    # What the page was sent never says what is right.
    assert "key" not in page.evaluate('document.documentElement.outerHTML.match(/presence-key|"key"/g) || []')


def test_a_wrong_answer_can_be_made_up_by_keyboard_alone(site: Site) -> None:
    """After a wrong answer the page says what is void and until when it can be restored."""
    fill(site.school.services)
    page = site.visit()
    play(page)
    _due(site)
    expect(page.locator(DIALOG)).to_be_visible()
    _choose(site, page, rightly=False)
    notice = page.locator(NOTICE)
    expect(notice).to_contain_text("暂不计入")
    page.eval_on_selector("video", "video => video.play()")
    expect(page.locator(STATE)).to_contain_text("暂不计入")
    expect(page.locator('[data-part="credit"]')).to_contain_text("已计入 0:00 /")
    _snap(page, "presence-missed")
    page.get_by_role("button", name="现在补验").focus()
    page.keyboard.press("Enter")
    expect(page.locator(DIALOG)).to_be_visible()
    with transaction(site.school.services.database) as session:
        (check_id,) = session.query(PresenceCheck.check_id).where(PresenceCheck.decided_at.is_(None)).one()
    right = attention.right_answer(site.school.services, check_id)
    kind = page.locator(f"{DIALOG} input").first.get_attribute("type")
    for place in right:
        page.locator(f"{DIALOG} input").nth(place).focus()
        page.keyboard.press("Space")
    assert kind in {"radio", "checkbox"}
    page.keyboard.press("Enter")
    expect(page.locator(TOLD)).to_contain_text("验证通过")
    expect(page.locator(STATE)).to_have_text("计时中")
    assert site.school.account().excluded.get("presence_missed", 0) == 0


def test_nobody_answers_and_after_a_reload_the_miss_is_still_said(site: Site) -> None:
    """A check that is out of time closes by itself; the miss waits on the page also after a reload."""
    page = site.visit()
    play(page)
    _due(site)
    expect(page.locator(DIALOG)).to_be_visible()
    _over(site)
    page.reload()
    expect(page.locator(NOTICE)).to_contain_text("暂不计入")
    (check,) = site.school.checks()
    assert (check.passed, check.decided_us) == (False, check.until_us)


def test_an_open_check_is_shown_again_after_a_reload(site: Site) -> None:
    """Reloading neither escapes the check nor draws another."""
    page = site.visit()
    play(page)
    _due(site)
    expect(page.locator(DIALOG)).to_be_visible()
    asked = page.locator(f"{DIALOG} label").inner_text()
    page.reload()
    expect(page.locator(DIALOG)).to_contain_text(asked)
    assert len(site.school.checks()) == 1


def test_whoever_was_granted_more_time_is_not_hurried(site: Site) -> None:
    """The accessible variant has the longer time and no running clock."""
    services = site.school.services
    with transaction(services.database) as session:
        session.add(
            Accommodation(
                enrolment_id=site.school.trainees["trainee-1"],
                class_id=site.school.class_id,
                granted=True,
                reason_sealed=b"",
                set_by="admin-1",
                set_at=services.clock.now(),
            )
        )
    page = site.visit()
    play(page)
    _due(site)
    expect(page.locator(DIALOG)).to_contain_text("不必着急")
    expect(page.locator(DIALOG)).not_to_contain_text("还剩")
    _snap(page, "presence-longer")
    (check,) = site.school.checks()
    assert check.until_us - check.issued_us == 4_000_000 * ANSWER_SECONDS
