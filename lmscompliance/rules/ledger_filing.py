"""Sheets ⑨ 申请表, ⑩ 承诺书 and 教学计划: what the class was filed with, and what was to be taught (T8, W14).

The stamped papers themselves are kept as files; the sheets name them by digest. ⑨ and ⑩ are there where the
notice asks for them or one was handed in, the plan once one was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.facts import LessonFact
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import ClassRecord, Record
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Column, Row, Sheet, Style, row
from lmscompliance.rules.marking import exact_sum

APPLICATION, COMMITMENT, PLAN = "⑨申请表", "⑩承诺书", "教学计划"
PROMISES = (
    "一、申请材料和参训人员信息真实，参训人员本人学习和参加考核。",
    "二、按教学计划完成培训，真实、完整记录培训过程，按规定留存台账。",
    "三、补贴资金按规定申报和使用，不弄虚作假、虚报冒领。",
    "四、配合人力资源社会保障部门和受委托机构的审计、监督；违反承诺的，退回已领取的补贴并承担相应责任。",
)
"""What an enterprise promises; the notices name this annex and do not show it."""
_FORM = (Column(20), Column(48), Column(20), Column(40))
_PLAN = {
    "课时序号": Column(6, centred=True),
    "内容类别": Column(14, centred=True),
    "课程": Column(20),
    "课件": Column(24),
    "授课形式": Column(9, centred=True),
    "课时": Column(7, centred=True),
    "计划时长(分)": Column(9, centred=True),
    "开始": Column(17, centred=True),
    "结束": Column(17, centred=True),
    "地点": Column(14),
    "授课教师": Column(10),
    "完成人数": Column(8, centred=True),
}


def read_document(found: ClassRecord, _record: Record, body: Body) -> None:
    """Read that a stamped paper was handed in; a later one of its kind takes its place."""
    found.filed.documents[body.text("kind")] = body.text("sha256"), body.whole("added_us")


def read_declared(found: ClassRecord, _record: Record, body: Body) -> None:
    """Read what the enterprise declares of itself; the latest holds."""
    found.filed.output_yuan = body.maybe_whole("output_yuan")
    found.filed.above_scale = body.flag("above_scale")


class _Form(Part):
    """A form: labels and values."""

    kind = name = title = ""

    def applies(self) -> bool:
        """Tell whether the notice asks for the paper, or one was handed in."""
        asked = self.context.notice.filing.documents
        return self.kind in asked or self.kind in self.context.record.filed.documents

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        return Sheet(self.name, self.context.footer(self.name), _FORM)

    def opening(self) -> Iterator[Row]:
        """Yield the whole form: all of it is known before the first trainee."""
        yield row(Style.TITLE, self.title)
        yield row(Style.NOTE, self.context.note(""))
        yield from self.body()
        yield row(Style.STAMP, "企业\n（盖章）", "", "受理单位\n（盖章）", "")

    def body(self) -> Iterator[Row]:
        """Yield what the form says."""
        yield from ()

    def basics(self) -> Iterator[Row]:
        """Yield who applies for which class."""
        record, notice = self.context.record, self.context.notice
        fact = record.fact
        yield row(
            Style.FIELDS, "企业名称", record.enterprise_name, "统一社会信用代码", record.enterprise_uscc
        )
        last = words.day(fact.window_end_us - words.SECOND_US)
        period = f"{words.day(fact.window_start_us)} 至 {last}"
        yield row(Style.FIELDS, "培训班", f"{fact.title}（{fact.code}）", "培训期限", period)
        yield row(Style.FIELDS, "依据文件", notice.document, "所属地区", record.district)

    def handed_in(self, *kinds: str) -> Iterator[Row]:
        """Yield which stamped papers were handed in."""
        yield row(Style.SECTION, "盖章件")
        yield row(Style.HEAD, "材料", "文件摘要（SHA-256）", "提交时间", "")
        there = self.context.record.filed.documents
        for kind in kinds:
            digest, added_us = there.get(kind, ("未提交", None))
            yield row(Style.DATA, words.named(words.DOCUMENTS, kind), digest, words.moment(added_us), "")


class Application(_Form):
    """⑨."""

    kind, name, title = "application", APPLICATION, "项目制培训申请表"

    def body(self) -> Iterator[Row]:
        """Yield class, plan, platform, what the enterprise declares, and the papers."""
        record = self.context.record
        filed = record.filed
        yield from self.basics()
        hours = exact_sum(one.class_hours for one in record.lessons)
        yield row(Style.FIELDS, "计划人数", len(record.enrolments), "计划课时", hours)
        yield row(
            Style.FIELDS,
            "学习平台",
            record.platform_name,
            "平台认可号",
            record.recognition_number or "（未填报）",
        )
        output = "（未填报）" if filed.output_yuan is None else filed.output_yuan
        scale = {True: "是", False: "否", None: "（未填报）"}[filed.above_scale]
        yield row(Style.FIELDS, "年产值（元）", output, "规模以上企业", scale)
        yield row(
            Style.FIELDS,
            "备案编号",
            record.filing_number or "（未填报）",
            "核准时间",
            words.moment(record.fact.approved_us) or "未核准",
        )
        kinds = dict.fromkeys((*self.context.notice.filing.documents, *filed.documents))
        yield from self.handed_in(*kinds)


class Commitment(_Form):
    """⑩."""

    kind, name, title = "commitment", COMMITMENT, "项目制培训申请承诺书"

    def body(self) -> Iterator[Row]:
        """Yield who promises what, and the stamped paper."""
        yield from self.basics()
        yield row(Style.SECTION, "承诺事项")
        for promise in PROMISES:
            yield row(Style.NOTE, promise)
        yield from self.handed_in("commitment")


class Plan(Part):
    """教学计划: a row a lesson with how many completed it; 课时 and minutes by topic and in all."""

    def __init__(self, context: Context) -> None:
        """Start at nobody."""
        super().__init__(context)
        self._people = 0
        self._complete = {lesson.id: 0 for lesson in context.record.lessons}

    def applies(self) -> bool:
        """Tell whether a plan was published."""
        return bool(self.context.record.lessons)

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        return Sheet(PLAN, self.context.footer(PLAN), tuple(_PLAN.values()), head_row=3, frozen_columns=1)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        record = self.context.record
        terms = self.context.notice.hours
        yield row(Style.TITLE, "教学计划")
        asked = (
            f"总课时不少于 {words.decimal(terms.min_total)}，"
            f"平均每课时不少于 {words.decimal(terms.min_average_minutes)} 分钟"
        )
        yield row(Style.NOTE, self.context.note(f"第 {record.plan_version} 版；{asked}。"))
        yield row(Style.HEAD, *_PLAN)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Count what one trainee completed, who has no row here."""
        self._people += 1
        for one in judged.training.lessons:
            self._complete[one.lesson.id] += one.complete
        yield from ()

    def closing(self) -> Iterator[Row]:
        """Yield the lessons and the sums."""
        record = self.context.record
        for lesson in record.lessons:
            yield _lesson(lesson, record.teachers, self._complete[lesson.id])
        for topic in self.context.topics:
            some = [one for one in record.lessons if one.topic == topic]
            yield _total(f"{topic}小计", len(some), some)
        yield _total("合计", len(record.lessons), record.lessons)
        if self._people:
            yield row(Style.NOTE, f"完成人数为学完该课的人数，共 {self._people} 人参训。")


def _lesson(lesson: LessonFact, teachers: Mapping[str, str], complete: int) -> Row:
    return row(
        Style.DATA,
        lesson.ordinal,
        lesson.topic,
        lesson.course,
        lesson.title,
        lesson.delivery,
        lesson.class_hours,
        words.minutes(lesson.planned_seconds),
        words.moment(lesson.starts_us)[:16],
        words.moment(lesson.ends_us)[:16],
        lesson.place,
        teachers.get(lesson.id, ""),
        complete,
    )


def _total(label: str, count: int, lessons: Sequence[LessonFact]) -> Row:
    hours = exact_sum(one.class_hours for one in lessons)
    minutes = words.minutes(sum(one.planned_seconds for one in lessons))
    return row(Style.TOTAL, None, label, f"{count} 课", None, None, hours, minutes, *[None] * 5)
