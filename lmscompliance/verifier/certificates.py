"""Checks certificates: earned when they were issued, one at a time, each with its own number."""

from __future__ import annotations

from collections.abc import Mapping

from lmscompliance.rules.ledger import Judged
from lmscompliance.verifier.report import Report, Step


class CertificateCheck:
    """Over all trainees of a class."""

    def __init__(self, rules: Step, report: Report) -> None:
        """Problems go to ``rules``, facts to know are findings of ``report``."""
        self._rules, self._report = rules, report
        self._numbers: set[str] = set()

    def check(self, judged: Judged, who: Mapping[str, object]) -> None:
        """Check one trainee's certificates; that one is revoked is a finding."""
        given = list(judged.trainee.certificates.values())
        for place, one in enumerate(given):
            what = {**who, "number": one.number}
            if one.number in self._numbers:
                self._rules.fail("certificate_number", **what)
            self._numbers.add(one.number)
            if any(earlier.holds_at(one.issued_us) for earlier in given[:place]):
                self._rules.fail("certificate_twice", **what)
            if not any(attempt.passed_at(one.issued_us) for attempt in judged.attempts):
                self._rules.fail("certificate_unearned", **what)
            if one.revoked_us is not None:
                self._report.find("certificate_revoked", **what)
            elif not (judged.training.met and judged.exam.passed):
                self._report.find("certificate_doubtful", **what)
