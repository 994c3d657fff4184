"""A school with a bank whose lessons can have quizzes, and somebody to learn and take them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance.completion import service as completion
from lmscompliance.quizzes import setting, taking
from lmscompliance.quizzes.models import TakenQuiz
from lmscompliance.quizzes.setting import Wanted, part
from lmscompliance.rules.account import Account
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from tests.completion.classroom import Classroom, open_classroom
from tests.exams.browser import phone, visitors
from tests.exams.hall import fill_bank
from tests.learning.school import TOPICS

__all__ = ["phone", "visitors"]


@dataclass(frozen=True)
class Quizroom(Classroom):
    """Four lessons of 90 seconds, one on each of the bank's topics."""

    def set(self, use: str = "required", count: int = 2, *, lesson: int = 0, **wanted) -> int:
        """Set a lesson's quiz of single choices on its topic."""
        parts = () if "named" in wanted or use == "none" else (part(TOPICS[lesson % 4], "single", count),)
        chosen = Wanted(use, parts, reason=wanted.pop("reason", "按教学安排"), **wanted)
        return setting.set_quiz(
            self.services, self.class_id, self.school.lessons[lesson], chosen, by="institution-1"
        )

    def begin(self, *, lesson: int = 0, account: str = "trainee-1") -> str:
        """Begin a lesson's quiz, or go on with the open one."""
        actor = self.school.actor(account)
        return taking.begin(
            self.services, actor, self.school.lessons[lesson], ip="203.0.113.7", agent="Phone/1.0"
        )

    def row(self, quiz: str) -> TakenQuiz:
        """Return a quiz as it is stored."""
        with reading(self.services.database) as session:
            return session.scalars(select(TakenQuiz).where(TakenQuiz.id == quiz)).one()

    def hand_in(self, quiz: str, right: int = 99, *, lesson: int = 0, account: str = "trainee-1") -> bool:
        """Hand a quiz in with ``right`` of its answers right."""
        paper = json.loads(self.row(quiz).paper)
        answers = [one["key"] if place < right else None for place, one in enumerate(paper)]
        actor = self.school.actor(account)
        return taking.hand_in(
            self.services, actor, self.school.lessons[lesson], quiz, answers, ip="203.0.113.7"
        )

    def judged(self, account: str = "trainee-1") -> Account:
        """Return what counts, as the product judges it."""
        return completion.status(self.services, self.class_id, self.enrolment(account)).account


@pytest.fixture
def room(services: Services, tmp_path: Path) -> Quizroom:
    """Return a class of two trainees who are activated, and a bank."""
    fill_bank(services, tmp_path / "bank")
    made = open_classroom(services, tmp_path, people=3)
    return Quizroom(made.school, made.hall)
