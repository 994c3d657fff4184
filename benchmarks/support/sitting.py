"""Many people sitting an exam at once: open attempts copied from one that was begun the ordinary way."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, insert, select

from benchmarks.support.load import AGENT
from benchmarks.support.server import ACCOUNT_HEADER
from lmscompliance.evidence import enrolment_stream
from lmscompliance.evidence.models import Stream
from lmscompliance.exams import service
from lmscompliance.exams.models import ExamAttempt, ExamPaper, ExamSheet, ExamUnlock
from lmscompliance.exams.service import Sitter
from lmscompliance.services import Services
from lmscompliance.storage.statements import table
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.web.csrf import HEADER, make_token
from tests.exams.hall import fill_bank
from tests.learning.school import open_school

QUESTIONS = 50
_PREFIX = "/compliance/api/attempts/"


@dataclass(frozen=True)
class Sitting:
    """Open attempts with the account that sits each, and a question's right answer by its number."""

    services: Services
    class_id: str
    attempts: dict[str, str]
    """Account by attempt."""
    key: dict[str, list[Any]]

    def saves(self, seq: int) -> list[bytes]:
        """Return everybody's save number ``seq``, of one answer."""
        number = str(1 + seq % QUESTIONS)
        return [
            self._request("PUT", attempt, "answers", {"seq": seq, "answers": {number: self.key[number]}})
            for attempt in self.attempts
        ]

    def papers(self, seq: int) -> list[bytes]:
        """Return everybody's hand-in of all answers, as save number ``seq``."""
        return [
            self._request("POST", attempt, "submit", {"seq": seq, "answers": self.key})
            for attempt in self.attempts
        ]

    def lost(self) -> int:
        """Return how many attempts are not closed with exactly the answers that were handed in."""
        with reading(self.services.database) as session:
            sheets = session.execute(select(ExamSheet.is_open, ExamSheet.answers)).all()
            graded = session.scalars(select(ExamAttempt.passed)).all()
        whole = sum(not is_open and json.loads(answers) == self.key for is_open, answers in sheets)
        return len(self.attempts) - min(whole, sum(passed is True for passed in graded))

    def saved(self, seq: int) -> int:
        """Return how many sheets stand at save number ``seq``."""
        with reading(self.services.database) as session:
            return sum(one == seq for one in session.scalars(select(ExamSheet.seq)))

    def _request(self, method: str, attempt: str, verb: str, body: dict[str, object]) -> bytes:
        account = self.attempts[attempt]
        data = json.dumps(body, separators=(",", ":"))
        head = (
            f"{method} {_PREFIX}{attempt}/{verb} HTTP/1.1",
            "Host: 127.0.0.1",
            f"User-Agent: {AGENT}",
            "Content-Type: application/json",
            f"{ACCOUNT_HEADER}: {account}",
            f"{HEADER}: {make_token(self.services, account)}",
            f"Content-Length: {len(data)}",
        )
        return ("\r\n".join(head) + "\r\n\r\n" + data).encode()


def open_attempts(services: Services, number: int) -> Sitting:
    """Begin ``number`` attempts of invented people on a paper of fifty questions."""
    school = open_school(services, trainees=number)
    with tempfile.TemporaryDirectory() as folder:
        fill_bank(services, Path(folder), each=QUESTIONS)
    service.publish_blueprint(
        services, school.class_id, service.default_blueprint(services, school.class_id, QUESTIONS)
    )
    (first, enrolment), *others = school.trainees.items()
    service.unlock(services, school.class_id, enrolment)
    attempt = service.start(
        services,
        class_id=school.class_id,
        enrolment_id=enrolment,
        sitter=Sitter(first, "127.0.0.1", AGENT),
    )
    attempts = {attempt: first}
    rows = [
        {
            "b_account": account,
            "b_enrolment": enrolled,
            "b_attempt": services.ids.new(),
            "b_stream": enrolment_stream(enrolled),
        }
        for account, enrolled in others
    ]
    attempts |= {row["b_attempt"]: row["b_account"] for row in rows}
    with transaction(services.database) as session:
        for model, named in _COPIED.items():
            mine = select(table(model))
            if model is Stream:
                mine = mine.where(Stream.stream == enrolment_stream(enrolment))
            pattern = dict(session.execute(mine).mappings().one())
            values = {**pattern, **{column: bindparam(name) for column, name in named.items()}}
            if rows:
                session.execute(insert(table(model)).values(values), rows)
        paper = json.loads(session.scalars(select(ExamPaper.questions)).first() or b"")
    return Sitting(services, school.class_id, attempts, dict(_right(paper)))


_COPIED = {
    Stream: {"stream": "b_stream"},
    ExamUnlock: {"enrolment_id": "b_enrolment"},
    ExamAttempt: {"enrolment_id": "b_enrolment", "id": "b_attempt"},
    ExamPaper: {"attempt_id": "b_attempt"},
    ExamSheet: {"enrolment_id": "b_enrolment", "attempt_id": "b_attempt", "account": "b_account"},
}


def _right(paper: list[dict[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each question's right answer; of a typed one the first that is accepted."""
    for number, question in enumerate(paper, 1):
        key = question["key"]
        if question["kind"] == "numeric":
            key = [key[0][0]]
        elif question["kind"] == "fill_in":
            key = key[:1]
        yield str(number), key
