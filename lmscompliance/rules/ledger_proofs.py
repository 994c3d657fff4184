"""Sheet ⑥ 证明材料清单: what trainees handed in, and the days that itineraries leave open (notice T29).

Only a class whose notice asks for proofs has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.itinerary import Days, gaps, period
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import ProofRecord, Record, TraineeRecord
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Cell, Column, Row, Sheet, Style, row

NAME = "⑥证明材料清单"
ITINERARY = "itinerary"
_HEADINGS = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "身份证号": Column(20),
    "材料类别": Column(12, centred=True),
    "材料日期": Column(11, centred=True),
    "覆盖起": Column(11, centred=True),
    "覆盖止": Column(11, centred=True),
    "提交时间": Column(19, centred=True),
    "审核结果": Column(8, centred=True),
    "审核说明": Column(18),
    "文件摘要（SHA-256）": Column(34),
    "缺口": Column(26),
}


def read_added(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Read a proof that was handed in."""
    proof = body.text("proof")
    if proof in trainee.proofs:
        msg = "the proof is handed in twice"
        raise body.refuse(msg)
    trainee.proofs[proof] = ProofRecord(
        kind=body.text("kind"),
        sha256=body.text("sha256"),
        added_us=body.whole("added_us"),
        taken_on=_day(body, "taken_on"),
        first=_day(body, "from"),
        last=_day(body, "to"),
    )


def read_reviewed(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Read the decision on a proof."""
    proof = trainee.proofs.get(body.text("proof"))
    if proof is None or proof.accepted is not None:
        msg = "the proof was never handed in" if proof is None else "the proof is decided twice"
        raise body.refuse(msg)
    proof.accepted = body.flag("accepted")
    proof.reason = record.text("reason")


class Proofs(Part):
    """The sheet."""

    def __init__(self, context: Context) -> None:
        """Start at nothing."""
        super().__init__(context)
        self._files = self._complete = 0

    def applies(self) -> bool:
        """Tell whether the notice asks for proofs."""
        return bool(self.context.notice.proofs.kinds)

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_HEADINGS.values())
        return Sheet(NAME, self.context.footer(NAME), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        notice = self.context.notice
        kinds = "、".join(words.named(words.PROOFS, kind) for kind in notice.proofs.kinds)
        rule = ""
        if ITINERARY in notice.proofs.kinds:
            today = "含当天" if notice.proofs.itinerary_counts_today else "不含当天"
            asked = period(self.context.record.fact, notice.proofs)
            rule = (
                f"行程卡须覆盖 {asked}（{notice.cite('proofs.kinds')}），"
                f"每张显示 {notice.proofs.itinerary_days} 天（{today}），只计审核通过的；"
            )
        yield row(Style.TITLE, "证明材料清单")
        note = f"材料类别：{kinds}；{rule}文件按摘要值另存，可逐一核对。"
        yield row(Style.NOTE, self.context.note(note))
        yield row(Style.HEAD, *_HEADINGS)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield a row for each of the trainee's files, the gap on the first; or one that says: none."""
        trainee = judged.trainee
        head: list[Cell] = [trainee.ordinal, trainee.name, trainee.id_number]
        missing = self._missing(trainee)
        self._complete += not missing
        self._files += len(trainee.proofs)
        lines = [_cells(proof) for proof in trainee.proofs.values()] or [["未提交", *[""] * 7]]
        for number, cells in enumerate(lines):
            yield row(Style.DATA, *head, *cells, (missing or "无") if number == 0 else "")

    def closing(self) -> Iterator[Row]:
        """Yield the sums."""
        cells = ["合计", f"{self._files} 份", f"无缺口 {self._complete} 人"]
        yield row(Style.TOTAL, *cells, *[None] * (len(_HEADINGS) - len(cells)))

    def _missing(self, trainee: TraineeRecord) -> str:
        terms = self.context.notice.proofs
        accepted = [proof for proof in trainee.proofs.values() if proof.accepted]
        if ITINERARY not in terms.kinds:
            return "" if accepted else "无审核通过的材料"
        seen = [Days(one.first, one.last) for one in accepted if one.first and one.last]
        return "、".join(str(one) for one in gaps(seen, period(self.context.record.fact, terms)))


def _cells(proof: ProofRecord) -> list[Cell]:
    decided = {None: "待审核", True: "通过", False: "不通过"}
    return [
        words.named(words.PROOFS, proof.kind),
        str(proof.taken_on or ""),
        str(proof.first or ""),
        str(proof.last or ""),
        words.moment(proof.added_us),
        decided[proof.accepted],
        proof.reason,
        proof.sha256,
    ]


def _day(body: Body, name: str) -> date | None:
    text = body.maybe_text(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"'{name}' is not a day"
        raise body.refuse(msg) from None
