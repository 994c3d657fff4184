"""How a paper is made, sat and marked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ExamTerms:
    """The exam (考核)."""

    full_marks: Decimal
    """What a paper must total, exactly."""
    pass_mark: Decimal
    """A score of at least this passes."""
    attempts: int
    """How many attempts there are; after the last failed one the exam is locked."""
    duration_seconds: int
    """Time for one attempt; the server closes it at its deadline."""
    grace_seconds: int
    """A save or hand-in that reaches the server this long after the deadline is still taken."""
    accessible_extra_permille: int
    """Share of the time added for a trainee who was granted more time, in thousandths."""
    min_questions_per_topic: int
    """Questions a paper must hold of every required topic."""
    requires_training: bool
    """Whether the exam opens only when the training is complete."""
    multiple_marking: str
    """Part marks of multiple choice: ``all_or_nothing``; ``no_wrong`` (the share of the right options that
    were chosen, nothing once a wrong one is); ``balanced`` (that share, less one for each option chosen
    beyond their number). Part marks are rounded down to hundredths."""
    matching_marking: str
    """Part marks of matching: ``all_or_nothing``, or ``each_pair`` (the share of the right pairs)."""
    essay_tolerance_permille: int
    """Two people mark an essay; marks further apart than this share of its points (in thousandths) go to a
    third person."""
    essay_third_mark: str
    """What the third mark does: ``nearest`` (its mean with the nearer of the first two), ``decides``."""


@dataclass(frozen=True, slots=True)
class QuizTerms:
    """Quizzes within lessons (随堂测验): practice, or what releases a lesson's hours (``rules.quizzes``)."""

    release: str
    """Whether a lesson's time counts only once its quiz is passed: ``never`` (quizzes are practice),
    ``by_lesson`` (whoever sets the quiz says so), ``always`` (every quiz that is set)."""
    pass_permille: int
    """Share of a quiz's points that passes it, in thousandths."""
    pause_seconds: int
    """How long after handing one in the next quiz of the lesson can begin; 0 asks for no pause."""
    tries_per_day: int
    """How many quizzes of one lesson may be begun on one Shanghai day; 0: no limit."""


@dataclass(frozen=True, slots=True)
class ProctorTerms:
    """Photos at random moments of an exam attempt (考试抽拍), and the separate consent to them."""

    photos: int
    """How many photos an attempt is asked for, at most; 0: none, and no consent is asked for."""
    min_interval_seconds: int
    """From the beginning, or the photo before, to the next at least."""
    max_interval_seconds: int
    """The same at most; in between every second is equally likely."""
    answer_seconds: int
    """Time for one, from the moment the server asks."""
    consent_version: str
    """Version of the separate consent."""
    consent_zh: str
    consent_en: str
