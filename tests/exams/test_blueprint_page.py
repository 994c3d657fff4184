"""The page of staff for a blueprint: what the gate says is shown before and when publishing is tried."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lmscompliance.exams import publishing
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions import service as questions
from lmscompliance.rules.blueprint import Blueprint, Part
from tests.learning.school import TOPICS
from tests.questions.books import workbook
from tests.support.app import administrator, client_for, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def hall(hall, tmp_path):
    """Return the hall with a bank that knows levels: three easy and two hard questions on the first topic."""
    rows = [
        ["题型", "题目", "选项", "答案", "难度"],
        *[["单选题", f"分级第{n}题", "A.甲|B.乙", "A", "易" if n < 3 else "难"] for n in range(5)],
    ]
    path = workbook(tmp_path / "分级.xlsx", {"题库": rows})
    questions.import_paths(hall.services, [path], topic=TOPICS[0])
    return hall


def form(*parts: tuple[str, str, str, str, str], action: str = "check") -> dict[str, object]:
    """Return the form's fields; a spare row stands below."""
    columns = zip(*parts, ("", "single", "", "", ""), strict=True)
    names = ("topic", "kind", "level", "count", "points")
    return {"action": action} | {name: list(column) for name, column in zip(names, columns, strict=True)}


def page(hall, data=None):
    """Return the page, as it is or after sending the form."""
    client = client_for(make_app(hall.services), administrator())
    address = f"/compliance/classes/{hall.class_id}/exam/blueprint"
    return client.get(address) if data is None else client.post(address, data=data)


def rest() -> list[tuple[str, str, str, str, str]]:
    """Return the other topics' parts."""
    return [(topic, "single", "", "5", "5") for topic in TOPICS[1:]]


def test_the_gate_reports_and_then_publishes(hall):
    """Checking names what is missing per level and stores nothing; what fits becomes the next version."""
    opened = page(hall)
    assert opened.status_code == 200
    assert "现行第 1 版" in opened.text
    assert "可以发布" in opened.text
    wrong = page(hall, form((TOPICS[0], "single", "hard", "3", "5"), *rest()))
    assert "难度为 难 的只有 2 道可用，需要 3 道" in wrong.text
    assert "试题合计 90 分" in wrong.text
    refused = page(hall, form((TOPICS[0], "single", "hard", "3", "5"), *rest(), action="publish"))
    assert refused.status_code == 422
    assert publishing.published_blueprint(hall.services, hall.class_id)[0] == 1
    good = form(
        (TOPICS[0], "single", "hard", "2", "5"),
        (TOPICS[0], "single", "easy", "2", "5"),
        (TOPICS[0], "single", "", "1", "5"),
        *rest(),
    )
    checked = page(hall, good)
    assert "可以发布" in checked.text
    assert "单选题（难）只有 2 道" in checked.text
    assert page(hall, good | {"action": "publish"}).status_code == 303
    version, blueprint = publishing.published_blueprint(hall.services, hall.class_id)
    assert (version, [part.level for part in blueprint.parts[:3]]) == (2, ["hard", "easy", ""])
    paper = hall.frozen(hall.start())
    assert [one.get("level") for one in paper[:4]] == ["hard", "hard", "easy", "easy"]


@pytest.mark.parametrize("count", ["", "-1", "1e9", "９", "99999"])
@pytest.mark.parametrize("points", ["", "NaN", "-5", "1e999999", "多"])
def test_nonsense_in_the_form_is_a_report_never_an_error(hall, count, points):
    """Whatever was typed, the page says what is wrong with it."""
    answer = page(hall, form((TOPICS[0], "single", "", count, points)))
    assert answer.status_code == 200
    assert "考试未发布" in answer.text


def test_a_level_the_bank_lost_is_refused_by_name(hall):
    """Publishing through the service names topic, kind, level and what is held."""
    parts = [Part(topic, "single", 5, Decimal(5)) for topic in TOPICS[1:]]
    with pytest.raises(InvalidInput) as caught:
        publishing.publish_blueprint(
            hall.services,
            hall.class_id,
            Blueprint((Part(TOPICS[0], "single", 5, Decimal(5), "hard"), *parts)),
        )
    assert caught.value.code == "exams.blueprint_level_too_small"
    assert caught.value.params["held"] == 2


def test_trainees_do_not_see_it(hall):
    """The page is staff's."""
    client = client_for(make_app(hall.services), trainee("trainee-1"))
    assert client.get(f"/compliance/classes/{hall.class_id}/exam/blueprint").status_code == 403
