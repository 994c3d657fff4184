"""Whether training and exam make a trainee eligible for the subsidy (notice T23, T31, W19).

What is only known when a claim is made (paid social insurance, other subsidies) is not judged here.
"""

from __future__ import annotations

from typing import Protocol

from lmscompliance.policy.notice import Notice
from lmscompliance.rules.exam import ExamState, ExamVerdict
from lmscompliance.rules.verdict import Verdict, met, not_met

_RULE = "subsidy.requires"


class Judged(Protocol):
    """Anything that says whether the training is complete, such as a ``TrainingVerdict``."""

    @property
    def met(self) -> bool:
        """Whether every rule of the training is met."""
        ...


def eligibility(training: Judged, exam: ExamVerdict, notice: Notice) -> Verdict:
    """Judge the conditions of ``subsidy.requires`` that training and exam decide.

    A trainee who used up the attempts is out for good (reason ``exam_failed_no_subsidy``); others may still
    get there.
    """
    required = notice.subsidy.requires
    if "exam" in required and exam.state is ExamState.FAILED:
        attempts = str(notice.exam.attempts)
        return not_met(notice, _RULE, "exam_failed_no_subsidy", term="exam.attempts", attempts=attempts)
    if "training" in required and not training.met:
        return not_met(notice, _RULE, "subsidy_needs_training")
    if "exam" in required and not exam.passed:
        return not_met(notice, _RULE, "subsidy_needs_exam")
    return met(notice, _RULE)
