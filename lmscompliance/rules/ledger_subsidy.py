"""Sheets ⑦ 补贴汇总表, ⑧ 补贴人员花名册 and 补贴核算明细: who gets how much, and why (T31–T33).

Only a class for which a claim was made has them. The claim pack is made of the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from lmscompliance.policy.notice import Notice
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.claim_record import (
    CLAWED_BACK,
    PAID,
    Basis,
    ClaimRecord,
    LineRecord,
    decision,
)
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import WITHHELD, ClassRecord
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Row, Sheet, Style, row
from lmscompliance.rules.marking import exact_sum
from lmscompliance.rules.settlement import Decision
from lmscompliance.rules.subsidy import project_under
from lmscompliance.rules.subsidy_rows import (
    ROSTER,
    STATES,
    STEPS,
    SUMMARY,
    Granted,
    Said,
    columns_of,
    granted_of,
    roster_total,
    steps_of,
    summary_of,
)
from lmscompliance.rules.verdict import Verdict, met, not_met

_MONEY = ("时间", "类别", "凭证", "", "", "", "", "金额（元）")
_KINDS = {PAID: "拨付", CLAWED_BACK: "追缴"}


def months_of(basis: Basis | None) -> str:
    """Return the months of paid social insurance as ⑧ has them."""
    if basis is None:
        return WITHHELD
    return "、".join(sorted(basis.person.insured_months or ()))


def decided_again(
    judged: Judged, claim: ClaimRecord, record: ClassRecord, notice: Notice
) -> tuple[Basis | None, Decision | None]:
    """Return what a trainee's line was judged by and the decision that follows; nothing if withheld."""
    line = claim.lines[judged.trainee.enrolment]
    basis = line.judged_by()
    if basis is None:
        return None, None
    made_for = record.fact, project_under(notice, record.claims.project)
    return basis, decision(line, basis, _eligible(judged, line, notice), made_for, notice)


def _eligible(judged: Judged, line: LineRecord, notice: Notice) -> Verdict:
    """Return the verdict on training and exam as it was when the claim was judged."""
    rule = "subsidy.requires"
    if judged.eligible.met is line.eligible:
        return judged.eligible
    return met(notice, rule) if line.eligible else not_met(notice, rule, "subsidy_needs_training")


def _said(decided: Decision) -> Iterator[Said]:
    for verdict in decided.verdicts:
        yield Said.of(verdict.message(), verdict.clause, met=verdict.met)
    for step in decided.amount.lines:
        yield Said(step.message(), step.clause, step.yuan)


class _OfClaim(Part):
    """A sheet of the class's claim."""

    name = ""
    title = ""

    def __init__(self, context: Context) -> None:
        """Start at nobody."""
        super().__init__(context)
        self.claim = context.record.claims.current
        self.count = 0
        self.yuan = Decimal(0)

    def applies(self) -> bool:
        """Tell whether a claim was made."""
        return self.claim is not None

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(columns_of(self.name).values())
        return Sheet(self.name, self.context.footer(self.name), columns, head_row=3, frozen_columns=2)

    def head(self, note: str) -> Iterator[Row]:
        """Yield title, note and headings."""
        yield row(Style.TITLE, self.title)
        yield row(Style.NOTE, self.context.note(f"{self.said()}；{note}" if note else self.said()))
        yield row(Style.HEAD, *columns_of(self.name))

    def said(self) -> str:
        """Return which claim it is, and what became of it."""
        if self.claim is None:
            return ""
        judged = words.moment(self.claim.judged_us)
        reference = f"，审定编号 {self.claim.reference}" if self.claim.reference else ""
        return (
            f"申报编号 {self.claim.id}，{words.moment(self.claim.submitted_us)} 提交，"
            f"{STATES[self.claim.status]}{reference}；按 {judged} 的记录核算"
        )

    def line(self, judged: Judged) -> LineRecord | None:
        """Return the trainee's line and count it; nothing if they stand in no claim."""
        line = None if self.claim is None else self.claim.lines.get(judged.trainee.enrolment)
        if line is not None and line.granted:
            self.count += 1
            self.yuan = exact_sum((self.yuan, line.yuan))
        return line


class ClaimSummary(_OfClaim):
    """⑦: the claim in one row, and the money that went out or was asked back."""

    name, title = SUMMARY, "培训补贴汇总表"

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        yield from self.head("人数、金额为⑧之合计")

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Count one trainee, who has no row here."""
        self.line(judged)
        yield from ()

    def closing(self) -> Iterator[Row]:
        """Yield the claim, its sum, the money and room for stamps."""
        record, claim = self.context.record, self.claim
        if claim is None:
            return
        enterprise = record.enterprise_name, record.enterprise_uscc
        sums = self.count, self.yuan
        yield from summary_of(enterprise, claim.payee, sums, self.context.notice, claim.status)
        if claim.money:
            yield row(Style.SECTION, "拨付与追缴")
            yield row(Style.HEAD, *_MONEY)
        for one in claim.money:
            kind = words.named(_KINDS, one.kind)
            yield row(Style.DATA, words.moment(one.at_us), kind, one.reference, *[""] * 4, one.yuan)
        for code, kind in _KINDS.items():
            if any(one.kind == code for one in claim.money):
                yield row(Style.TOTAL, f"{kind}合计", *[None] * 6, claim.sum_of(code))
        yield row(Style.STAMP, "企业盖章", "", "审核部门盖章", "")

    def frame(self) -> Sheet:
        """Return the frame of a form: a second table follows the first."""
        return replace(super().frame(), head_row=None, frozen_columns=0)


class ClaimRoster(_OfClaim):
    """⑧: everybody who is granted something."""

    name, title = ROSTER, "培训补贴人员花名册"

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        yield from self.head("首次指本平台及已导入的名单范围内此前未享受过补贴")

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield the trainee's row, if something was granted."""
        line, trainee = self.line(judged), judged.trainee
        if line is not None and line.granted:
            yield granted_of(
                self.count,
                Granted(
                    name=trainee.name,
                    id_number=trainee.id_number,
                    phone=trainee.phone,
                    months=months_of(line.judged_by()),
                    hours=line.share.total,
                    score=line.score,
                    yuan=line.yuan,
                    first=line.first,
                ),
            )

    def closing(self) -> Iterator[Row]:
        """Yield the sums."""
        yield roster_total(self.count, self.yuan)


class ClaimSteps(_OfClaim):
    """补贴核算明细: for everybody each condition with its clause, and each step of the sum."""

    name, title = STEPS, "补贴逐人核算明细"

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        yield from self.head("参训人员全部列出，未享受的写明原因和依据")

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield the trainee's verdicts and steps."""
        line = self.line(judged)
        if line is None or self.claim is None:
            return
        trainee = judged.trainee
        decided = decided_again(judged, self.claim, self.context.record, self.context.notice)[1]
        withheld = [Said(WITHHELD, "", line.yuan)]
        said = withheld if decided is None else _said(decided)
        yield from steps_of(trainee.ordinal, trainee.name, said, granted=line.granted)

    def closing(self) -> Iterator[Row]:
        """Yield the sum."""
        yield row(Style.TOTAL, "合计", f"{self.count} 人", *[None] * 3, self.yuan)
