"""The archive ledger on paper: the workbook's sheets as PDF/A, each verdict beside the clause it rests on.

It is filled while the workbook is written, from the same rows, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from lmscompliance.documents import pdf
from lmscompliance.documents.font import Typeface
from lmscompliance.documents.pdf_rows import PIECE_ROWS, Spool
from lmscompliance.jobs.aside import Progress
from lmscompliance.policy import Notice
from lmscompliance.rules import ledger_terms as terms
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.ledger_context import Judged, Provenance
from lmscompliance.rules.ledger_facts import ClassRecord
from lmscompliance.rules.ledger_table import Cell, Column, Row, Sheet, Style, Workbook, row
from lmscompliance.rules.verdict import Met, Verdict

VERDICTS = "判定与依据"
CLAUSES = "政策条款"
_VERDICT_HEADINGS = {
    "序号": Column(6, centred=True),
    "姓名": Column(10),
    "判定事项": Column(10, centred=True),
    "结论": Column(8, centred=True),
    "说明": Column(60),
    "依据": Column(34),
}
_CLAUSE_HEADINGS = {
    "依据": Column(24),
    "条款原文或平台规则的理由": Column(70),
    "参数": Column(30),
    "取值": Column(24),
}
_TRAINING, _EXAM, _SUBSIDY = "完成培训", "考核合格", "补贴条件"


class Paper:
    """The PDF of one export while its workbook is written."""

    def __init__(
        self, folder: Path, workbook: Workbook, notice: Notice, found: ClassRecord, typeface: Typeface
    ) -> None:
        """Keep what is printed in ``folder``, which must exist and be empty."""
        self._notice, self._found = notice, found
        self._own = len(workbook.sheets)
        footer = workbook.sheets[0].footer.replace(workbook.sheets[0].name, "")
        extra = (
            Sheet(VERDICTS, footer, tuple(_VERDICT_HEADINGS.values()), head_row=3),
            Sheet(CLAUSES, footer, tuple(_CLAUSE_HEADINGS.values()), head_row=3),
        )
        self._spool = Spool(folder, (*workbook.sheets, *extra), typeface)
        self._rows = workbook.rows
        self._title = workbook.title
        self._cited: set[str] = set()
        self._open()

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield the workbook's rows for whoever writes it."""
        return self._spool.through(self._rows)

    def judged(self, one: Judged) -> None:
        """Add a trainee's verdicts."""
        for verdict in one.training.verdicts:
            self._verdict(one, _TRAINING, verdict)
        self._verdict(one, _EXAM, one.exam.verdict)
        self._verdict(one, _SUBSIDY, one.eligible)

    def write(self, path: Path, provenance: Provenance, taken_at: datetime, progress: Progress) -> None:
        """Write the PDF, once all rows have been taken."""
        self._close()

        def told(done: int, begun: int) -> None:
            # How many pieces there will be is known by the rows.
            progress("pdf", done, max(begun, self._spool.rows // PIECE_ROWS))

        pdf.write(path, self._cover(provenance), self._spool, taken_at, told)

    def _open(self) -> None:
        fact = self._found.fact
        note = f"批次：{fact.code}　企业：{self._found.enterprise_name}　政策：{self._notice.document}"
        for number, title, headings in (
            (self._own, "判定与依据", _VERDICT_HEADINGS),
            (self._own + 1, "政策条款", _CLAUSE_HEADINGS),
        ):
            self._spool.add(number, row(Style.TITLE, title))
            self._spool.add(number, row(Style.NOTE, note))
            self._spool.add(number, row(Style.HEAD, *headings))

    def _verdict(self, one: Judged, what: str, verdict: Verdict) -> None:
        self._cited.add(verdict.term)
        cells: list[Cell] = [one.trainee.ordinal, one.trainee.name, what]
        cells += ["符合" if isinstance(verdict, Met) else "不符合", verdict.message(), verdict.clause]
        self._spool.add(self._own, row(Style.DATA, *cells))

    def _close(self) -> None:
        for key in sorted(self._notice.parameters, key=self._order):
            given = self._notice.parameters[key]
            # The cover lists what the platform has set; here only what a verdict rests on.
            if key.endswith(("_zh", "_en")) or (given.source.kind != "clause" and key not in self._cited):
                continue
            said = given.source.quote if given.source.kind == "clause" else given.source.rationale
            label = words.named(terms.PARAMETERS, key)
            cells = (self._notice.cite(key), said, f"{label}\n{key}", terms.value(given.value))
            self._spool.add(self._own + 1, row(Style.DATA, *cells))

    def _order(self, key: str) -> tuple[bool, str, str]:
        """Clauses of the notice come first, as people read it; then what the platform has set."""
        source = self._notice.parameters[key].source
        return source.kind != "clause", source.clause, key

    def _cover(self, provenance: Provenance) -> pdf.Cover:
        found, fact, notice = self._found, self._found.fact, self._notice
        status = words.named(words.POLICY_STATUSES, notice.status)
        last = words.day(fact.window_end_us - words.SECOND_US)
        as_of = words.moment(found.snapshot.at_us if found.snapshot else None)
        fields = (
            ("企业名称", f"{found.enterprise_name}　{found.enterprise_uscc}"),
            ("项目与批次", f"{fact.title}　{fact.code}"),
            ("政策依据", f"{notice.title}　{notice.document}（{status}）"),
            ("培训期间", f"{words.day(fact.window_start_us)} 至 {last}"),
            ("学习平台", f"{found.platform_name}　认可号 {found.recognition_number or '（未填报）'}"),
            ("生成时间", as_of),
            ("数据检查点", f"{provenance.origin} 前 {provenance.size} 条　{provenance.root}"),
        )
        return pdf.Cover(
            title=self._title,
            over="　".join(filter(None, (notice.certificate.label, fact.title))),
            heading="学习台账（归档本）",
            fields=fields,
            seals=("培训企业（盖章）", "学习平台（盖章）"),
            note=(
                f"本册与同名电子表格由同一批已封存的记录生成，逐行一致。所载记录不晚于 {as_of}（平台时钟）"
                "记入存证日志，此后未被改动或删除；日志证明记录何时已经存在、有无改动、是否齐全，"
                "不证明被记录事项本身真实。随附的 .lmsev.zip 证据包可离线核验。"
            ),
        )
