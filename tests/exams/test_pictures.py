"""A question's pictures on the paper, in the log, and in what a marker and the ledger see."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest

from lmscompliance.exams import marking, service
from lmscompliance.questions import service as questions
from lmscompliance.questions.pictures import png
from lmscompliance.rules import ledger_paper as paper
from lmscompliance.rules.blueprint import Blueprint, Part
from lmscompliance.rules.pictured import offered
from tests.learning.school import TOPICS
from tests.questions.test_pictured_banks import BLUE, RED, sheet
from tests.questions.test_pictures import bank, known, picture
from tests.support.app import administrator, client_for, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_paper_carries_its_pictures(hall, tmp_path):
    """The frozen question names them, the page holds each once, and the marker of an essay sees its own."""
    red, blue = picture("red"), picture("blue")
    rows = [["判断题", "如图，对吗", None, "对"], ["简答题", "图中是什么", None, "灭火器"]]
    path = bank(tmp_path / "图.xlsx", rows, {1: [red], 2: [blue]})
    questions.import_paths(hall.services, [path], topic=TOPICS[0])
    before = {f"data:image/png;base64,{base64.b64encode(png(one)).decode()}": one for one in (red, blue)}
    parts = [Part(topic, "single", 1, Decimal(20)) for topic in TOPICS[1:]]
    pictured = (("essay", 1, Decimal(20)), ("true_false", 3, Decimal(5)), ("single", 1, Decimal(5)))
    blueprint = Blueprint((*parts, *(Part(TOPICS[0], *one) for one in pictured)))
    service.publish_blueprint(hall.services, hall.class_id, blueprint)
    attempt = hall.start()
    frozen = {one["stem"]: one for one in hall.frozen(attempt)}
    assert frozen["如图，对吗"]["pictures"] == known(red)
    assert frozen["图中是什么"]["pictures"] == known(blue)
    assert "pictures" not in hall.frozen(attempt)[0]
    client = client_for(make_app(hall.services), trainee("trainee-1"))
    shown = client.get(f"/compliance/attempts/{attempt}").text
    assert all(shown.count(source) == 1 for source in before)
    place = [one["stem"] for one in hall.frozen(attempt)].index("图中是什么") + 1
    hall.submit(attempt, 1, hall.right(attempt, 3) | {str(place): ["一只灭火器"]})
    (essay,) = marking.queue(hall.services, administrator(), hall.class_id).mine
    assert [before[one] for one in essay.pictures] == [blue]


def test_options_may_be_pictures(hall, tmp_path):
    """They are shuffled with the options, shown in them, marked, and named by digest where text stands."""
    questions.import_paths(hall.services, [sheet(tmp_path / "b.xlsx")], topic=TOPICS[0])
    parts = [Part(topic, "single", 1, Decimal(10)) for topic in TOPICS[1:]]
    service.publish_blueprint(
        hall.services, hall.class_id, Blueprint((Part(TOPICS[0], "single", 14, Decimal(5)), *parts))
    )
    attempt = hall.start()
    asked = next(one for one in hall.frozen(attempt) if one["stem"].startswith("格中图"))
    (red, blue) = (*known(RED), *known(BLUE))
    (right,) = asked["key"]
    assert asked["option_pictures"][right] == red
    assert sorted(asked["option_pictures"]) == sorted([red, blue, ""])
    assert (offered(asked)[right], len(set(offered(asked)))) == (f"［附图 {red}］", 3)
    assert paper.answer(asked) == f"{'ABC'[right]}. ［附图 {red}］"
    client = client_for(make_app(hall.services), trainee("trainee-1"))
    shown = client.get(f"/compliance/attempts/{attempt}").text
    assert shown.count("data:image/png;base64,") == 4
    assert hall.submit(attempt, 1, hall.right(attempt)).score == 100
    again = client.get(f"/compliance/attempts/{attempt}").text
    assert again.count("data:image/png;base64,") == 4
    service.remark(hall.services, question_id=asked["question"], key="B", by="张三", why="教材")
    assert hall.paper(attempt).result.score == 95
