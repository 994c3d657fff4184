"""The exam's page when time is up without a network, within the notice's grace, and what it notices."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.exams.browser import attempt_of, begin, choose, fits, saved, snap
from tests.exams.hall import STATED, open_hall, with_terms
from tests.support.app import administrator, client_for, make_app

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

HOUR = 3600
GRACE = 60


@pytest.fixture
def hall(services, tmp_path):
    """Return a hall under a notice with a minute's grace."""
    told = with_terms(services, tmp_path / "policies", grace_seconds=GRACE)
    return open_hall(told, tmp_path / "bank", notice=STATED)


@pytest.fixture
def page(hall, phone, site):
    """Return a paper whose fourth answer is saved; the network went before the fifth, then time ran out."""
    phone.clock.install()
    page = begin(phone, site)
    right = hall.right(attempt_of(page))
    choose(page, 4, right["4"][0])
    saved(page)
    phone.set_offline(True)
    choose(page, 5, right["5"][0])
    page.wait_for_selector(".exam-status.waiting")
    phone.clock.fast_forward(HOUR * 1000)
    expect(page.locator("[data-problem]")).to_contain_text("时间到，不能再作答")
    expect(page.locator("#q5 input").first).to_be_disabled()
    return page


def test_time_runs_out_without_a_network(hall, phone, page):
    """The page takes nothing more in; once the network is back it shows what the server had in time."""
    snap(page, "time-up-offline")
    assert fits(page)
    attempt = attempt_of(page)
    hall.clock.advance(HOUR + GRACE)
    assert hall.sheet(attempt).is_open
    phone.set_offline(False)
    expect(page.locator(".exam-score")).to_contain_text("10 分")
    assert hall.paper(attempt).answered == 1


def test_an_answer_given_in_time_arrives_within_the_grace(hall, phone, page):
    """It is delivered though the clock shows zero; when the grace is over the result comes by itself."""
    attempt = attempt_of(page)
    hall.clock.advance(HOUR + GRACE - 1)
    phone.set_offline(False)
    expect(page.locator("[data-status]")).to_contain_text("已保存")
    assert hall.sheet(attempt).is_open
    assert len(hall.sheet(attempt).timeline.splitlines()) >= 2
    hall.clock.advance(1)
    expect(page.locator(".exam-score")).to_contain_text("20 分")
    assert hall.paper(attempt).result.closed_by == "deadline"


def test_leaving_copying_and_pasting_are_noticed(hall, phone, site):
    """They are told with the next save, stand in the leaf, and staff see them; the mark is what it was."""
    page = begin(phone, site)
    attempt = attempt_of(page)
    choose(page, 4, hall.right(attempt)["4"][0])
    page.locator("#q5 .stem").select_text()
    page.keyboard.press("Control+C")
    page.keyboard.press("Control+V")
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    saved(page)
    page.get_by_role("button", name="交卷").click()
    page.locator("[data-confirmed]").click()
    expect(page.locator(".exam-score")).to_contain_text("10 分")
    flags = next(leaf for leaf in hall.told() if leaf.t == "attempt.submitted").body["flags"]
    assert (flags["copied"], flags["pasted"]) == (1, 1)
    assert flags["left"] >= 1
    staff = client_for(make_app(hall.services), administrator())
    shown = staff.get(f"/compliance/classes/{hall.class_id}/trainees/{hall.enrolment()}/exam").text
    assert "复制 1 次" in shown
    assert "粘贴 1 次" in shown
