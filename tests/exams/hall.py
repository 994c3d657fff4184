"""An exam hall: a class under S1 with a bank of questions, a published exam and unlocked trainees."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from sqlalchemy import select

from lmscompliance import policy
from lmscompliance.evidence.models import Entry
from lmscompliance.exams import service
from lmscompliance.exams.models import ExamPaper, ExamSheet
from lmscompliance.exams.service import Change, Result, Sitter
from lmscompliance.questions import service as questions
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.leaf import Leaf
from tests.learning.school import TOPICS, AtSchool, open_school

IP = "203.0.113.7"
STATED = "stated"
MIXED = """\
判断一 {T}

判断二 {F}

多选 { ~%50%甲 ~%50%乙 ~%-100%丙 ~%-100%丁 }

填空：{ =安全第一 }

体温？{#37.3:0.2}

配对 { =口罩 -> 垃圾桶 =餐具 -> 高温消毒 =门把手 -> 擦拭 }
"""


@dataclass(frozen=True)
class Hall(AtSchool):
    """A school at exam time. Every trainee has as many attempts as S1 gives: two."""

    def unlock(self, account: str = "trainee-1") -> bool:
        """Let an account sit the exam."""
        return service.unlock(self.services, self.class_id, self.enrolment(account))

    def start(self, account: str = "trainee-1") -> str:
        """Open an attempt and return its id."""
        return service.start(
            self.services,
            class_id=self.class_id,
            enrolment_id=self.enrolment(account),
            sitter=Sitter(account, IP, "Phone/1.0"),
        )

    def save(self, attempt, seq, answers, account="trainee-1", ip=IP) -> int:
        """Save answers as a browser does."""
        return service.save(
            self.services, attempt_id=attempt, account=account, change=Change(seq, answers, ip)
        )

    def submit(self, attempt, seq, answers=None, account="trainee-1") -> Result:
        """Hand an attempt in."""
        return service.submit(
            self.services, attempt_id=attempt, account=account, change=Change(seq, answers or {}, IP)
        )

    def paper(self, attempt, account="trainee-1"):
        """Return what the trainee sees."""
        return service.paper(self.services, attempt, account)

    def frozen(self, attempt) -> list[dict]:
        """Return the attempt's questions with their keys, as only the server knows them."""
        with reading(self.services.database) as session:
            rows = session.scalars(select(ExamPaper.questions).where(ExamPaper.attempt_id == attempt))
            return json.loads(rows.one())

    def sheet(self, attempt) -> ExamSheet:
        """Return the stored answer sheet."""
        with reading(self.services.database) as session:
            return session.scalars(select(ExamSheet).where(ExamSheet.attempt_id == attempt)).one()

    def right(self, attempt, count=None) -> dict:
        """Return right answers to the first ``count`` questions (all of them if not given)."""
        answers = {}
        for number, one in enumerate(self.frozen(attempt)[:count], 1):
            text = one["kind"] in {"fill_in", "numeric"}
            first = one["key"][0]
            answers[str(number)] = [first[0] if one["kind"] == "numeric" else first] if text else one["key"]
        return answers

    def sit(self, points: int, account: str = "trainee-1") -> Result:
        """Sit an attempt of ten questions worth ten each, scoring ``points``."""
        attempt = self.start(account)
        return self.submit(attempt, 1, self.right(attempt, points // 10), account)

    def leaves(self, stream: str) -> list[Leaf]:
        """Return a stream's entries in order."""
        with reading(self.services.database) as session:
            rows = session.scalars(select(Entry.leaf).where(Entry.stream == stream).order_by(Entry.n))
            return [Leaf.decode(row) for row in rows]

    def told(self, account: str = "trainee-1") -> list[Leaf]:
        """Return what the log says about a trainee."""
        return self.leaves(f"enrolment/{self.enrolment(account)}")


def fill_bank(services: Services, folder: Path, each: int = 12) -> None:
    """Import a bank of single choices for each topic, and a few questions of every other kind."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"$CATEGORY: {TOPICS[0]}\n\n{MIXED}"]
    for topic in TOPICS:
        lines.append(f"$CATEGORY: {topic}\n")
        lines += [f"::{n}:: {topic}第{n}题 {{ =对{n} ~错甲{n} ~错乙{n} ~错丙{n} }}\n" for n in range(each)]
    path = folder / "bank.gift.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    questions.import_paths(services, [path])


def with_terms(services: Services, folder: Path, base: str = "liusu-youji-2021", **stated: int) -> Services:
    """Return services that also know the notice ``STATED``: ``base`` with further terms of the house.

    A term without its section is one of the exam.
    """
    text = (files(policy) / "notices" / f"{base}.toml").read_text(encoding="utf-8")
    text = text.replace(f'id = "{base}"', f'id = "{STATED}"')
    for name, value in stated.items():
        key = name if "." in name else f"exam.{name}"
        text += f'\n[{key}]\nvalue = {json.dumps(value)}\nsource = "house"\nrationale = "试"\n'
    folder.mkdir(parents=True)
    (folder / "stated.toml").write_text(text, encoding="utf-8")
    return replace(services, policies=services.policies.with_directory(folder))


def open_hall(
    services: Services,
    folder: Path,
    *,
    trainees: int = 2,
    unlock: bool = True,
    notice: str = "liusu-youji-2021",
) -> Hall:
    """Open a class, fill the bank, publish an exam of ten questions worth ten each, unlock everybody."""
    fill_bank(services, folder)
    hall = Hall(open_school(services, trainees=trainees, policy=notice))
    service.publish_blueprint(services, hall.class_id, service.default_blueprint(services, hall.class_id, 10))
    if unlock:
        for account in hall.school.trainees:
            hall.unlock(account)
    return hall
