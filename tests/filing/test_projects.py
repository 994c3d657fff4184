"""Filing a project: catalogue, award, number, evaluation, licence, standard, each gate by its clause."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, timedelta

import docx
import pikepdf
import pytest

from lmscompliance.filing import forms, projects, reminders, service, standards
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.policy import DOCUMENTS
from lmscompliance.storage.transaction import reading
from lmscompliance.training import service as training
from tests.files.samples import picture
from tests.support.app import clerk, client_for, inspector, make_app
from tests.training import school
from tests.training.school import USCC

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POLICY = "wudi-gongjiang-draft"
TODAY = date(2023, 3, 1)
CATALOGUE = (
    "项目编号,项目名称,职业（工种）,职业编码,等级,是否重合\n"
    "P1,工业机器人操作,工业机器人系统操作员,6-30-99-00,四级/中级工,否\n"
    "P2,焊接,焊工,6-18-02-04,5,是\n"
)
STANDARD = "条目编号,条目名称\n1.1,安全操作\n1.2,示教编程\n2.1,日常保养\n"
MAPPING = "课时序号,标准条目\n" + "".join(f"{n},1.{1 + n % 2}\n" for n in range(1, 36))


def _file(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def _draft(services, tmp_path, *, online=14, code="W1"):
    """Return a draft under S2 with a plan of 35 lessons, ``online`` of them recorded."""
    services.clock.set(datetime(2023, 3, 1, 9, tzinfo=SHANGHAI))
    class_id = training.file_class(
        services,
        code=code,
        title="机器人一班",
        policy_id=POLICY,
        enterprise=training.EnterpriseInput(USCC, "苏州某某培训学校", "姑苏区"),
        window=(date(2023, 4, 1), date(2023, 6, 30)),
        by="clerk-1",
        draft=True,
    )
    start = datetime(2023, 4, 3, 9, tzinfo=SHANGHAI)
    plan = [
        one
        if one.ordinal <= online
        else replace(
            one,
            mode="offline",
            delivery="线下",
            starts_at=start + timedelta(days=one.ordinal),
            ends_at=start + timedelta(days=one.ordinal, hours=1),
        )
        for one in school.plan(35, 45, ("理论", "技能"))
    ]
    training.publish_plan(services, class_id, plan)
    return class_id


def _prepare(services, class_id, tmp_path):
    """Let every gate pass."""
    path = _file(tmp_path, "catalogue.csv", CATALOGUE)
    projects.import_catalogue(services, POLICY, path, published_on=date(2023, 2, 1), source="局网站", by="a")
    projects.choose(services, class_id, "P1", by="clerk-1")
    projects.decide(services, class_id, "award", number="采2023-1", day=TODAY, by="clerk-1")
    projects.state_licence(services, class_id, number="民3205", valid_until=date(2023, 6, 30), by="clerk-1")
    for number, kind in enumerate(("award", "licence")):
        service.add_document(
            services, class_id, kind, picture(size=(30 + number, 30)), by="clerk-1", ip="203.0.113.7"
        )
    path = _file(tmp_path, "standard.csv", STANDARD)
    standard = standards.import_standard(services, path, title="工业机器人系统操作员", by="a")
    standards.map_plan(services, class_id, standard, _file(tmp_path, "map.csv", MAPPING), by="clerk-1")


def _missing(services, class_id):
    return {one.reason for one in service.dossier(services, class_id).verdicts if not one.met}


def test_W13_nothing_starts_before_catalogue_award_licence_and_number(services, tmp_path):
    """On both databases: each gate is named with its clause, and approval wants the bureau's number."""
    class_id = _draft(services, tmp_path)
    with pytest.raises(Conflict) as refused:
        service.submit(services, class_id, by="clerk-1")
    for clause in ("五.1", "五.2", "三", "八.1"):
        assert f"“吴地工匠”征求意见稿 {clause}）" in refused.value.message()
    _prepare(services, class_id, tmp_path)
    assert _missing(services, class_id) == set()
    service.submit(services, class_id, by="clerk-1")
    with pytest.raises(InvalidInput) as numberless:
        training.approve_class(services, class_id, " ")
    assert "五.2" in numberless.value.message()
    training.approve_class(services, class_id, "备2023-7")
    kinds = school.types(services, class_id)
    for kind in ("project_chosen", "decision_stated", "licence_stated", "judged"):
        assert kinds.count(f"filing.{kind}") == 1
    (judged,) = [leaf for _, type_, leaf in school.leaves(services, class_id) if type_ == "filing.judged"]
    assert judged["body"]["licence"] == {"number": "民3205", "valid_until": "2023-06-30"}
    assert "filing.award" in judged["body"]["met"]
    with pytest.raises(Conflict):
        projects.choose(services, class_id, "P2", by="clerk-1")


@ONCE
def test_W12_an_award_needs_its_number_its_notice_and_the_end_of_its_publicity(services, tmp_path):
    """A publicity that is not over is not recorded."""
    class_id = _draft(services, tmp_path)
    assert "award_missing" in _missing(services, class_id)
    with pytest.raises(InvalidInput):
        projects.decide(services, class_id, "award", number="采1", day=date(2023, 3, 2), by="c")
    with pytest.raises(InvalidInput):
        projects.decide(services, class_id, "award", number=" ", day=TODAY, by="c")
    with pytest.raises(InvalidInput):
        projects.decide(services, class_id, "prize", number="采1", day=TODAY, by="c")
    projects.decide(services, class_id, "award", number="采1", day=TODAY, by="c")
    assert "award_unproven" in _missing(services, class_id)


@ONCE
def test_W7_a_purely_online_plan_needs_an_evaluation_that_was_passed(services, tmp_path):
    """None, a failed one, one without its opinion: each is missed by itself; a blended plan needs none."""
    pure, mixed = _draft(services, tmp_path, online=35), _draft(services, tmp_path, code="W2")
    assert "evaluation_missing" not in _missing(services, mixed)
    assert "evaluation_missing" in _missing(services, pure)
    projects.decide(
        services, pure, "evaluation", number="评1", day=TODAY, passed=False, opinion="实操不足", by="i"
    )
    assert "evaluation_failed" in _missing(services, pure)
    projects.decide(services, pure, "evaluation", number="评2", day=TODAY, opinion="可行", by="i")
    assert "evaluation_unproven" in _missing(services, pure)
    service.add_document(services, pure, "evaluation", picture(), by="c", ip="203.0.113.7")
    assert not {one for one in _missing(services, pure) if one.startswith("evaluation")}
    assert service.dossier(services, pure).standing.opinion == "可行"


@ONCE
def test_W7_without_a_plan_nobody_can_tell(services, tmp_path):
    """A plan that comes later must not walk around the evaluation."""
    services.clock.set(datetime(2023, 3, 1, 9, tzinfo=SHANGHAI))
    class_id = training.file_class(
        services,
        code="W3",
        title="无计划",
        policy_id=POLICY,
        enterprise=training.EnterpriseInput(USCC, "苏州某某培训学校", "姑苏区"),
        window=(date(2023, 4, 1), date(2023, 6, 30)),
        draft=True,
    )
    assert "plan_unpublished" in _missing(services, class_id)


@ONCE
def test_W5_a_licence_must_last_as_long_as_the_training_and_its_end_is_reminded_of(services, tmp_path):
    """The last day counts; a class of the same institution needs no second statement."""
    class_id = _draft(services, tmp_path)
    projects.state_licence(services, class_id, number="民3205", valid_until=date(2023, 6, 29), by="c")
    assert "licence_ends" in _missing(services, class_id)
    projects.state_licence(services, class_id, number="民3205", valid_until=date(2023, 6, 30), by="c")
    assert "licence_unproven" in _missing(services, class_id)
    other = _draft(services, tmp_path, code="W2")
    assert "licence_missing" not in _missing(services, other)
    services.clock.set(datetime(2023, 4, 30, 9, tzinfo=SHANGHAI))
    reminders.remind_due(services)
    with reading(services.database) as session:
        assert reminders.of_class(session, class_id) == []
    services.clock.set(datetime(2023, 5, 1, 9, tzinfo=SHANGHAI))
    reminders.remind_due(services)
    with reading(services.database) as session:
        ((due, _),) = reminders.of_class(session, class_id)
    assert (due.kind, str(due.due)) == ("licence", "2023-06-30")


def test_W10_the_catalogue_in_force_on_the_day_is_the_one_that_counts(services, tmp_path):
    """On both databases: a newer one replaces what can be chosen, and what was chosen stays."""
    class_id = _draft(services, tmp_path)
    with pytest.raises(NotFound):
        projects.choose(services, class_id, "P1", by="c")
    first = _file(tmp_path, "1.csv", CATALOGUE)
    projects.import_catalogue(services, POLICY, first, published_on=date(2023, 2, 1), source="局网站", by="a")
    with reading(services.database) as session:
        catalogue = projects.in_force(session, POLICY, TODAY)
        assert [one.code for one in projects.search(session, catalogue, "机器人")] == ["P1"]
        assert [one.code for one in projects.search(session, catalogue, "6-18")] == ["P2"]
        assert projects.search(session, catalogue, "%") == []
        assert projects.in_force(session, POLICY, date(2023, 1, 31)) is None
    projects.choose(services, class_id, "P2", by="c")
    newer = _file(tmp_path, "2.csv", CATALOGUE.replace("P2,", "P3,"))
    projects.import_catalogue(services, POLICY, newer, published_on=TODAY, source="局网站", by="a")
    assert service.dossier(services, class_id).standing.entry.code == "P2"
    with pytest.raises(NotFound):
        projects.choose(services, class_id, "P2", by="c")


@ONCE
def test_W2_W11_a_project_has_its_occupation_level_and_whether_it_overlaps(services, tmp_path):
    """As the catalogue says, in words or figures."""
    path = _file(tmp_path, "c.csv", CATALOGUE)
    projects.import_catalogue(services, POLICY, path, published_on=TODAY, source="局网站", by="a")
    with reading(services.database) as session:
        robot, weld = projects.search(session, projects.in_force(session, POLICY, TODAY), "")
    assert (robot.occupation_code, robot.level, robot.overlaps) == ("6-30-99-00", 4, False)
    assert (weld.occupation, weld.level, weld.overlaps) == ("焊工", 5, True)


@ONCE
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("姓名,电话\n甲,1\n", "项目编号、项目名称、职业（工种）"),
        (CATALOGUE.replace("P2,", "P1,"), "第 3 行“项目编号”：与第 2 行重复"),
        (CATALOGUE.replace("焊接,焊工", "焊接,"), "第 3 行“职业（工种）”：没有填写"),
        (CATALOGUE.replace(",是\n", ",也许\n"), "“是否重合”：应填写“是”或“否”"),
        (CATALOGUE.splitlines()[0] + "\n", "没有可导入的内容"),
    ],
)
def test_a_bad_catalogue_is_refused_as_a_whole(services, tmp_path, text, said):
    """Row and field are named, and nothing is kept."""
    path = _file(tmp_path, "c.csv", text)
    with pytest.raises(InvalidInput) as refused:
        projects.import_catalogue(services, POLICY, path, published_on=TODAY, source="局网站", by="a")
    assert said in refused.value.message()
    with reading(services.database) as session:
        assert projects.in_force(session, POLICY, TODAY) is None


def test_W27_each_lesson_teaches_items_of_the_standard(services, tmp_path):
    """On both databases: a lesson without an item is missed; what the plan covers is shown item by item."""
    class_id = _draft(services, tmp_path)
    path = _file(tmp_path, "s.csv", STANDARD)
    standard = standards.import_standard(services, path, title="操作员", by="a")
    partial = _file(tmp_path, "part.csv", MAPPING.replace("35,1.2\n", ""))
    standards.map_plan(services, class_id, standard, partial, by="c")
    (short,) = [one for one in service.dossier(services, class_id).verdicts if "standard" in one.rule]
    assert (short.reason, short.params["have"], short.params["total"]) == (
        "standard_lessons_short",
        "34",
        "35",
    )
    standards.map_plan(services, class_id, standard, _file(tmp_path, "m.csv", MAPPING), by="c")
    assert "standard_lessons_short" not in _missing(services, class_id)
    with reading(services.database) as session:
        mapped = standards.mapped(session, class_id)
    assert [len(mapped.lessons[one.code]) for one in mapped.items] == [17, 18, 0]
    assert (mapped.coverage.taught_items, mapped.coverage.items) == (2, 3)
    wrong = _file(tmp_path, "w.csv", MAPPING + "36,1.1\n3,9.9\n")
    with pytest.raises(InvalidInput) as refused:
        standards.map_plan(services, class_id, standard, wrong, by="c")
    assert "第 37 行“课时序号”：教学计划中没有这一课时；第 38 行“标准条目”：标准中没有条目 9.9" in (
        refused.value.message()
    )
    with reading(services.database) as session:
        assert standards.mapped(session, class_id).coverage == mapped.coverage


@ONCE
def test_W29_the_forms_are_prefilled_as_word_and_as_pdf_a(services, tmp_path):
    """The record of the project names everything on record; the PDF is the same twice."""
    class_id = _draft(services, tmp_path)
    _prepare(services, class_id, tmp_path)
    _, word = forms.make(services, class_id, "project")
    fields = {row.cells[0].text: row.cells[1].text for row in docx.Document(io.BytesIO(word)).tables[0].rows}
    assert fields["职业（工种）及等级"] == "工业机器人系统操作员 四级"
    assert (fields["中标（成交）编号"], fields["资质有效期至"]) == ("采2023-1", "2023-06-30")
    assert (fields["培训模式"], fields["线上、线下课时"]) == ("线上线下融合", "14、21")
    for kind in forms.FORMS:
        name, data = forms.make(services, class_id, kind, "pdf")
        assert name.endswith("-W1.pdf")
        assert data == forms.make(services, class_id, kind, "pdf")[1]
        with pikepdf.open(io.BytesIO(data)) as document, document.open_metadata() as metadata:
            assert metadata.pdfa_status.startswith("2")
    with pytest.raises(NotFound):
        forms.make(services, class_id, "project", "exe")


@ONCE
def test_W6_the_page_leads_through_all_of_it(services, tmp_path):
    """The clerk searches, chooses, states and maps; the mode is shown."""
    class_id = _draft(services, tmp_path)
    app = make_app(services)
    own, bureau = client_for(app, clerk(USCC)), client_for(app, inspector("姑苏区"))
    base = f"/compliance/classes/{class_id}/filing/project"
    assert "还没有导入公布的目录清单" in own.get(base).text
    path = _file(tmp_path, "c.csv", CATALOGUE)
    projects.import_catalogue(services, POLICY, path, published_on=TODAY, source="局网站", by="a")
    assert 'value="P1"' in own.get(f"{base}?q=机器人").text
    assert own.post(base, data={"code": "P9"}).status_code == 404
    assert own.post(base, data={"code": "P2"}).status_code == 303
    assert own.post(f"{base}/decision", data={"kind": "award", "number": "采1"}).status_code == 422
    award = {"kind": "award", "number": "采1", "day": "2023-03-01"}
    assert bureau.post(f"{base}/decision", data=award).status_code == 303
    licence = {"number": "民1", "valid_until": "2024-01-01"}
    assert bureau.post(f"{base}/licence", data=licence).status_code == 403
    assert own.post(f"{base}/licence", data=licence).status_code == 303
    standard = standards.import_standard(services, _file(tmp_path, "s.csv", STANDARD), title="操作员", by="a")
    upload = {"standard": standard, "file": (io.BytesIO(MAPPING.encode()), "map.csv")}
    assert own.post(f"{base}/standard", data=upload).status_code == 303
    assert own.post(f"{base}/standard", data={"standard": standard}).status_code == 422
    page = own.get(base).text
    assert "与其他补贴培训目录重合" in page
    assert "线上线下融合（线上 40.0%）" in page
    assert "未讲授" in page
    assert "像是实操课" not in page
    services.clock.set(datetime(2023, 3, 2, 9, tzinfo=SHANGHAI))
    assert 'name="number"' not in bureau.get(base).text.partition("培训资质")[2]
    assert "备案表" in own.get(f"/compliance/classes/{class_id}/filing").text


def test_documents_of_every_gate_can_be_uploaded():
    """What a gate asks for is among the kinds of documents."""
    assert {"award", "evaluation", "licence"} <= set(DOCUMENTS)
