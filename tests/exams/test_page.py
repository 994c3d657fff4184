"""The exam in a real browser at phone width: saving, losing the network, two tabs, handing in, time up."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.exams.browser import attempt_of, begin, choose, fits, saved, snap

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_a_trainee_sits_the_exam_on_a_phone(hall, phone, site):
    """Begin, answer, reload, hand in with two missing, confirm: the result page shows the score."""
    page = begin(phone, site)
    attempt = attempt_of(page)
    snap(page, "paper")
    assert fits(page)
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^(60:00|5\d:\d\d)$"))
    for number in range(4, 10):
        key = hall.frozen(attempt)[number - 1]["key"][0]
        choose(page, number, key)
    choose(page, 2, 0)
    choose(page, 2, 1)
    saved(page)
    page.reload()
    expect(page.locator("#q2 input:checked")).to_have_count(2)
    expect(page.locator("[data-done]")).to_have_text("7 / 10")
    choose(page, 1, hall.frozen(attempt)[0]["key"][0])
    page.get_by_role("button", name="交卷").click()
    expect(page.locator("[data-confirm-text]")).to_contain_text("3, 10")
    snap(page, "confirm")
    assert fits(page)
    page.locator("[data-confirmed]").click()
    expect(page.locator(".exam-score")).to_contain_text(re.compile("[78]0 分"))
    snap(page, "passed")
    assert fits(page)


def test_answers_given_offline_arrive_when_the_network_is_back(hall, phone, site):
    """Without a network the page says so and keeps every answer; with it back they are saved."""
    page = begin(phone, site)
    attempt = attempt_of(page)
    choose(page, 4, 1)
    saved(page)
    phone.set_offline(True)
    choose(page, 5, 2)
    choose(page, 6, 3)
    page.wait_for_selector(".exam-status.waiting")
    snap(page, "offline")
    phone.set_offline(False)
    saved(page)
    assert hall.paper(attempt).answers == {"4": [1], "5": [2], "6": [3]}


def test_a_lost_acknowledgement_is_no_conflict(hall, phone, site):
    """When the server saved but the answer got lost, the page repeats the save and goes on."""
    page = begin(phone, site)
    attempt = attempt_of(page)
    lost = []

    def lose_the_first(route):
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/answers", lose_the_first)
    choose(page, 4, 1)
    choose(page, 5, 1)
    saved(page)
    assert lost == [200]
    assert hall.paper(attempt).answers == {"4": [1], "5": [1]}


def _answer_unheard(page):
    """Answer 4 and then 5 without a network; a reload is not asked about."""
    page.route("**/answers", lambda route: route.abort())
    choose(page, 4, 1)
    choose(page, 5, 2)
    page.wait_for_selector(".exam-status.waiting")
    page.on("dialog", lambda dialog: dialog.accept())


def test_a_reload_before_the_save_got_through_loses_nothing(hall, phone, site):
    """What was not acknowledged survives a reload of the tab and is saved then."""
    page = begin(phone, site)
    attempt = attempt_of(page)
    _answer_unheard(page)
    page.reload()
    page.unroute("**/answers")
    saved(page)
    assert hall.paper(attempt).answers == {"4": [1], "5": [2]}
    expect(page.locator("#q5 input").nth(2)).to_be_checked()


def test_what_is_answered_before_the_script_came_is_saved(hall, phone, site):
    """On a slow network the paper can be read first; what is tapped then goes over what the tab had kept."""
    page = begin(phone, site)
    attempt = attempt_of(page)
    _answer_unheard(page)
    held = []
    page.route("**/exam.js*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright binds no builtin
    with page.expect_request("**/exam.js*"):
        page.reload(wait_until="commit")
    choose(page, 5, 3)
    choose(page, 6, 0)
    page.unroute("**/answers")
    hall.save(attempt, 1, {"4": [1]})  # the save of before the reload, which had been on its way
    held[0].continue_()
    saved(page)
    assert hall.paper(attempt).answers == {"4": [1], "5": [3], "6": [0]}
    expect(page.locator("#q5 input").nth(3)).to_be_checked()


def test_a_forgotten_tab_is_told_and_stopped(hall, phone, site):
    """After another tab has saved, the older one's change is refused and it asks to be reloaded."""
    old = begin(phone, site)
    attempt = attempt_of(old)
    new = phone.new_page()
    new.goto(old.url)
    choose(new, 4, 1)
    saved(new)
    choose(old, 4, 3)
    old.wait_for_selector("[data-problem]:not([hidden])")
    snap(old, "stale")
    expect(old.locator("[data-problem]")).to_contain_text("另一个窗口")
    assert hall.paper(attempt).answers == {"4": [1]}
    old.on("dialog", lambda dialog: dialog.accept())
    old.get_by_role("button", name="刷新页面").click()
    expect(old.locator("#q4 input").nth(1)).to_be_checked()


def test_when_time_is_up_the_result_comes_by_itself(hall, phone, site):
    """The countdown reaches zero, the server closes the paper with what was saved, the result is shown."""
    phone.clock.install()
    page = begin(phone, site)
    attempt = attempt_of(page)
    right = hall.right(attempt)["4"][0]
    choose(page, 4, right)
    saved(page)
    hall.clock.advance(3600 - 30)
    page.reload()
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^0:[0-3]\d$"))
    snap(page, "last-seconds")
    hall.clock.advance(30)
    page.clock.fast_forward(30_000)
    expect(page.locator(".exam-score")).to_contain_text("10 分")
    expect(page.locator("main")).to_contain_text("到时收卷")
    snap(page, "failed")


def test_every_kind_can_be_answered_by_hand(hall, phone, site):
    """Typing, ticking and choosing on a paper of all kinds earns full marks."""
    from lmscompliance.exams import service

    service.publish_blueprint(
        hall.services, hall.class_id, service.default_blueprint(hall.services, hall.class_id, 30)
    )
    page = begin(phone, site)
    attempt = attempt_of(page)
    for number, question in enumerate(hall.frozen(attempt), 1):
        box = page.locator(f"#q{number}")
        kind, key = question["kind"], question["key"]
        if kind in {"single", "multiple"}:
            for place in key:
                box.locator("input").nth(place).check()
        elif kind == "true_false":
            box.locator("input").nth(0 if key[0] else 1).check()
        elif kind == "matching":
            for place, right in enumerate(key):
                box.locator("select").nth(place).select_option(str(right))
            box.scroll_into_view_if_needed()
            snap(page, "matching")
        else:
            box.locator("input").press_sequentially("３７.４" if kind == "numeric" else "安全 第一")
    page.get_by_role("button", name="交卷").click()
    expect(page.locator("[data-confirm-text]")).to_contain_text("全部题目都已作答")
    page.locator("[data-confirmed]").click()
    expect(page.locator(".exam-score")).to_contain_text("100 分")


def test_a_refused_start_is_explained_on_the_page(hall, phone, site):
    """After two fails the page says why there is no further attempt, and what the answers were."""
    for _ in range(2):
        hall.sit(30)
    page = phone.new_page()
    page.goto(site)
    snap(page, "locked")
    assert fits(page)
    expect(page.locator("main")).to_contain_text("均未通过")
    expect(page.get_by_role("button", name="开始考试")).to_have_count(0)
    page.get_by_role("link", name="查看").last.click()
    page.wait_for_url("**/attempts/*")
    snap(page, "review")
    assert fits(page)
