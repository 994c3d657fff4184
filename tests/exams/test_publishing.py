"""Publishing an exam: refused with the missing topic, recorded once it is fit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lmscompliance.exams import service
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.rules.blueprint import Blueprint, Part
from tests.exams.hall import fill_bank
from tests.learning.school import TOPICS, open_school


def four(points="25", topics=TOPICS):
    """Return a blueprint of one single choice for each of ``topics``."""
    return Blueprint(tuple(Part(topic, "single", 1, Decimal(points)) for topic in topics))


def test_T21_a_missing_topic_is_named_and_nothing_is_stored(hall):
    """A plan topic without a question refuses the exam by name and with the clause; the old one stays."""
    parts = (*four(topics=TOPICS[:2]).parts, Part(TOPICS[2], "single", 2, Decimal(25)))
    before = hall.leaves(f"class/{hall.class_id}")
    with pytest.raises(InvalidInput) as caught:
        service.publish_blueprint(hall.services, hall.class_id, Blueprint(parts))
    assert caught.value.code == "exams.blueprint_topic_missing"
    assert caught.value.params["topic"] == ["防疫知识"]
    assert "防疫知识" in caught.value.message("zh_CN")
    assert "防疫知识" in caught.value.message("en")
    assert hall.leaves(f"class/{hall.class_id}") == before


@pytest.mark.parametrize(
    ("blueprint", "reason"),
    [
        (four("24.99"), "total_differs"),
        (Blueprint(()), "no_parts"),
        (Blueprint((*four("20").parts, Part("天文", "single", 1, Decimal(20)))), "topic_not_in_plan"),
        (Blueprint(tuple(Part(t, "single", 25, Decimal(1)) for t in TOPICS)), "bank_too_small"),
        (Blueprint((*four("20").parts, Part(TOPICS[0], "ordering", 1, Decimal(20)))), "unknown_kind"),
        (Blueprint((*four("25").parts, Part(TOPICS[0], "single", 0, Decimal(20)))), "count_not_positive"),
        (Blueprint((*four("25").parts, Part(TOPICS[0], "single", 1, Decimal(0)))), "points_not_positive"),
        (Blueprint((Part(TOPICS[0], "single", 400, Decimal("0.25")),)), "too_many"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_refusal_says_what_is_wrong_in_both_languages(hall, blueprint, reason):
    """Each reason for refusal has its own text with nothing left to fill in."""
    with pytest.raises(InvalidInput) as caught:
        service.publish_blueprint(hall.services, hall.class_id, blueprint)
    assert caught.value.code == f"exams.blueprint_{reason}"
    assert "{" not in caught.value.message("zh_CN") + caught.value.message("en")


def test_a_published_exam_stands_in_the_class_s_stream(hall):
    """The log holds the parts, the exact total and the duration; a new version gets the next number."""
    assert service.publish_blueprint(hall.services, hall.class_id, four()) == 2
    first, second = [leaf for leaf in hall.leaves(f"class/{hall.class_id}") if leaf.t == "exam.published"]
    assert first.body["version"] == 1
    assert sum(part["count"] * Decimal(part["points"]) for part in first.body["parts"]) == 100
    assert second.body["full_marks"] == "100"
    assert second.body["duration_seconds"] == 3600
    assert second.body["parts"] == [
        {"topic": topic, "kind": "single", "count": 1, "points": "25"} for topic in TOPICS
    ]


@pytest.mark.parametrize("count", [4, 7, 10, 13, 30])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_default_blueprint_can_always_be_published(hall, count):
    """Whatever the number of questions, the default totals exactly 100 and covers the plan."""
    blueprint = service.default_blueprint(hall.services, hall.class_id, count)
    assert blueprint.count == count
    assert blueprint.total == 100
    service.publish_blueprint(hall.services, hall.class_id, blueprint)


def test_a_class_without_a_plan_or_unknown_gets_no_exam(services, tmp_path):
    """An exam asks about a plan: without one there is nothing to publish."""
    fill_bank(services, tmp_path)
    class_id = open_school(services, lessons=24).class_id
    with pytest.raises(NotFound):
        service.default_blueprint(services, "nobody")
    assert service.default_blueprint(services, class_id).topics().keys() == set(TOPICS)
    from lmscompliance.training import service as training
    from tests.learning.school import BODY, uscc

    bare = training.file_class(
        services,
        code="BARE",
        title="空班",
        policy_id="liusu-youji-2021",
        enterprise=training.EnterpriseInput(
            BODY + uscc.check_character(BODY), "太仓某某精密机械有限公司", "太仓高新区"
        ),
    )
    with pytest.raises(Conflict, match="no published plan"):
        service.publish_blueprint(services, bare, four())
