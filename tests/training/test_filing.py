"""Filing, approval and the plan: what is refused, what is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries, service
from lmscompliance.training.service import EnterpriseInput
from tests.training import school


def test_T1_T5_a_filed_class_takes_the_notices_window_and_keeps_its_policy(services):
    """Filing binds the policy's version, digest and window, and records them."""
    class_id = school.file_class(services)
    with reading(services.database) as session:
        class_ = queries.class_by_code(session, "K1")
        notice = queries.notice_of(session, class_)
        fact, lessons = queries.class_facts(session, class_id)
    assert class_.window_start == datetime(2021, 2, 1, tzinfo=SHANGHAI)
    assert class_.window_end == datetime(2021, 3, 1, tzinfo=SHANGHAI)
    assert notice == services.policies.get("liusu-youji-2021")
    assert (fact.policy_digest, fact.approved_us, lessons) == (notice.digest, None, [])
    ((stream, type_, leaf),) = school.leaves(services, class_id)
    assert (stream, type_) == (f"class/{class_id}", "class.filed")
    assert leaf["body"]["policy"]["digest"] == notice.digest
    assert leaf["d"].keys() == {"enterprise_name", "enterprise_uscc"}
    assert school.USCC not in str(leaf)


def test_a_class_code_is_taken_once(services):
    """A second class of the same code is refused."""
    school.file_class(services)
    with pytest.raises(Conflict):
        school.file_class(services)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "window",
    [
        (date(2021, 1, 31), date(2021, 2, 28)),
        (date(2021, 2, 1), date(2021, 3, 1)),
        (date(2021, 2, 9), date(2021, 2, 8)),
    ],
)
def test_a_window_outside_the_notice_is_refused(services, window):
    """A class may be shorter than the notice's window, never longer, and must have a day."""
    with pytest.raises(InvalidInput) as refusal:
        service.file_class(
            services,
            code="K",
            title="t",
            policy_id="liusu-youji-2021",
            enterprise=EnterpriseInput(school.USCC, "企业", "城厢镇"),
            window=window,
        )
    assert refusal.value.code == "training.window_outside"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_notice_without_a_window_needs_one(services):
    """Where the notice names no period the class must."""
    with pytest.raises(InvalidInput) as refusal:
        service.file_class(
            services,
            code="K",
            title="t",
            policy_id="demo-short",
            enterprise=EnterpriseInput(school.USCC, "企业", "城厢镇"),
        )
    assert refusal.value.code == "training.window_missing"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", [{"code": " "}, {"code": "K" * 65}, {"title": ""}])
def test_a_class_needs_its_texts(services, change):
    """Empty and overlong texts are refused before anything is stored."""
    enterprise = EnterpriseInput(school.USCC, "企业", "城厢镇")
    given = {"code": "K1", "title": "t", "policy_id": "liusu-youji-2021", "enterprise": enterprise}
    with pytest.raises(InvalidInput) as refusal:
        service.file_class(services, **(given | change))
    assert refusal.value.code == "training.class_incomplete"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_credit_code_is_one_enterprise(services):
    """The same code with another name is a mistake to be looked at."""
    school.file_class(services)
    with pytest.raises(Conflict):
        service.file_class(
            services,
            code="K2",
            title="t",
            policy_id="liusu-youji-2021",
            enterprise=EnterpriseInput(school.USCC, "别的企业", "城厢镇"),
        )


def test_approval_is_recorded_once(services, clock):
    """A repeated approval changes nothing, a different one is refused."""
    class_id = school.file_class(services)
    clock.advance(3600)
    service.approve_class(services, class_id, "备-1")
    approved = clock.now()
    clock.advance(3600)
    service.approve_class(services, class_id, "备-1")
    with pytest.raises(Conflict):
        service.approve_class(services, class_id, "备-2")
    with reading(services.database) as session:
        assert queries.class_by_id(session, class_id).approved_at == approved
    assert school.types(services, class_id) == ["class.approved", "class.filed"]
    with pytest.raises(NotFound):
        service.approve_class(services, "nowhere")


def test_a_plan_is_published_once_and_in_order(services):
    """Lessons come back as facts in their order, and the leaf says the same."""
    class_id = school.file_class(services)
    service.publish_plan(services, class_id, list(reversed(school.plan())))
    with reading(services.database) as session:
        _, lessons = queries.class_facts(session, class_id)
        assert queries.lesson(session, lessons[0].id).title == "课件1"
    assert [lesson.ordinal for lesson in lessons] == list(range(1, 25))
    leaf = next(leaf for _, type_, leaf in school.leaves(services, class_id) if type_ == "plan.published")
    assert [one["id"] for one in leaf["body"]["lessons"]] == [lesson.id for lesson in lessons]
    assert leaf["body"]["lessons"][0]["class_hours"] == "1"
    with pytest.raises(Conflict):
        service.publish_plan(services, class_id, school.plan())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (school.plan(count=23), "24"),
        (school.plan(minutes=29), "30"),
        (school.plan(topics=school.TOPICS[:3]), "防疫知识"),
    ],
)
def test_an_unreachable_plan_is_refused_with_the_reason(services, plan, word):
    """Too few hours, too short on average, a topic missing: nothing is stored or recorded."""
    class_id = school.file_class(services)
    with pytest.raises(InvalidInput) as refusal:
        service.publish_plan(services, class_id, plan)
    assert refusal.value.code == "training.plan_unreachable"
    assert word in refusal.value.message()
    with reading(services.database) as session:
        assert queries.lessons(session, class_id) == []
    assert school.types(services, class_id) == ["class.filed"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        {"ordinal": 2},
        {"ordinal": 0},
        {"title": " "},
        {"title": "长" * 256},
        {"planned_seconds": 0},
        {"class_hours": Decimal(0)},
        {"class_hours": Decimal("NaN")},
        {"content_kind": "gif"},
    ],
)
def test_a_malformed_lesson_is_refused(services, change):
    """Each lesson is checked before anything is judged."""
    class_id = school.file_class(services)
    first, *rest = school.plan()
    with pytest.raises(InvalidInput) as refusal:
        service.publish_plan(services, class_id, [replace(first, **change), *rest])
    assert refusal.value.code == "training.lesson_bad"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_empty_plan_is_refused(services):
    """A plan needs a lesson."""
    with pytest.raises(InvalidInput):
        service.publish_plan(services, school.file_class(services), [])
