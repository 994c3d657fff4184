"""Prefilled forms (申请表、教学计划、承诺书、备案表) as Word or PDF/A, to be completed, signed and stamped.

The notices name these annexes and do not show them, so the layout is this product's; the facts in them are
those on record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from lmscompliance.documents import docx
from lmscompliance.documents.docx import Form
from lmscompliance.documents.font import Typeface
from lmscompliance.documents.form import typeset_form
from lmscompliance.filing.models import FilingDeclaration
from lmscompliance.filing.projects import Standing
from lmscompliance.filing.service import dossier
from lmscompliance.kernel.clock import day_start, shanghai, shanghai_day
from lmscompliance.kernel.errors import NotFound
from lmscompliance.policy import Notice
from lmscompliance.rules import blended
from lmscompliance.rules.ledger_filing import PROMISES
from lmscompliance.rules.levels import level_name
from lmscompliance.rules.marking import exact_sum, plain
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.models import Enterprise, Lesson, TrainingClass

_STAMP = ("负责人（签字）", "单位（盖章）", "日期")


WORD, PDF = "docx", "pdf"


def make(services: Services, class_id: str, kind: str, ending: str = WORD) -> tuple[str, bytes]:
    """Return a form's name and bytes, as Word or as PDF/A; raises ``NotFound`` for a kind there is not.

    The same facts and fonts on the same Shanghai day give the same PDF.
    """
    fill = FORMS.get(kind)
    if fill is None or ending not in {WORD, PDF}:
        raise NotFound("web.not_found")
    found = dossier(services, class_id)
    with reading(services.database) as session:
        facts = _Facts(
            class_=found.class_,
            notice=found.notice,
            enterprise=queries.enterprise_of(session, found.class_),
            lessons=queries.lessons(session, class_id),
            people=len(queries.roster(session, class_id)),
            declared=found.declared,
            standing=found.standing,
            platform=(services.settings.platform_name, services.settings.recognition_number),
        )
    form = fill(facts)
    name = form.title
    if named := facts.notice.filing.form(kind):
        form = replace(form, annex=named.annex, title=named.title)
    day = day_start(shanghai_day(services.clock.now()))
    typeface = Typeface(services.settings.fonts_dir)
    data = typeset_form(form, day, typeface) if ending == PDF else docx.write(form, day)
    return f"{name}-{found.class_.code}.{ending}", data


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is on record and goes into the forms; ``platform`` is its name and recognition number."""

    class_: TrainingClass
    notice: Notice
    enterprise: Enterprise
    lessons: Sequence[Lesson]
    people: int
    declared: FilingDeclaration | None
    standing: Standing
    platform: tuple[str, str]

    @property
    def hours(self) -> str:
        """All 课时 of the plan."""
        return plain(exact_sum(one.class_hours for one in self.lessons))

    @property
    def output(self) -> str:
        """The declared yearly output."""
        known = self.declared is not None and self.declared.output_yuan is not None
        return f"{self.declared.output_yuan} 元" if known and self.declared else ""


def _application(facts: _Facts) -> Form:
    class_, notice, enterprise = facts.class_, facts.notice, facts.enterprise
    return Form(
        title="项目制培训申请表",
        fields=[
            ("企业名称", enterprise.name),
            ("统一社会信用代码", enterprise.uscc),
            ("所属区镇", class_.district),
            ("培训班", f"{class_.title}（{class_.code}）"),
            ("依据文件", f"{notice.document} {notice.title}"),
            ("培训期限", _period(class_)),
            ("计划人数", str(facts.people)),
            ("计划课时", facts.hours),
            ("学习平台", facts.platform[0]),
            ("平台认可号", facts.platform[1]),
            ("年产值", facts.output),
            ("联系人", ""),
            ("联系电话", ""),
        ],
        opinions=["申请单位\n意见", "受理单位\n审核意见"],
    )


def _plan(facts: _Facts) -> Form:
    class_ = facts.class_
    return Form(
        title="项目制培训教学计划",
        fields=[
            ("培训班", f"{class_.title}（{class_.code}）"),
            ("培训期限", _period(class_)),
            ("总课时", facts.hours),
        ],
        table=[
            ["序号", "内容类别", "课程", "课件", "授课形式", "课时", "时长（分钟）", "时间、地点"],
            *(
                [
                    str(one.ordinal),
                    one.topic,
                    one.course,
                    one.title,
                    one.delivery,
                    plain(one.class_hours),
                    str(-(-one.planned_seconds // 60)),
                    "" if one.starts_at is None else f"{shanghai(one.starts_at):%Y-%m-%d %H:%M} {one.place}",
                ]
                for one in facts.lessons
            ),
        ],
        widths=(5, 11, 14, 22, 9, 6, 9, 20),
        signatures=_STAMP[1:],
    )


def _commitment(facts: _Facts) -> Form:
    class_, notice, enterprise = facts.class_, facts.notice, facts.enterprise
    applied = (
        f"{enterprise.name}（统一社会信用代码 {enterprise.uscc}）按{notice.document}申请开展"
        f"{class_.title}培训（{class_.code}，{_period(class_)}），承诺："
    )
    return Form(
        title="项目制培训申请承诺书",
        paragraphs=[
            applied,
            *PROMISES,
        ],
        signatures=_STAMP,
    )


def _period(class_: TrainingClass) -> str:
    last = shanghai_day(class_.window_end - timedelta(microseconds=1))
    return f"{shanghai_day(class_.window_start)} 至 {last}"


def _project(facts: _Facts) -> Form:
    class_, standing, share = (
        facts.class_,
        facts.standing,
        blended.planned(map(queries.lesson_fact, facts.lessons)),
    )
    entry, award, licence = standing.entry, standing.award, standing.licence
    evaluation = standing.evaluation
    mode = "" if not share.total else "线上线下融合" if share.offline and share.online else "线下"
    mode = "纯线上" if share.total and not share.offline else mode
    level = "" if entry is None else level_name(entry.level)
    return Form(
        title="项目制培训备案表",
        fields=[
            ("培训机构", facts.enterprise.name),
            ("统一社会信用代码", facts.enterprise.uscc),
            ("资质证书编号", "" if licence is None else licence.number),
            ("资质有效期至", "" if licence is None else str(licence.valid_until)),
            ("培训项目", "" if entry is None else f"{entry.project}（{entry.code}）"),
            ("职业（工种）及等级", "" if entry is None else f"{entry.occupation} {level}".strip()),
            ("中标（成交）编号", "" if award is None else award.number),
            ("公示结束日期", "" if award is None else str(award.day)),
            ("培训班", f"{class_.title}（{class_.code}）"),
            ("依据文件", f"{facts.notice.document} {facts.notice.title}"),
            ("培训期限", _period(class_)),
            ("培训模式", mode),
            ("线上、线下课时", f"{plain(share.online)}、{plain(share.offline)}"),
            ("专家评估", "" if evaluation is None else f"{evaluation.number}（{evaluation.day}）"),
            ("备案编号", class_.filing_number),
        ],
        opinions=["培训机构\n意见", "人力资源社会\n保障部门意见"],
    )


FORMS: Mapping[str, Callable[[_Facts], Form]] = {
    "application": _application,
    "plan": _plan,
    "commitment": _commitment,
    "project": _project,
}
"""Forms by name: three are documents of a filing, ``project`` is for the bureau's own record (备案)."""
