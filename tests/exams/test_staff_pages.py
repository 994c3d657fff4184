"""The pages of staff in a real browser, on a phone and on a desk: laying out an exam, marking essays."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from lmscompliance.exams import marking, publishing, service
from lmscompliance.questions import service as questions
from lmscompliance.rules.blueprint import Blueprint, Part
from tests.exams.browser import fits, snap
from tests.learning.school import TOPICS
from tests.support.app import administrator

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
WIDTHS = (360, 1280)


def opened(visitors, site: str, page: str, account: str, width: int) -> Page:
    """Open a page of the exam's staff as an administrator."""
    found = visitors(account, "administrator", width).new_page()
    found.goto(f"{site}/{page}")
    return found


def test_an_exam_is_laid_out_checked_and_published(hall, visitors, site):
    """Points are taken away and missed by the gate, which stores nothing; given back, it is published."""
    for width in WIDTHS:
        page = opened(visitors, site, "blueprint", "staff", width)
        before = publishing.published_blueprint(hall.services, hall.class_id)[0]
        parts = page.locator("fieldset.part")
        first = parts.nth(0)
        kept = first.get_by_label("分值").input_value()
        first.get_by_label("分值").fill("1")
        page.get_by_role("button", name="检查").click()
        expect(page.locator(".notice-bad")).to_contain_text("合计")
        expect(page.locator("fieldset.part").nth(0).get_by_label("分值")).to_have_value("1")
        assert fits(page)
        snap(page, f"blueprint-refused-{width}")
        with page.expect_navigation():  # what is looked for stood on the page before as well
            page.get_by_role("button", name="发布").click()
        expect(page.locator(".notice-bad")).to_contain_text("合计")
        assert publishing.published_blueprint(hall.services, hall.class_id)[0] == before
        page.locator("fieldset.part").nth(0).get_by_label("分值").fill(kept)
        page.get_by_role("button", name="发布").click()
        expect(page.locator("h1")).to_contain_text(f"第 {before + 1} 版")
        assert fits(page)
        snap(page, f"blueprint-published-{width}")


def test_an_essay_is_marked_by_two_who_see_nothing_of_each_other(hall, visitors, site, tmp_path):
    """On a phone and on a desk: what waits, points, a hint where they are too many, then nothing left."""
    path = tmp_path / "简答.gift.txt"
    path.write_text("如何施救？ { #### 先切断电源，再使触电者脱离 }\n", encoding="utf-8")
    questions.import_paths(hall.services, [path], topic=TOPICS[0])
    parts = [Part(topic, "single", 2, Decimal(10)) for topic in TOPICS]
    blueprint = Blueprint((*parts, Part(TOPICS[0], "essay", 1, Decimal(20))))
    service.publish_blueprint(hall.services, hall.class_id, blueprint)
    attempt = hall.start()
    hall.submit(attempt, 1, hall.right(attempt, 8) | {"9": ["断电，\n再用木棍挑开电线"]})
    for width, points in zip(WIDTHS, ("17", "15.5"), strict=True):
        page = opened(visitors, site, "marking", f"marker-{width}", width)
        expect(page.locator(".essay").first).to_contain_text("木棍")
        assert fits(page)
        snap(page, f"marking-{width}")
        given = page.get_by_label("得分")
        given.fill("21")
        page.get_by_role("button", name="提交").click()
        assert given.evaluate("field => field.validity.rangeOverflow")
        given.fill(points)
        page.get_by_role("button", name="提交").click()
        expect(page.locator(".essay")).to_have_count(0)
        assert fits(page)
        snap(page, f"marking-done-{width}")
    assert marking.queue(hall.services, administrator("third"), hall.class_id).mine == []
    assert hall.paper(attempt).result.score == Decimal("96.25")
