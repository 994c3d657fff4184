"""The exam's HTTP interface and pages."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import event

from lmscompliance.exams.views import routes
from tests.exams.hall import open_hall
from tests.support.app import administrator, clerk, client_for, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

API = "/compliance/api"


@pytest.fixture
def app(hall):
    """Return a host app around the hall."""
    return make_app(hall.services)


@pytest.fixture
def browser(app):
    """Return trainee-1's browser."""
    return client_for(app, trainee("trainee-1"))


def begin(hall, browser):
    """Open an attempt over HTTP and return its paper."""
    answer = browser.post(f"{API}/exams/{hall.class_id}/attempts", json={})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_handing_in_asks_the_database_little(hall, browser):
    """A whole class hands in within a minute: nothing is judged then but the paper itself."""
    url = f"{API}/attempts/{begin(hall, browser)['attempt']}"
    asked = []
    event.listen(hall.services.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert browser.put(f"{url}/answers", json={"seq": 1, "answers": {"4": [1]}}).status_code == 200
    assert len(asked) <= 3, asked
    asked.clear()
    assert browser.post(f"{url}/submit", json={"seq": 2, "answers": {"5": [1]}}).status_code == 200
    assert len(asked) <= 18, asked


def test_W33_an_attempt_from_beginning_to_end(hall, browser):
    """Start, save, look, hand in: each answer has the documented members, and no key leaves on the way."""
    paper = begin(hall, browser)
    assert set(paper) == {
        "attempt", "number", "state", "opened_us", "deadline_us", "now_us", "seq", "answers", "items",
    }  # fmt: skip
    url = f"{API}/attempts/{paper['attempt']}"
    saved = browser.put(f"{url}/answers", json={"seq": 1, "answers": {"4": [1]}})
    assert saved.status_code == 200
    assert saved.json["seq"] == 1
    assert browser.get(url).json["answers"] == {"4": [1]}
    right = hall.right(paper["attempt"], 7)
    result = browser.post(f"{url}/submit", json={"seq": 2, "answers": right})
    assert result.status_code == 200
    assert result.json == {
        "number": 1,
        "score": "70",
        "full": "100",
        "passed": True,
        "closed_by": "trainee",
        "voided": False,
        "attempts_left": 0,
    }
    closed = browser.get(url).json
    assert closed["state"] == "closed"
    assert closed["review"][0]["key"] == hall.frozen(paper["attempt"])[0]["key"]


def test_no_open_answer_holds_a_key(hall, browser):
    """Neither the API nor the page of an open attempt carries keys or question ids."""
    paper = begin(hall, browser)
    page = browser.get(f"/compliance/attempts/{paper['attempt']}")
    state = browser.get(f"{API}/attempts/{paper['attempt']}")
    for body in (json.dumps(paper), page.text, state.text):
        assert '"key"' not in body
        for question in hall.frozen(paper["attempt"]):
            assert question["question"] not in body


def test_a_stale_save_is_a_409_with_the_current_number(hall, browser):
    """The problem names the current number, so the page knows that it is behind."""
    paper = begin(hall, browser)
    url = f"{API}/attempts/{paper['attempt']}/answers"
    browser.put(url, json={"seq": 1, "answers": {"4": [1]}})
    answer = browser.put(url, json={"seq": 1, "answers": {"4": [2]}})
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert (answer.json["code"], answer.json["seq"]) == ("exams.stale", 1)


def test_a_late_save_is_a_410(hall, browser):
    """After the deadline a save is refused for good and the page shows the result instead."""
    paper = begin(hall, browser)
    hall.clock.advance(3600)
    answer = browser.put(f"{API}/attempts/{paper['attempt']}/answers", json={"seq": 1, "answers": {}})
    assert (answer.status_code, answer.json["code"]) == (410, "exams.too_late")
    assert "第 1 次考核成绩" in browser.get(f"/compliance/attempts/{paper['attempt']}").text


def test_a_refused_start_names_the_clause(services, tmp_path):
    """Before the training is complete the API answers 409 with the clause, and so does the page."""
    hall = open_hall(services, tmp_path / "b", unlock=False)
    browser = client_for(make_app(services), trainee("trainee-1"))
    answer = browser.post(f"{API}/exams/{hall.class_id}/attempts", json={})
    assert (answer.status_code, answer.json["code"]) == (409, "exams.gate_training_incomplete")
    assert "太人社培[2021]1号" in answer.json["detail"]
    page = browser.get(f"/compliance/classes/{hall.class_id}/exam").text
    assert "太人社培[2021]1号" in page
    assert "data-begin" not in page


@pytest.mark.parametrize(
    "body",
    [
        {"seq": "1", "answers": {}},
        {"seq": -1, "answers": {}},
        {"seq": 1, "answers": {"1": 0}},
        {"seq": 1, "answers": {"1": [1.5]}},
        {"seq": 1, "answers": [], "extra": 1},
        {"answers": {}},
    ],
)
def test_a_malformed_save_is_a_422(hall, browser, body):
    """Wrong types and unknown members are refused before anything is looked up or stored."""
    paper = begin(hall, browser)
    answer = browser.put(f"{API}/attempts/{paper['attempt']}/answers", json=body)
    assert answer.status_code == 422


def test_writing_needs_the_page_s_token(hall, app):
    """A start without the CSRF token is refused."""
    bare = client_for(app, trainee("trainee-1"), csrf=False)
    assert bare.post(f"{API}/exams/{hall.class_id}/attempts", json={}).status_code == 403


def test_only_the_trainee_gets_in(hall, app, browser):
    """Another trainee meets 404 everywhere, staff 403, nobody 401 or a sign-in page."""
    paper = begin(hall, browser)
    values = {"class_id": hall.class_id, "attempt_id": paper["attempt"], "fact": "paper"}
    outside = client_for(app, trainee("stranger"))
    for route in routes:
        path = "/compliance" + route.rule.replace("<", "{").replace(">", "}").format(**values)
        body = {"seq": 1, "answers": {}}
        for actor, status in (
            (trainee("stranger"), 404),
            (clerk("91320585MA1MABCD1X"), 403),
            (administrator(), 403),
            (None, 401),
        ):
            answer = client_for(app, actor).open(path, method=route.method, json=body)
            assert answer.status_code == status, (route.endpoint, actor)
        foreign = path.replace(hall.class_id, "01nothing").replace(paper["attempt"], "01nothing")
        assert outside.open(foreign, method=route.method, json=body).status_code == 404
        assert outside.open(path, method=route.method, data="{").status_code == 404
    # Somebody else in the same class may see the class's exam page, but no attempt of another.
    other = client_for(app, trainee("trainee-2"))
    assert other.get(f"/compliance/classes/{hall.class_id}/exam").status_code == 200
    assert other.get(f"/compliance/attempts/{paper['attempt']}").status_code == 404


def test_the_pages_of_every_situation_can_be_read(hall, browser):
    """Gate, paper, first fail, second running, lock: each page renders in Chinese and in English."""
    english = client_for(make_app(hall.services), trainee("trainee-1"))
    actor = json.loads(english.environ_base["HTTP_X_TEST_ACTOR"])
    english.environ_base["HTTP_X_TEST_ACTOR"] = json.dumps({**actor, "locale": "en"})

    def pages(*attempts):
        for one in (browser, english):
            for path in (f"classes/{hall.class_id}/exam", *(f"attempts/{attempt}" for attempt in attempts)):
                answer = one.get(f"/compliance/{path}")
                assert answer.status_code == 200
                yield answer.text

    assert "可以开始第 1 次考核" in "".join(pages())
    first = begin(hall, browser)["attempt"]
    assert "继续作答" in "".join(pages(first))
    hall.submit(first, 1)
    assert "还有 1 次机会" in "".join(pages(first))
    second = begin(hall, browser)["attempt"]
    assert "另一次考核正在进行" in "".join(pages(first, second))
    hall.submit(second, 1, hall.right(second, 3))
    text = "".join(pages(first, second))
    assert "不得享受培训补贴" in text
    assert "正确答案" in text


def test_a_paper_of_every_kind_renders(hall, browser):
    """Each kind of question has its own inputs, and saved answers come back into them."""
    from lmscompliance.exams import service

    service.publish_blueprint(
        hall.services, hall.class_id, service.default_blueprint(hall.services, hall.class_id, 30)
    )
    paper = begin(hall, browser)
    hall.save(paper["attempt"], 1, hall.right(paper["attempt"]))
    text = browser.get(f"/compliance/attempts/{paper['attempt']}").text
    for kind in ("single", "multiple", "true_false", "fill_in", "numeric", "matching"):
        assert f'data-kind="{kind}"' in text
    assert text.count(" checked") >= 24
    assert text.count(" selected") == 3
    assert 'value="安全第一"' in text
    hall.submit(paper["attempt"], 2)
    result = browser.get(f"/compliance/attempts/{paper['attempt']}").text
    assert "口罩 → 垃圾桶" in result
