"""Sheets ④ 考核内容 with the coverage matrix (notice T21) and ⑤ 考核成绩册 (notice T22, T23)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy.terms import ExamTerms
from lmscompliance.rules import ledger_attempts, ledger_certificates
from lmscompliance.rules import ledger_paper as paper
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.exam import ExamState
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import WITHHELD, AttemptRecord, RegradeRecord
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Cell, Column, Row, Sheet, Style, row
from lmscompliance.rules.marking import is_correct
from lmscompliance.rules.pictured import marked, offered
from lmscompliance.rules.verdict import NotMet

CONTENT = "④考核内容"
RESULTS = "⑤考核成绩册"
_CONTENT_HEADINGS = {
    "题号": Column(6, centred=True),
    "题目编号（版本）": Column(18),
    "内容类别": Column(11, centred=True),
    "题型": Column(8, centred=True),
    "分值": Column(6),
    "题干": Column(46),
    "选项": Column(42),
    "标准答案": Column(26),
    "抽用次数": Column(6),
    "答对次数": Column(6),
}
_COVERAGE_HEADINGS = (
    "序号", "内容类别", "政策要求", "每卷题数", "每卷分值", "各卷覆盖情况", "依据", "是否覆盖",
)  # fmt: skip


@dataclass(slots=True)
class _Used:
    """A question of this class's papers; option order may differ from paper to paper."""

    item: Mapping[str, Json]
    drawn: int = 0
    right: int = 0
    unknown: bool = False
    """Whether somebody's answer to it was handed in and is not disclosed."""


class Content(Part):
    """Sheet ④: collects the papers of a class; holds each question once, whatever the number of papers."""

    def __init__(self, context: Context) -> None:
        """Start without a paper."""
        super().__init__(context)
        self.papers = self.undisclosed = 0
        self.used: dict[bytes, _Used] = {}
        self.covered: dict[str, int] = {}

    def frame(self) -> Sheet:
        """Return the sheet's frame; the questions' headings stand below the coverage matrix."""
        columns = tuple(_CONTENT_HEADINGS.values())
        head_row = 2 + 2 + len(self.context.topics) + 2
        return Sheet(CONTENT, self.context.footer(CONTENT), columns, head_row=head_row)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Count the trainee's papers, which have no row of their own."""
        for attempt in judged.attempts:
            self.papers += 1
            topics: set[str] = set()
            given = attempt.given(self.context.notice.exam)
            for place, item in enumerate(attempt.corrected_items()):
                if item is None:
                    self.undisclosed += 1
                    continue
                topics.add(str(item.get("topic")))
                used = self.used.setdefault(_identity(item), _Used(item))
                used.drawn += 1
                used.unknown |= attempt.answers is None and attempt.fact.submitted_us is not None
                answers = attempt.answers or ()
                answer = answers[place] if place < len(answers) else None
                in_full = given.get(place + 1) == paper.points(item)
                used.right += in_full or is_correct(str(item.get("kind")), item.get("key"), answer)
            for topic in topics:
                self.covered[topic] = self.covered.get(topic, 0) + 1
        yield from ()

    def closing(self) -> Iterator[Row]:
        """Yield the whole sheet."""
        blueprint = self.context.record.blueprint
        yield row(Style.TITLE, "考核内容")
        yield row(Style.NOTE, self.context.note(self._summary()))
        yield row(Style.SECTION, "一、内容覆盖表")
        yield row(Style.HEAD, *_COVERAGE_HEADINGS)
        parts = blueprint.parts if blueprint else ()
        for number, topic in enumerate(self.context.topics, 1):
            count = sum(part.count for part in parts if part.topic == topic)
            points = sum((part.count * part.points for part in parts if part.topic == topic), start=0)
            papers = self.covered.get(topic, 0)
            drawn = sum(str(used.item.get("topic")) == topic for used in self.used.values())
            yield row(
                Style.DATA,
                number,
                topic,
                "是" if topic in self.context.notice.topics.required else "否",
                count,
                points,
                WITHHELD
                if self.undisclosed
                else f"{self.papers} 份试卷中 {papers} 份含此类题目，共抽用 {drawn} 道题",
                self.context.notice.cite("exam.min_questions_per_topic"),
                WITHHELD if self.undisclosed else "是" if count and papers == self.papers else "否",
            )
        yield row(Style.SECTION, "二、本班试卷抽用的全部题目与标准答案")
        yield row(Style.HEAD, *_CONTENT_HEADINGS)
        if self.undisclosed:
            # Which questions there were, and so which row is whose, cannot be told any more.
            yield row(Style.DATA, *[WITHHELD] * len(_CONTENT_HEADINGS))
            return
        for number, used in enumerate(sorted(self.used.values(), key=self._order), 1):
            yield row(Style.DATA, number, *_question_cells(used))

    def _summary(self) -> str:
        blueprint = self.context.record.blueprint
        if blueprint is None:
            return "本班尚未发布考核。"
        withheld = f"；另有 {self.undisclosed} 道题{WITHHELD}" if self.undisclosed else ""
        return (
            f"组卷方案：{blueprint.id} 第 {blueprint.version} 版，"
            f"满分 {words.decimal(blueprint.full_marks)} 分，"
            f"时限 {words.decimal_minutes(blueprint.duration_seconds)} 分钟；每次考核按方案随机组卷，"
            f"本班共 {self.papers} 份试卷{withheld}；各卷选项顺序随机，此处为首次出现时的顺序。"
        )

    def _order(self, used: _Used) -> tuple[int, int, str, bytes]:
        topic, kind = str(used.item.get("topic")), str(used.item.get("kind"))
        topics, kinds = self.context.topics, list(words.KINDS)
        return (
            topics.index(topic) if topic in topics else len(topics),
            kinds.index(kind) if kind in kinds else len(kinds),
            str(used.item.get("question")),
            _identity(used.item),
        )


class Results(Part):
    """Sheet ⑤, which has five columns for each attempt the notice allows."""

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_results_headings(self.context).values())
        return Sheet(RESULTS, self.context.footer(RESULTS), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        exam = self.context.notice.exam
        yield row(Style.TITLE, "考核成绩册")
        yield row(
            Style.NOTE,
            self.context.note(
                f"满分 {words.decimal(exam.full_marks)} 分，{words.decimal(exam.pass_mark)} 分及以上为合格"
                f"（{self.context.notice.cite('exam.pass_mark')}）；最多 {exam.attempts} 次"
                f"（{self.context.notice.cite('exam.attempts')}）；未通过的考核一并列出；时间均为北京时间。"
            ),
        )
        yield row(Style.HEAD, *_results_headings(self.context))

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield the trainee's row: every attempt the notice allows, taken or not."""
        by_number = dict(enumerate((one for one in judged.attempts if one.fact.voided_us is None), 1))
        cells: list[Cell] = []
        for number in range(1, self.context.notice.exam.attempts + 1):
            cells += _attempt_cells(by_number.get(number), self.context.notice.exam)
        lines = [_eligible(self.context, judged), *map(ledger_attempts.voided, judged.attempts)]
        reason = "\n".join(line for line in lines if line)
        yield row(
            Style.DATA,
            judged.trainee.ordinal,
            judged.trainee.name,
            judged.trainee.id_number,
            *cells,
            judged.exam.best,
            _EXAM_WORDS[judged.exam.state],
            "可以" if judged.eligible.met else "不可以",
            reason,
            *(ledger_certificates.cells(judged.trainee) if _lists_certificates(self.context) else ()),
        )


def _lists_certificates(context: Context) -> bool:
    return context.notice.certificate.in_results


def _eligible(context: Context, judged: Judged) -> str:
    """Return why a trainee may or may not be subsidised, and what is still to be checked elsewhere."""
    if isinstance(judged.eligible, NotMet):
        return words.unmet([judged.eligible])
    terms = context.notice.subsidy
    open_point = ""
    if "social_insurance" in terms.requires:
        months = "、".join(terms.insured_months)
        cited = context.notice.cite("subsidy.insured_months")
        open_point = f"；尚须核验 {months} 正常缴纳社会保险（{cited}）"
    return f"培训、考核均符合条件（{judged.eligible.clause}）{open_point}"


_EXAM_WORDS = {
    ExamState.NOT_STARTED: "未考核",
    ExamState.IN_PROGRESS: "考核中",
    ExamState.RETRY: "未合格",
    ExamState.PASSED: "合格",
    ExamState.FAILED: "不合格",
}


def _attempt_cells(attempt: AttemptRecord | None, terms: ExamTerms) -> list[Cell]:
    if attempt is None:
        return ["", "", None, "", ""]
    fact = attempt.fact
    start = words.moment(fact.opened_us)
    end = (
        f"至 {words.clock(fact.submitted_us, relative_to=start[:10])}" if fact.submitted_us else "（未交卷）"
    )
    if fact.score is None:
        result = "待评阅" if fact.submitted_us else "考核中"
    else:
        result = "合格" if fact.passed else "不合格"
    if fact.closed_by == "deadline":
        result += "（到时自动交卷）"
    result += "".join(f"\n{line}" for line in ledger_attempts.marked(attempt, terms))
    result += "".join(f"\n{_regraded(one, before)}" for one, before in _changes(attempt))
    return [f"{start}\n{end}", attempt.address, fact.score, result, fact.attempt]


def _changes(attempt: AttemptRecord) -> Iterator[tuple[RegradeRecord, bool]]:
    """Yield each re-marking with whether the attempt had passed before it."""
    passed = attempt.graded is not None and attempt.graded[1]
    for one in attempt.regrades:
        yield one, passed
        passed = one.passed


def _regraded(one: RegradeRecord, passed_before: bool) -> str:  # noqa: FBT001  # a fact like the others
    was, now = ("合格" if passed else "不合格" for passed in (passed_before, one.passed))
    return (
        f"{words.moment(one.at_us)} 因第 {one.item} 题答案有误重新评分："
        f"{words.decimal(one.score_before)} 分（{was}）→ {words.decimal(one.score)} 分（{now}）；"
        f"经办：{one.by or '未披露'}；理由：{one.why or '未披露'}"
    )


def _question_cells(used: _Used) -> list[Cell]:
    item = used.item
    version = item.get("version")
    return [
        f"{item.get('question')}" + (f"（{version}）" if version is not None else ""),
        str(item.get("topic")),
        words.named(words.KINDS, str(item.get("kind"))),
        paper.points(item),
        str(item.get("stem")) + "".join(f"\n{marked(str(one))}" for one in _list(item.get("pictures"))),
        paper.options(item),
        paper.answer(item),
        used.drawn,
        WITHHELD if used.unknown else used.right,
    ]


def _identity(item: Mapping[str, Json]) -> bytes:
    """Return what makes two drawn questions the same one: everything but the order things are shown in."""
    fixed = {
        name: item.get(name)
        for name in ("question", "version", "topic", "kind", "stem", "points", "pictures")
    }
    shown = item.get("options")
    texts = (
        [*_list(shown.get("left")), *_list(shown.get("right"))] if isinstance(shown, dict) else offered(item)
    )
    return jcs.encode({**fixed, "options": sorted(map(str, texts)), "answer": paper.answer_texts(item)})


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _results_headings(context: Context) -> dict[str, Column]:
    attempts: dict[str, Column] = {}
    for number in range(1, context.notice.exam.attempts + 1):
        attempts |= {
            f"第{number}次起止": Column(11, centred=True),
            f"第{number}次IP": Column(15),
            f"第{number}次得分": Column(7),
            f"第{number}次结果": Column(9, centred=True),
            f"第{number}次答卷编号": Column(15),
        }
    return {
        "序号": Column(6, centred=True),
        "姓名": Column(9),
        "身份证号": Column(20),
        **attempts,
        "最终成绩": Column(7),
        "是否合格": Column(7, centred=True),
        "可否享受补贴": Column(8, centred=True),
        "理由与依据": Column(28),
        **(ledger_certificates.COLUMNS if _lists_certificates(context) else {}),
    }
