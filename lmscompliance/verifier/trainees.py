"""Checks each trainee's records against the policy: scores recomputed, attempts allowed, sessions ended."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.rules import essays, timeline
from lmscompliance.rules.attendance import judge
from lmscompliance.rules.credit import RESTORE
from lmscompliance.rules.exam import extra_seconds, passes
from lmscompliance.rules.facts import AttemptFact, AttendanceFacts
from lmscompliance.rules.identity import verified_at
from lmscompliance.rules.ledger import Judged
from lmscompliance.rules.ledger_corrections import UPHELD
from lmscompliance.rules.ledger_facts import WITHHELD, AttemptRecord, ClassRecord, Confirmation
from lmscompliance.rules.marking import Item, mark
from lmscompliance.rules.merging import united
from lmscompliance.rules.reported import union_seconds
from lmscompliance.verifier.certificates import CertificateCheck
from lmscompliance.verifier.papers import PaperCheck
from lmscompliance.verifier.quizzes import QuizCheck
from lmscompliance.verifier.report import Report, Step

_SECOND_US = 1_000_000
_SILENCES = 2
"""How many times the longest rightful silence a session may be quiet before it counts as having no end."""


class TraineeCheck:
    """Two steps over all trainees, and findings."""

    def __init__(self, notice: Notice, as_of_us: int, grades: Step, rules: Step, report: Report) -> None:
        """Check by ``notice``; ``as_of_us`` is when the snapshot was taken."""
        self._notice = notice
        self.as_of_us = as_of_us
        self._grades = grades
        self._papers = PaperCheck(notice, grades)
        self._rules = rules
        self._report = report
        self._confirmations: dict[str, list[Confirmation]] = {}
        self._quizzes = QuizCheck([], notice, grades, rules, report)
        self._graded = self._trainees = 0
        self._certificates = CertificateCheck(notice, rules, report)
        self._restored = self._imported = self._late = (0, 0)
        """How many, and how many seconds in all."""
        self._imported_counted = 0
        self._united: dict[str, list[Judged]] = {}
        """Enrolments of the class that a union of records made one person's, by the union."""

    def listen(self, found: ClassRecord) -> None:
        """Take note of blueprints, quizzes and lists that teachers confirmed, before any trainee comes."""
        self._quizzes = QuizCheck(found.quizzes, self._notice, self._grades, self._rules, self._report)
        self._papers.listen(found)
        self._certificates.listen(found)
        for one in found.confirmations:
            self._confirmations.setdefault(one.lesson, []).append(one)

    def check(self, judged: Judged) -> None:
        """Check one trainee."""
        self._trainees += 1
        who = {"ordinal": judged.trainee.ordinal, "enrolment": judged.trainee.enrolment}
        self._papers.check(judged)
        for attempt in judged.attempts:
            self._grade(attempt, who)
        self._quizzes.check(judged.trainee, who)
        self._allowed(judged, who)
        self._attended(judged, who)
        self._ends(judged, who)
        self._gaps(judged, who)
        self._given_back(judged, who)
        self._certificates.check(judged, who)
        for merge in united(judged.trainee.merges):
            self._united.setdefault(merge, []).append(judged)
        elsewhere = [one.fact for one in judged.trainee.reported]
        self._imported = _added(self._imported, len(elsewhere), union_seconds(elsewhere))
        self._imported_counted += sum(judged.reported.values())

    def end(self) -> None:
        """Say what was checked, and what was found of all trainees together."""
        self._once()
        self._certificates.end()
        self._grades.say("grades_detail", count=self._graded)
        given = self._certificates
        if given.valid or given.revoked:
            told = {"count": self._trainees, "valid": given.valid, "revoked": given.revoked}
            self._rules.say("rules_certificates_detail", **told)
        else:
            self._rules.say("rules_detail", count=self._trainees)
        for code, (count, seconds), more in (
            ("credit_restored", self._restored, {}),
            ("late_imports", self._imported, {"counted": self._imported_counted}),
            ("late_beats", self._late, {}),
        ):
            if count:
                self._report.find(code, count=count, seconds=seconds, **more)

    def _once(self) -> None:
        """No second of one person is credited under two enrolments of the class."""
        for together in self._united.values():
            credited = sorted(
                (interval.start_s, interval.end_s, judged.trainee.ordinal, judged.trainee.enrolment)
                for judged in together
                for interval in (*judged.account.intervals, *judged.account.attended)
                if interval.reason is None
            )
            for before, after in pairwise(credited):
                if after[0] < before[1]:
                    self._rules.fail("counted_twice", ordinal=after[2], enrolment=after[3], other=before[2])
                    break
        if self._united:
            people = {judged.trainee.enrolment for together in self._united.values() for judged in together}
            self._report.find("records_united", count=len(people))

    def _grade(self, attempt: AttemptRecord, who: Mapping[str, object]) -> None:
        fact = attempt.fact
        if fact.score is None:
            return
        where = {**who, "number": fact.number, "attempt": fact.attempt}
        self._replay(attempt, where)
        items: list[Mapping[str, Json]] = [item for item in attempt.items if item is not None]
        if attempt.answers is None or len(items) < len(attempt.items) or not items:
            self._report.find("grade_unchecked", **where)
        else:
            self._graded += 1
            self._mark(attempt, items, where)
        for score, passed in _scores(attempt):
            if passed is not passes(score, self._notice):
                self._grades.fail("passed_differs", score=score, mark=self._notice.exam.pass_mark, **where)

    def _replay(self, attempt: AttemptRecord, where: Mapping[str, object]) -> None:
        """Let the saves give the answers and the flags that were recorded at the end."""
        made = attempt.saves
        if made is None or attempt.answers is None:
            return
        expected = timeline.answers(made)
        count = len(attempt.answers)
        listed = [expected.get(str(number)) for number in range(1, count + 1)]
        if listed != list(attempt.answers) or [one.number for one in made] != list(range(1, len(made) + 1)):
            self._grades.fail("timeline_differs", **where)
        if timeline.flags(made) != dict(attempt.flags):
            self._grades.fail("flags_differ", **where)

    def _mark(
        self, attempt: AttemptRecord, items: list[Mapping[str, Json]], where: Mapping[str, object]
    ) -> None:
        try:
            asked = [Item.from_json(item) for item in items]
            given = attempt.given(self._notice.exam)
            marked = mark(asked, attempt.answers or (), self._notice.exam, given)
            self._essays(attempt, asked, where)
        except (KeyError, ValueError, ArithmeticError):
            self._grades.fail("paper_unreadable", **where)
            return
        stages = _scores(attempt)
        if marked.score != stages[0][0]:
            self._grades.fail("score_differs", expected=marked.score, found=stages[0][0], **where)
        for count, one in enumerate(attempt.regrades, 1):
            if one.key is None:
                self._report.find("grade_unchecked", **where)
                return
            again = self._again(attempt, count)
            if one.score != again or one.score_before != stages[count - 1][0]:
                self._grades.fail("score_differs", expected=again, found=one.score, **where)
        topics = [item.get("topic") for item in items]
        for topic in self._notice.topics.required:
            if topics.count(topic) < self._notice.exam.min_questions_per_topic:
                self._grades.fail("topic_missing", topic=topic, **where)
        if marked.full != self._notice.exam.full_marks:
            self._grades.fail("full_differs", full=marked.full, **where)

    def _again(self, attempt: AttemptRecord, count: int) -> Decimal:
        """Mark the paper with the keys that the first ``count`` re-markings put right."""
        items = [Item.from_json(item) for item in attempt.corrected_items(count) if item is not None]
        given = attempt.given(self._notice.exam)
        return mark(items, attempt.answers or (), self._notice.exam, given).score

    def _essays(self, attempt: AttemptRecord, items: list[Item], where: Mapping[str, object]) -> None:
        """Check that people marked what only people can: as many as were needed, each another person."""
        asked = essays.to_mark(items, attempt.answers or ())
        for number in sorted({*asked, *attempt.marks}):
            marks, full = attempt.marks.get(number, []), items[number - 1].points
            points = [one.points for one in marks]
            named = [one.by for one in marks if one.by not in {"", WITHHELD}]
            terms, essay = self._notice.exam, {**where, "item": number}
            enough = not essays.needed(points, full, terms) and essays.needed(points[:-1], full, terms)
            if number not in asked or not enough:
                self._grades.fail("essay_marks", count=len(marks), **essay)
            if any(not 0 <= one <= full for one in points):
                self._grades.fail("essay_points", full=full, **essay)
            if len(set(named)) < len(named):
                self._grades.fail("essay_marked_by_one", **essay)

    def _allowed(self, judged: Judged, who: Mapping[str, object]) -> None:
        attempts, exam = judged.attempts, self._notice.exam
        numbers = [attempt.fact.number for attempt in attempts]
        if numbers != list(range(1, len(numbers) + 1)):
            self._rules.fail("attempt_numbers", numbers=[*numbers], **who)
        unlocked = judged.trainee.unlocked_us
        most = 0
        for place, attempt in enumerate(attempts):
            fact = attempt.fact
            if exam.requires_training and (unlocked is None or fact.opened_us < unlocked):
                self._rules.fail("attempt_before_unlock", number=fact.number, **who)
            # An attempt that was voided only later stood in the way of this one.
            standing = [one for one in attempts[:place] if _counted(one.fact, fact.opened_us)]
            most = max(most, len(standing) + 1)
            if any(one.passed_at(fact.opened_us) is not False for one in standing):
                self._rules.fail("attempt_after_pass", number=fact.number, **who)
            self._timed(attempt, who)
            if not verified_at(judged.trainee.identity, self._notice.identity, fact.opened_us):
                self._rules.fail("attempt_unverified", number=fact.number, **who)
        if most > exam.attempts:
            self._rules.fail("too_many_attempts", count=most, allowed=exam.attempts, **who)
        running = any(session.fact.closed_us is None for session in judged.trainee.sessions.values())
        # What a running session has not sealed yet may be what completed the training.
        complete = judged.complete_at_unlock
        if exam.requires_training and unlocked is not None and not complete and not running:
            self._rules.fail("unlocked_incomplete", **who)

    def _timed(self, attempt: AttemptRecord, who: Mapping[str, object]) -> None:
        """Check the time an attempt was given, that it was kept, and who voided it."""
        fact, exam = attempt.fact, self._notice.exam
        where = {**who, "number": fact.number}
        extra = extra_seconds(exam.duration_seconds, self._notice) if attempt.longer else 0
        given_us = fact.deadline_us - fact.opened_us
        if attempt.extra_seconds != extra or given_us > (exam.duration_seconds + extra) * _SECOND_US:
            self._rules.fail("attempt_too_long", **where)
        latest_us = fact.deadline_us + exam.grace_seconds * _SECOND_US
        if fact.submitted_us is not None and fact.submitted_us > latest_us:
            self._rules.fail("late_submission", **where)
        for save in attempt.saves or ():
            if not fact.opened_us <= save.at_us <= latest_us:
                self._rules.fail("save_outside_attempt", save=save.number, **where)
                break
        void = attempt.void
        if void is not None and void.confirmed and void.requested_by and void.requested_by == void.decided_by:
            self._rules.fail("voided_by_one", **where)

    def _given_back(self, judged: Judged, who: Mapping[str, object]) -> None:
        """Credit is given back only where the trainee objected and the objection was upheld."""
        for one in judged.trainee.corrections:
            if one.fact.effect != RESTORE:
                continue
            seconds = (one.fact.end_us - one.fact.start_us) // _SECOND_US
            self._restored = _added(self._restored, 1, seconds)
            dispute = judged.trainee.disputes.get(one.dispute)
            stretch = (one.session, one.fact.start_us, one.fact.end_us)
            if (
                dispute is None
                or dispute.decision != UPHELD
                or (dispute.session, dispute.start_us, dispute.end_us) != stretch
            ):
                self._rules.fail("restored_without_dispute", correction=one.fact.correction, **who)

    def _attended(self, judged: Judged, who: Mapping[str, object]) -> None:
        """Refuse marks of the future, and confirmed ones that signs and entries did not give."""
        trainee = judged.trainee
        for one in judged.attendance.lessons:
            lesson = one.lesson
            where = {**who, "lesson": lesson.ordinal}
            for entry in trainee.marks:
                if entry.lesson == lesson.id and entry.marked_us < (lesson.starts_us or 0):
                    self._rules.fail("marked_before_lesson", **where)
            for confirmation in self._confirmations.get(lesson.id, ()):
                if confirmation.at_us < (lesson.ends_us or 0):
                    self._rules.fail("confirmed_before_end", **where)
                then = AttendanceFacts(
                    tuple(sign for sign in trainee.signs if sign.at_us <= confirmation.at_us),
                    tuple(entry for entry in trainee.marks if entry.marked_us <= confirmation.at_us),
                )
                expected = judge(lesson, then, self._notice.attendance, confirmed=True).mark
                found = confirmation.marks.get(trainee.enrolment, "")
                # Who was enrolled later does not stand in an earlier list.
                if found and found != expected:
                    self._rules.fail("mark_differs", expected=str(expected), found=found, **where)

    def _ends(self, judged: Judged, who: Mapping[str, object]) -> None:
        """Find what was begun and should have been ended long ago: sessions, presence checks."""
        terms = self._notice.credit
        silence_us = _SILENCES * (terms.segment_seconds + terms.max_gap_seconds) * _SECOND_US
        for check in judged.trainee.checks.values():
            if check.decided_us is None and self.as_of_us - check.until_us > silence_us:
                self._report.find("check_undecided", number=check.number + 1, session=check.session, **who)
        for session in judged.trainee.sessions.values():
            fact = session.fact
            seen_us = max([fact.opened_us, *(segment.end_us for segment in fact.segments)])
            if fact.closed_us is None and self.as_of_us - seen_us > silence_us:
                self._report.find("session_without_end", session=fact.session, **who)

    def _gaps(self, judged: Judged, who: Mapping[str, object]) -> None:
        """Find beats that never came, by their numbers, and add up those that came late."""
        for session in judged.trainee.sessions.values():
            fact = session.fact
            numbers = sorted({beat.seq for segment in fact.segments for beat in segment.beats})
            holes = [(low + 1, high - 1) for low, high in pairwise(numbers) if high > low + 1]
            if holes:
                self._report.find(
                    "beats_missing",
                    session=fact.session,
                    count=sum(last - first + 1 for first, last in holes),
                    first=holes[0][0],
                    last=holes[-1][1],
                    **who,
                )
            for segment in fact.segments:
                if segment.arrived_us is not None:
                    self._late = _added(self._late, 1, (segment.end_us - segment.start_us) // _SECOND_US)


def _scores(attempt: AttemptRecord) -> list[tuple[Decimal, bool]]:
    """Return every score the attempt has had, with whether it was said to pass: the first one first."""
    first = [attempt.graded] if attempt.graded is not None else []
    return first + [(one.score, one.passed) for one in attempt.regrades]


def _added(total: tuple[int, int], count: int, seconds: int) -> tuple[int, int]:
    return total[0] + count, total[1] + seconds


def _counted(earlier: AttemptFact, at_us: int) -> bool:
    """Tell whether an earlier attempt still counted then."""
    return earlier.voided_us is None or earlier.voided_us > at_us
