"""Whether an exam attempt may start, and what all attempts together come to (notice T20, T22, T23)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from lmscompliance.policy.notice import Notice
from lmscompliance.rules.facts import AttemptFact
from lmscompliance.rules.marking import plain
from lmscompliance.rules.verdict import Verdict, met, not_met


class ExamState(StrEnum):
    """Where a trainee stands with the exam."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    """An attempt is open, or handed in and not graded yet."""
    RETRY = "retry"
    """Failed, with an attempt left."""
    PASSED = "passed"
    FAILED = "failed"
    """Failed with no attempt left; the exam is locked."""


@dataclass(frozen=True, slots=True)
class ExamVerdict:
    """What the attempts come to; ``best`` is the highest score, ``verdict`` whether the exam is passed."""

    state: ExamState
    attempts_used: int
    attempts_left: int
    best: Decimal | None
    verdict: Verdict

    @property
    def passed(self) -> bool:
        """Whether an attempt reached the pass mark."""
        return self.state is ExamState.PASSED


def passes(score: Decimal, notice: Notice) -> bool:
    """Tell whether ``score`` passes: exactly the pass mark does, 59.99 of 60 does not."""
    return score >= notice.exam.pass_mark


def extra_seconds(duration_seconds: int, notice: Notice) -> int:
    """Return how much longer an attempt lasts for a trainee who was granted more time."""
    return duration_seconds * notice.exam.accessible_extra_permille // 1000


def valid(attempts: Iterable[AttemptFact]) -> list[AttemptFact]:
    """Return the attempts that were not voided, by number."""
    return sorted((one for one in attempts if one.voided_us is None), key=lambda one: one.number)


def exam_verdict(attempts: Iterable[AttemptFact], notice: Notice) -> ExamVerdict:
    """Judge all attempts of one enrolment by their scores.

    Attempts beyond the notice's number prove nothing, whatever they scored; a voided one is none.
    """
    counted = valid(attempts)[: notice.exam.attempts]
    scores = [attempt.score for attempt in counted if attempt.score is not None]
    left = max(0, notice.exam.attempts - len(counted))
    best = max(scores, default=None)
    if best is not None and passes(best, notice):
        state = ExamState.PASSED
    elif len(scores) < len(counted):
        state = ExamState.IN_PROGRESS
    elif not counted:
        state = ExamState.NOT_STARTED
    else:
        state = ExamState.RETRY if left else ExamState.FAILED
    return ExamVerdict(state, len(counted), left, best, _verdict(state, best, left, notice))


def exam_gate(attempts: Sequence[AttemptFact], training_met: bool, notice: Notice) -> Verdict:  # noqa: FBT001  # a fact like the others
    """Judge whether a (further) attempt may start now."""
    judged = exam_verdict(attempts, notice)
    if notice.exam.requires_training and not training_met and not judged.attempts_used:
        return not_met(notice, "exam.requires_training", "training_incomplete")
    rule = "exam.attempts"
    if judged.state is ExamState.PASSED:
        return not_met(notice, rule, "exam_passed_already", term="exam.pass_mark")
    if judged.state is ExamState.IN_PROGRESS:
        running = any(one.submitted_us is None for one in valid(attempts))
        return not_met(notice, rule, "attempt_running" if running else "attempt_unmarked")
    if judged.state is ExamState.FAILED:
        return not_met(notice, rule, "attempts_used", attempts=str(notice.exam.attempts))
    return met(notice, rule, left=str(judged.attempts_left))


def _verdict(state: ExamState, best: Decimal | None, left: int, notice: Notice) -> Verdict:
    rule, need = "exam.pass_mark", plain(notice.exam.pass_mark)
    have = "" if best is None else plain(best)
    if state is ExamState.PASSED:
        return met(notice, rule, have=have, need=need)
    if state is ExamState.FAILED:
        attempts = str(notice.exam.attempts)
        return not_met(
            notice, rule, "exam_failed", term="exam.attempts", have=have, need=need, attempts=attempts
        )
    if state is ExamState.RETRY:
        return not_met(notice, rule, "exam_retry", have=have, need=need, left=str(left))
    reason = "exam_not_taken" if state is ExamState.NOT_STARTED else "exam_running"
    return not_met(notice, rule, reason, have=have, need=need)
