"""Checks certificates: earned when issued, one at a time, numbered without gaps, saying what is so."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import count, islice

from lmscompliance.policy import Notice
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.certificates import DIGITS, CertificateRecord, series_of
from lmscompliance.rules.ledger import judge_issued
from lmscompliance.rules.ledger_certificates import successors
from lmscompliance.rules.ledger_context import Judged
from lmscompliance.rules.ledger_facts import WITHHELD, ClassRecord
from lmscompliance.rules.marking import plain
from lmscompliance.verifier.report import Report, Step

_MOST_LISTED = 5
"""Missing counts that are named; how many there are is told beside."""


class CertificateCheck:
    """Over all trainees of a class."""

    def __init__(self, notice: Notice, rules: Step, report: Report) -> None:
        """Problems go to ``rules``, facts to know are findings of ``report``."""
        self._notice, self._rules, self._report = notice, rules, report
        self._record: ClassRecord | None = None
        self._numbers: set[str] = set()
        self._serials: defaultdict[str, list[int]] = defaultdict(list)
        """By the year of issuing."""
        self._looks: dict[int, str] = {}
        """The digest of each edition of the document's look."""
        self.valid = self.revoked = 0

    def listen(self, found: ClassRecord) -> None:
        """Take note of the class's own stream, before the first trainee comes."""
        self._record = found

    def check(self, judged: Judged, who: Mapping[str, object]) -> None:
        """Check one trainee's certificates; that one is revoked is a finding."""
        given = list(judged.trainee.certificates.values())
        after = successors(given)
        for place, one in enumerate(given):
            what = {**who, "number": one.number}
            self._numbered(one, what)
            if any(earlier.holds_at(one.issued_us) for earlier in given[:place]):
                self._rules.fail("certificate_twice", **what)
            expected = given[place - 1].number if place else ""
            if one.replaces != expected:
                self._differs("replaces", expected, one.replaces, what)
            if not any(attempt.passed_at(one.issued_us) for attempt in judged.attempts):
                self._rules.fail("certificate_unearned", **what)
            self._stated(one, judged, what)
            if one.revoked_us is not None:
                self.revoked += 1
                if one.number in after:
                    self._report.find("certificate_replaced", by=after[one.number], **what)
                else:
                    self._report.find("certificate_revoked", **what)
            else:
                self.valid += 1
                if not (judged.training.met and judged.exam.passed):
                    self._report.find("certificate_doubtful", **what)

    def end(self) -> None:
        """Check that no count of the class's certificates is missing."""
        for year, serials in sorted(self._serials.items()):
            there = {serial for serial in serials if serial >= 1}
            # A count may be any number: what is missing before it is counted, never listed whole.
            missing = max(there, default=0) - len(there)
            if missing or len(there) < len(serials):
                absent = (serial for serial in count(1) if serial not in there)
                listed = [*islice(absent, min(missing, _MOST_LISTED))]
                self._rules.fail("certificate_gap", year=year, count=missing, missing=listed)

    def _numbered(self, one: CertificateRecord, what: Mapping[str, object]) -> None:
        if one.number in self._numbers:
            self._rules.fail("certificate_number", **what)
        self._numbers.add(one.number)
        year = words.day(one.issued_us)[:4]
        series = series_of(self._notice.certificate.number_prefix, int(year))
        if not re.fullmatch(rf"{re.escape(series)}-[0-9]{{{DIGITS},}}", one.number):
            self._rules.fail("certificate_series", series=series, **what)
        self._serials[year].append(one.serial)
        if self._looks.setdefault(one.template, one.template_sha256) != one.template_sha256:
            self._rules.fail("certificate_template", edition=one.template, **what)

    def _stated(self, one: CertificateRecord, judged: Judged, what: Mapping[str, object]) -> None:
        """Compare what the certificate states with what was recorded when it was issued."""
        record = self._record
        if record is None:
            return
        if one.basis.trainee.changes == judged.trainee.changes:
            training, exam = judged.training, judged.exam
        else:
            training, exam = judge_issued(one, record, self._notice)
        if not training.met:
            self._rules.fail("certificate_untrained", **what)
        best = "" if exam.best is None else plain(exam.best)
        hours = {plain(training.total_hours)}
        if any(session.closed_us is None for session in one.basis.sessions):
            # What a running session had not sealed yet was seen by who issued it.
            hours.add(plain(judged.training.total_hours))
        if plain(one.score) != best:
            self._differs("score", best, plain(one.score), what)
        if plain(one.hours) not in hours:
            self._differs("hours", "／".join(sorted(hours)), plain(one.hours), what)
        if one.content != WITHHELD:
            self._said(one, record, what)

    def _said(self, one: CertificateRecord, record: ClassRecord, what: Mapping[str, object]) -> None:
        try:
            said = json.loads(one.content)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            self._rules.fail("certificate_unreadable", **what)
            return
        for name, expected in _expected(one, record, self._notice):
            found = said.get(name)
            if expected not in (WITHHELD, found):
                self._differs(name, expected, found, what)
        platform = (said.get("platform"), said.get("recognition_number"))
        if platform not in record.platforms:
            names = "／".join(dict.fromkeys(name for name, _ in record.platforms))
            self._differs("platform", names, platform[0], what)

    def _differs(self, name: str, expected: object, found: object, what: Mapping[str, object]) -> None:
        field = _FIELDS.get(name, name)
        self._rules.fail(
            "certificate_differs", field=field, expected=_shown(expected), found=_shown(found), **what
        )


_FIELDS = {
    "number": "证书编号",
    "template": "版式",
    "replaces": "原证书编号",
    "name": "姓名",
    "sex": "性别",
    "id_number": "身份证件号码",
    "label": "项目标识",
    "title": "培训项目",
    "code": "批次",
    "enterprise": "培训单位",
    "policy": "政策依据",
    "first_day": "培训开始日期",
    "last_day": "培训结束日期",
    "hours": "完成课时",
    "topics": "培训内容",
    "score": "考核成绩",
    "issued_on": "颁发日期",
    "platform": "学习平台",
}
"""What the fields of a certificate are called where a difference is told."""


def _expected(one: CertificateRecord, record: ClassRecord, notice: Notice) -> Iterator[tuple[str, object]]:
    """Yield what each field of the certificate must say by the entries."""
    person, fact = one.basis.trainee, record.fact
    yield "number", one.number
    yield "template", one.template
    yield "replaces", one.replaces
    yield "name", person.name
    yield "sex", person.sex
    yield "id_number", person.id_number
    yield "label", notice.certificate.label
    yield "title", fact.title
    yield "code", fact.code
    yield "enterprise", record.enterprise_name
    yield "policy", notice.document
    yield "first_day", words.day(fact.window_start_us)
    yield "last_day", words.day(fact.window_end_us - 1)
    yield "hours", plain(one.hours)
    yield "topics", [*dict.fromkeys(lesson.topic for lesson in record.lessons)]
    yield "score", plain(one.score)
    yield "issued_on", words.day(one.issued_us)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "—" if value in (None, "") else str(value)
