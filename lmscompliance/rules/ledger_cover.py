"""The cover: whose ledger, under which policy, how many people, how much time, and where its proof lies."""

from __future__ import annotations

from collections.abc import Iterator

from lmscompliance.rules import ledger_masked, ledger_table
from lmscompliance.rules import ledger_terms as terms
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Column, Row, Sheet, Style, row
from lmscompliance.rules.reasons import cite

NAME = "封面"
_COLUMNS = (Column(28), Column(72), Column(18), Column(32))
_AROUND = 4
"""Rows of sheet ② that are no sessions: title, note, headings and sum."""
_FILE_NOTES = {
    "checkpoint": "数据检查点（经日志签名）",
    "entries.ndjson": "本班全部存证条目及其包含证明",
    "disclosures.ndjson": "条目所承诺的原始数值",
    "policy.json": "本班适用的政策全文（机读）",
}


class Cover(Part):
    """Counts what the cover shows, trainee by trainee."""

    def __init__(self, context: Context) -> None:
        """Start at nobody."""
        super().__init__(context)
        self.enrolled = self.activated = self.completed = self.passed = self.eligible = 0
        self.sessions = self.wall_seconds = self.credited_seconds = 0
        self.excluded: dict[str, int] = {}

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        return Sheet(NAME, self.context.footer(NAME), _COLUMNS)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Count one trainee, who has no row here."""
        self.enrolled += 1
        self.activated += judged.trainee.activated_us is not None
        self.completed += judged.training.met
        self.passed += judged.exam.passed
        self.eligible += judged.eligible.met
        self.sessions += len(judged.trainee.sessions)
        self.wall_seconds += judged.account.wall_seconds
        self.credited_seconds += judged.account.credited_seconds
        for reason, seconds in judged.account.excluded.items():
            self.excluded[reason] = self.excluded.get(reason, 0) + seconds
        yield from ()

    def closing(self) -> Iterator[Row]:
        """Yield the whole sheet."""
        yield row(Style.TITLE, ledger_masked.TITLE if self.context.public else "职业技能培训学习台账")
        yield from self._basics()
        yield from self._figures()
        yield from self._evidence()
        yield from self._stamps()
        yield from self._excluded()
        yield from self._house()

    def _basics(self) -> Iterator[Row]:
        record, notice = self.context.record, self.context.notice
        fact = record.fact
        yield row(Style.SECTION, "一、基本信息")
        yield row(
            Style.FIELDS, "企业名称", record.enterprise_name, "统一社会信用代码", record.enterprise_uscc
        )
        yield row(Style.FIELDS, "项目", fact.title, "批次", fact.code)
        if notice.certificate.label:
            yield row(Style.FIELD, "项目标识", notice.certificate.label)
        yield row(Style.FIELDS, "政策依据", notice.title, "政策文号", notice.document)
        version = f"{notice.id} 第 {notice.version} 版"
        yield row(Style.FIELDS, "政策版本", version, "政策状态", self.context.status)
        yield row(Style.FIELD, "政策摘要值", f"SHA-256 {notice.digest}")
        yield row(
            Style.FIELDS,
            "平台名称",
            record.platform_name,
            "平台认可号",
            record.recognition_number or "（未填报）",
        )
        # The window's end is the first instant after its last day.
        last = words.day(fact.window_end_us - words.SECOND_US)
        approval = words.moment(fact.approved_us) or "未核准"
        yield row(
            Style.FIELDS, "培训期间", f"{words.day(fact.window_start_us)} 至 {last}", "核准时间", approval
        )
        yield row(Style.FIELDS, "备案编号", record.filing_number or "（未填报）", "班级状态", self._state())
        yield row(Style.FIELDS, "所属地区", record.district, "生成时间", self.context.as_of)

    def _state(self) -> str:
        record = self.context.record
        as_of_us = record.snapshot.at_us if record.snapshot else 0
        if record.closed_us is not None:
            return f"已结班（{words.moment(record.closed_us)}）"
        if record.fact.approved_us is None:
            return "未核准"
        if as_of_us < record.fact.window_start_us:
            return "未到培训期"
        return "培训期内" if as_of_us < record.fact.window_end_us else "培训期已满"

    def _figures(self) -> Iterator[Row]:
        minutes = words.minutes
        wall, credited = self.wall_seconds, self.credited_seconds
        yield row(Style.SECTION, "二、人数与学习时长")
        yield row(Style.FIELDS, "报名人数", self.enrolled, "已实名激活人数", self.activated)
        yield row(Style.FIELDS, "完成培训人数", self.completed, "考核合格人数", self.passed)
        yield row(Style.FIELDS, "符合补贴条件人数", self.eligible, "学习记录(次)", self.sessions)
        yield row(Style.FIELDS, "总学习时长(分)", minutes(wall), "有效时长(分)", minutes(credited))
        if self.sessions + _AROUND > ledger_table.MAX_ROWS:
            yield row(
                Style.NOTE, "②学习记录明细的行数超过一张工作表所能容纳的，续见其后的“（续1）”等工作表。"
            )

    def _excluded(self) -> Iterator[Row]:
        minutes = words.minutes
        yield row(Style.SECTION, "五、扣除时长（总学习时长＝有效时长＋扣除合计）")
        yield row(Style.HEAD, "扣除原因", "依据", "扣除秒数", "扣除时长(分)")
        for reason in words.REASONS:
            if seconds := self.excluded.get(reason, 0):
                cited = cite(reason, self.context.notice)
                yield row(Style.DATA, words.named(words.REASONS, reason), cited, seconds, minutes(seconds))
        total = sum(self.excluded.values())
        yield row(Style.TOTAL, "扣除合计", None, total, minutes(total))

    def _evidence(self) -> Iterator[Row]:
        provenance, snapshot = self.context.provenance, self.context.record.snapshot
        yield row(Style.SECTION, "三、存证与文件清单")
        yield row(Style.FIELDS, "存证日志", provenance.origin, "数据检查点条目数", provenance.size)
        yield row(
            Style.FIELDS, "数据检查点根哈希", provenance.root, "班级快照编号", snapshot.id if snapshot else ""
        )
        yield row(Style.HEAD, "文件", "摘要值（SHA-256）", "字节数", "说明")
        for file in provenance.files:
            yield row(Style.DATA, file.name, file.sha256, file.size, _FILE_NOTES.get(file.name, ""))
        yield row(
            Style.NOTE,
            f"存证说明：本台账所载记录不晚于 {self.context.as_of}（平台时钟）记入存证日志，"
            f"此后未被改动或删除；批次 {self.context.record.fact.code} 截至该时刻的记录是完整的，"
            f"均在该日志的前 {provenance.size} 条之内。"
            "日志证明记录何时已经存在、有无改动、是否齐全，不证明被记录事项本身真实。"
            "进行中的学习至多滞后一个学习片段。"
            "任何人可用 lmscompliance verify 离线核验随附的 .lmsev.zip 证据包，逐格重算本台账。",
        )

    def _stamps(self) -> Iterator[Row]:
        yield row(Style.SECTION, "四、盖章")
        yield row(Style.STAMP, "培训企业\n（盖章）", "", "学习平台\n（盖章）", "")
        yield row(Style.FIELDS, "经办人 / 日期", "", "经办人 / 日期", "")

    def _house(self) -> Iterator[Row]:
        notice = self.context.notice
        yield row(Style.SECTION, "六、平台规则（通知未作规定，由平台设定并在此公示）")
        yield row(Style.HEAD, "规则", "理由", "取值", "参数")
        for key in sorted(notice.parameters):
            given = notice.parameters[key]
            if given.source.kind == "house" and not key.endswith(("_zh", "_en")):
                label = words.named(terms.PARAMETERS, key)
                yield row(Style.DATA, label, given.source.rationale, terms.value(given.value), key)
