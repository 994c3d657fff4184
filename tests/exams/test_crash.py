"""Killing the server in the middle of an exam loses no save and no hand-in that it had acknowledged."""

from __future__ import annotations

import http.client
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from lmscompliance.exams import service
from lmscompliance.exams.models import ExamAttempt, ExamSheet
from lmscompliance.extension.periodic import PROMPT_LEASE_SECONDS
from lmscompliance.jobs import leases
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.web.csrf import HEADER, make_token
from tests.exams.hall import Hall, open_hall
from tests.learning.crash_server import JOBS, to_be_killed
from tests.support.app import ACTOR_HEADER
from tests.support.patience import PATIENCE_SECONDS

TRAINEES = 6
ENOUGH = 25
CLASS = 24


class _Page(threading.Thread):
    """Somebody's page: answers again and again as fast as saves are acknowledged, until the server is gone.

    ``answer`` is what the last acknowledged save said, ``unsure`` what was under way when it all ended.
    """

    def __init__(
        self, hall: Hall, port: int, account: str, attempt: str, *, hands_in: bool, saves: int = ENOUGH
    ) -> None:
        super().__init__(daemon=True)
        self.port, self.account, self.attempt = port, account, attempt
        self.hands_in, self.saves = hands_in, saves
        actor = {"account": account, "role": "trainee", "enterprise": None, "districts": [], "locale": "en"}
        self.headers = {
            "Content-Type": "application/json",
            ACTOR_HEADER: json.dumps(actor),
            HEADER: make_token(hall.services, account),
        }
        self.seq = 0
        self.answers: dict[str, list[int]] = {}
        self.unsure: tuple[str, list[int]] | None = None
        self.result: dict | None = None
        self.enough = threading.Event()

    def run(self) -> None:
        """Save until the server is gone, or hand in after enough saves."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            while True:
                number, answer = str(4 + self.seq % 7), [self.seq % 4]
                self.unsure = (number, answer)
                body = json.dumps({"seq": self.seq + 1, "answers": {number: answer}})
                path = f"/compliance/api/attempts/{self.attempt}"
                handing_in = self.hands_in and self.seq == self.saves
                if handing_in:
                    connection.request("POST", f"{path}/submit", body, self.headers)
                else:
                    connection.request("PUT", f"{path}/answers", body, self.headers)
                response = connection.getresponse()
                told = json.loads(response.read())
                assert response.status == 200, told
                self.seq += 1
                self.answers[number] = answer
                self.unsure = None
                if handing_in:
                    self.result = told
                if handing_in or (not self.hands_in and self.seq >= self.saves):
                    self.enough.set()
                if handing_in:
                    return
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return

    def compare(self, hall: Hall) -> None:
        """Compare the stored sheet with what was acknowledged."""
        # At most the one request in flight was kept without its acknowledgement getting through.
        allowed = [self.answers]
        if self.unsure:
            allowed.append({**self.answers, self.unsure[0]: self.unsure[1]})
        assert json.loads(hall.sheet(self.attempt).answers) in allowed


def test_kill_9_during_an_exam_loses_nothing_acknowledged(services, clock: ManualClock, tmp_path: Path):
    """After kill -9 every acknowledged answer and result is there; the rest closes at its deadline."""
    clock.set(datetime.now(UTC))
    hall = open_hall(services, tmp_path / "bank", trainees=TRAINEES)
    attempts = {account: hall.start(account) for account in hall.school.trainees}
    with to_be_killed(services, tmp_path / "data") as port:
        pages = {
            account: _Page(hall, port, account, attempt, hands_in=place % 3 == 0)
            for place, (account, attempt) in enumerate(attempts.items())
        }
        for page in pages.values():
            page.start()
        for page in pages.values():
            assert page.enough.wait(PATIENCE_SECONDS)
    for page in pages.values():
        page.join(PATIENCE_SECONDS)

    for page in pages.values():
        page.compare(hall)
        assert hall.sheet(page.attempt).is_open is (page.result is None)

    clock.set(datetime.now(UTC) + timedelta(hours=2))
    assert service.close_overdue(services) == sum(page.result is None for page in pages.values())
    for account, page in pages.items():
        closed = hall.paper(attempts[account], account)
        if page.result is not None:
            assert str(closed.result.score) == page.result["score"]
        told = [leaf.t for leaf in hall.told(account)]
        assert told == ["exam.unlocked", "attempt.opened", "attempt.submitted", "attempt.graded"]


@pytest.mark.parametrize("killed_while_closing", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_kill_9_while_everybody_hands_in(services, clock: ManualClock, tmp_path: Path, killed_while_closing):
    """What was acknowledged is there; what time ran out on, the next server closes by itself."""
    clock.set(datetime.now(UTC))
    hall = open_hall(services, tmp_path / "bank", trainees=CLASS)
    attempts = {account: hall.start(account) for account in hall.school.trainees}
    with to_be_killed(services, tmp_path / "data") as port:
        pages = [
            _Page(hall, port, account, attempt, hands_in=True, saves=2 + place % 7)
            for place, (account, attempt) in enumerate(attempts.items())
        ]
        for page in pages:
            page.start()
        while sum(page.enough.is_set() for page in pages) < CLASS // 3 and any(map(_Page.is_alive, pages)):
            pages[0].join(0.01)
    for page in pages:
        page.join(PATIENCE_SECONDS)
        page.compare(hall)
        if page.result is not None:
            told = hall.paper(page.attempt, page.account).result
            assert (str(told.score), told.closed_by) == (page.result["score"], "trainee")

    # An hour passes without a server; nobody comes back to look.
    with transaction(services.database) as session:
        for table in (ExamSheet, ExamAttempt):
            session.execute(update(table).values(deadline_at=datetime.now(UTC) - timedelta(seconds=1)))
    if killed_while_closing:
        leases.acquire(services, "periodic/exams.close_overdue", seconds=PROMPT_LEASE_SECONDS)
    restarted = time.monotonic()
    with to_be_killed(services, tmp_path / "data", JOBS):
        while still_open(services) and time.monotonic() < restarted + 2 * PATIENCE_SECONDS:
            time.sleep(0.05)
        assert still_open(services) == 0
    for page in pages:
        page.compare(hall)
        told = [leaf.t for leaf in hall.told(page.account)]
        assert told == ["exam.unlocked", "attempt.opened", "attempt.submitted", "attempt.graded"]


def still_open(services) -> int:
    """Return how many attempts are open."""
    with reading(services.database) as session:
        return session.scalar(select(func.count()).select_from(ExamSheet).where(ExamSheet.is_open))
