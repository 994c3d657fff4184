"""Whether training and exam make a trainee eligible for the subsidy (notice T23, T31, W19).

What is only known when a claim is made (paid social insurance, other subsidies) is not judged here.
"""

from __future__ import annotations

from typing import Protocol

from lmscompliance.policy.notice import Notice
from lmscompliance.rules.exam import ExamState, ExamVerdict
from lmscompliance.rules.verdict import Met, NotMet, Verdict

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
        return NotMet(
            _RULE,
            "exam_failed_no_subsidy",
            notice.cite("exam.attempts"),
            {"attempts": str(notice.exam.attempts)},
        )
    if "training" in required and not training.met:
        return NotMet(_RULE, "subsidy_needs_training", notice.cite(_RULE))
    if "exam" in required and not exam.passed:
        return NotMet(_RULE, "subsidy_needs_exam", notice.cite(_RULE))
    return Met(_RULE, notice.cite(_RULE))
