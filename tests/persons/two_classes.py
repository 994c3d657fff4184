"""One human under two numbers in two classes, who learnt in both at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmscompliance.identity import cases
from lmscompliance.services import Services
from lmscompliance.training import casework
from tests.completion.classroom import Classroom, open_classroom
from tests.identity.sheets import number, person
from tests.support.app import administrator

NAME = "张三"
WRONG = number(3)
RIGHT = number(1)


@dataclass(frozen=True)
class Twice:
    """``wrong`` is the class with the number typed wrong, under ``wrong-1``; ``right`` the other."""

    services: Services
    wrong: Classroom
    right: Classroom

    @property
    def case_id(self) -> str:
        """The case that importing the second roster opened."""
        found = casework.listed(self.services, administrator())
        (one,) = [one for one in found if one.case.kind == cases.TWO_RECORDS]
        return one.case.id


def row(id_number: str, name: str = NAME) -> list[Any]:
    """Return a row of the same name and phone under a number."""
    made = person(1, name)
    made[3] = id_number
    return made


def twice(services: Services, folder: Path) -> Twice:
    """Open both classes; each trainee is activated under an account of their own."""
    wrong = open_classroom(services, folder, code="A", rows=[row(WRONG)], account="wrong")
    right = open_classroom(services, folder, code="B", rows=[row(RIGHT)], account="right")
    return Twice(services, wrong, right)


def learn_at_once(made: Twice) -> None:
    """Learn alone for 20 s in A, in both for 40 s, alone for 20 s in B."""
    first = made.wrong.player(0, "wrong-1")
    first.play(20, every=5)
    second = made.right.player(0, "right-1")
    for _ in range(8):
        first.wait(5)
        second.position_ms += 5000
        first.beat()
        second.beat()
    first.end()
    second.play(20, every=5)
    second.end()
