"""Judges the class's claim again: each line from what it discloses, the sums from the lines, the money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from lmscompliance.policy import Notice
from lmscompliance.rules.claim_record import CLAWED_BACK, PAID, Basis, ClaimRecord, LineRecord
from lmscompliance.rules.ledger import Judged
from lmscompliance.rules.ledger_facts import WITHHELD, ClassRecord
from lmscompliance.rules.ledger_subsidy import decided_again
from lmscompliance.rules.marking import exact_sum
from lmscompliance.verifier.report import Report, Step

_NUMBER_LENGTH = 18
_BIRTH = slice(6, 14)
"""Where a number of 18 characters says when its holder was born, whatever kind it is of."""


class ClaimCheck:
    """Part of the step about rules: nothing of it where no claim was made."""

    def __init__(self, notice: Notice, rules: Step, report: Report) -> None:
        """Check by ``notice``."""
        self._notice = notice
        self._rules = rules
        self._report = report
        self._record: ClassRecord | None = None
        self._unchecked = self._changed = 0

    def listen(self, record: ClassRecord) -> None:
        """Take note of the class's own stream, before the first trainee comes."""
        self._record = record

    @property
    def _claim(self) -> ClaimRecord | None:
        return None if self._record is None else self._record.claims.current

    def check(self, judged: Judged) -> None:
        """Check one trainee's line."""
        claim, record = self._claim, self._record
        if claim is None or record is None:
            return
        trainee = judged.trainee
        who = {"ordinal": trainee.ordinal, "enrolment": trainee.enrolment}
        line = claim.lines.get(trainee.enrolment)
        if line is None:
            if (trainee.registered_us or 0) <= claim.judged_us:
                self._rules.fail("claim_without", **who)
            return
        self._facts(judged, line, claim, who)
        basis, decided = decided_again(judged, claim, record, self._notice)
        if basis is None or decided is None:
            self._unchecked += 1
            return
        if (decided.granted, decided.amount.yuan) != (line.granted, line.yuan):
            expected = decided.amount.yuan
            self._rules.fail("claim_line_differs", expected=expected, found=line.yuan, **who)
        self._person(judged, line, basis, who)

    def end(self) -> None:
        """Check sums and money."""
        if self._unchecked:
            self._report.find("claim_unchecked", count=self._unchecked)
        if self._changed:
            self._report.find("claim_judged_before", count=self._changed)
        for claim in self._record.claims.claims.values() if self._record else ():
            lines = claim.lines.values()
            sums = len(lines), sum(one.granted for one in lines), exact_sum(one.yuan for one in lines)
            if sums != (claim.people, claim.granted, claim.yuan):
                self._rules.fail("claim_sums_differ", claim=claim.id, expected=sums[2], found=claim.yuan)
            back: defaultdict[str, list[Decimal]] = defaultdict(list)
            for one in claim.money:
                if one.kind == CLAWED_BACK:
                    back[one.enrolment].append(one.yuan)
            over = [
                exact_sum(yuan) > claim.lines[enrolment].yuan if enrolment in claim.lines else True
                for enrolment, yuan in back.items()
            ]
            if claim.sum_of(PAID) > claim.yuan or any(over):
                self._rules.fail("claim_overpaid", claim=claim.id, granted=claim.yuan)

    def _facts(self, judged: Judged, line: LineRecord, claim: ClaimRecord, who: Mapping[str, object]) -> None:
        """Compare what training and exam had come to with what the entries give now."""
        now = judged.training.actual, judged.exam.best, judged.eligible.met
        if now == (line.share, line.score, line.eligible):
            return
        if judged.trainee.changed_us > claim.judged_us:
            self._changed += 1
        else:
            self._rules.fail("claim_facts_differ", **who)

    def _person(self, judged: Judged, line: LineRecord, basis: Basis, who: Mapping[str, object]) -> None:
        """Compare what is said of the person with number and proofs in the entries."""
        number, birth = judged.trainee.id_number, basis.person.birth
        born = f"{birth:%Y%m%d}" if birth else ""
        told = number != WITHHELD and len(number) == _NUMBER_LENGTH
        accepted = {one.kind for one in judged.trainee.proofs.values() if one.accepted}
        odd = (told and number[_BIRTH] != born) or not basis.person.proofs <= accepted
        if odd or line.first is bool(basis.earlier):
            self._rules.fail("claim_person_differs", **who)
