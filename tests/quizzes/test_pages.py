"""The pages of quizzes as people meet them: a trainee's phone, and the desk of whoever runs the class."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect
from werkzeug.serving import make_server

from tests.quizzes.conftest import Quizroom
from tests.support.app import administrator, client_for, make_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def site(room: Quizroom) -> Iterator[str]:
    """Serve the class on loopback."""
    server = make_server("127.0.0.1", 0, make_app(room.services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/compliance"
    server.shutdown()
    thread.join()
    server.server_close()


KEPT = """() => {
    const quiz = document.querySelector('[data-quiz-of]');
    return localStorage.getItem(`compliance:quiz:${quiz.dataset.quizOf}:${quiz.value}`);
}"""
"""Whether the script has come and the phone has what was answered."""


def _without_card(route: Route) -> None:
    answer = route.fetch()
    assert " data-quiz-card" in answer.text()
    route.fulfill(response=answer, body=answer.text().replace(" data-quiz-card", ""))


def _tap_before_the_script(page: Page, question: str, place: int) -> None:
    """On a slow network: what is tapped there is newer than what the phone had kept."""
    held: list[Route] = []
    page.route("**/quiz.js*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright binds no builtin
    with page.expect_request("**/quiz.js*"):
        page.reload(wait_until="commit")
    page.locator(f"{question} input").nth(place).check()
    with page.expect_event("load"):
        held[0].continue_()
    page.unroute("**/quiz.js*")


def _answer(page: Page, paper: list[dict], *, right: bool) -> None:
    for number, one in enumerate(paper, 1):
        place = one["key"][0] if right else (one["key"][0] + 1) % len(one["options"])
        page.locator(f"#q{number} input").nth(place).check()
    page.get_by_role("button", name="交卷").click()


@pytest.mark.browser
def test_a_trainee_finds_out_why_takes_the_quiz_and_has_the_hours(room: Quizroom, site: str, phone) -> None:
    """From the page that names the reason to the quiz, a failed one without keys, a pass, and the hours."""
    room.set()
    room.learn(0)
    page = phone.new_page()
    # A host's page of the lesson has the tracker alone, which says itself what the time waits for.
    page.route("**/lessons/*/*", _without_card)
    page.goto(f"{site}/lessons/{room.class_id}/{room.school.lessons[0]}")
    waits = page.locator('[data-part="quiz"]')
    expect(waits).to_contain_text("学完后须通过随堂测验")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert str(waits.get_by_role("link").get_attribute("href")).endswith("/quiz")
    page.unroute_all()
    page.goto(f"{site}/classes/{room.class_id}")
    expect(page.get_by_text("第 1 课已学的时间待通过随堂测验后计入")).to_be_visible()
    lesson = page.locator("#lessons li").first
    expect(lesson.get_by_text("1:30 待测验")).to_be_visible()
    expect(lesson.get_by_text("未开始")).to_have_count(0)
    page.goto(f"{site}/classes/{room.class_id}/uncredited")
    expect(page.get_by_text("待通过随堂测验").first).to_be_visible()
    page.get_by_role("link", name="去做测验").click()
    expect(page.get_by_text("本课的学习时间才计入学时")).to_be_visible()
    page.get_by_role("button", name="开始测验").click()
    page.wait_for_selector("fieldset.question")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    _answer(page, json.loads(room.row(room.begin()).paper), right=False)
    expect(page.get_by_text("未通过", exact=True)).to_be_visible()
    expect(page.get_by_text("答错的题在通过之后显示")).to_be_visible()
    expect(page.locator("ol")).not_to_contain_text("正确答案")
    room.clock.advance(60)
    page.reload()
    page.get_by_role("button", name="再做一次").click()
    page.locator("#q2 input").nth(1).check()
    page.wait_for_function(KEPT)
    # A call comes in and the phone kills the tab: what was answered is there again.
    quiz = page.url
    page.close()
    page = phone.new_page()
    page.goto(quiz)
    expect(page.locator("#q2 input").nth(1)).to_be_checked()
    _tap_before_the_script(page, "#q2", 0)
    expect(page.locator("#q2 input").nth(0)).to_be_checked()
    _answer(page, json.loads(room.row(room.begin()).paper), right=True)
    expect(page.get_by_text("已通过，本课的学习时间已按规定计入")).to_be_visible()
    page.wait_for_function("() => !Object.keys(localStorage).some(key => key.startsWith('compliance:quiz:'))")
    assert room.judged().excluded == {}
    page.get_by_role("link", name="返回课程").click()
    expect(page.get_by_text("随堂测验已通过。")).to_be_visible()
    expect(page.locator('[data-part="quiz"]')).to_be_hidden()


def test_staff_set_a_quiz_on_the_page_and_are_told_what_is_wrong(room: Quizroom) -> None:
    """The desk lists lessons and versions; a bad form comes back with what to do and changes nothing."""
    staff = client_for(make_app(room.services), administrator())
    place = f"/compliance/classes/{room.class_id}/quizzes"
    form = {"lesson_id": room.school.lessons[0], "use": "required", "topic": "岗位技能", "level": ""}
    refused = staff.post(place, data=form | {"count_single": "40"})
    assert refused.status_code == 422
    assert "只有 12 道可用" in refused.text
    assert staff.post(place, data=form | {"count_single": "2"}).status_code == 303
    shown = staff.get(place).text
    assert "← 班级概览" in shown
    assert re.search(r"第 1 版 · 通过后计学时", shown)
    assert staff.post(place, data=form | {"use": "none"}).status_code == 422, "a change needs a reason"
    assert staff.post(place, data=form | {"use": "none", "reason": "题目有误"}).status_code == 303
    assert "题目有误" in staff.get(place).text
