"""Killing the server in the middle of an exam loses no save and no hand-in that it had acknowledged."""

from __future__ import annotations

import http.client
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lmscompliance.exams import service
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.web.csrf import HEADER, make_token
from tests.exams.hall import Hall, open_hall
from tests.learning.crash_server import to_be_killed
from tests.support.app import ACTOR_HEADER

TRAINEES = 6
ENOUGH = 25


class _Page(threading.Thread):
    """Somebody's page: answers again and again as fast as saves are acknowledged, until the server is gone.

    ``answer`` is what the last acknowledged save said, ``unsure`` what was under way when it all ended.
    """

    def __init__(self, hall: Hall, port: int, account: str, attempt: str, *, hands_in: bool) -> None:
        super().__init__(daemon=True)
        self.port, self.attempt, self.hands_in = port, attempt, hands_in
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
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            while True:
                number, answer = str(4 + self.seq % 7), [self.seq % 4]
                self.unsure = (number, answer)
                body = json.dumps({"seq": self.seq + 1, "answers": {number: answer}})
                path = f"/compliance/api/attempts/{self.attempt}"
                handing_in = self.hands_in and self.seq == ENOUGH
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
                if handing_in or (not self.hands_in and self.seq >= ENOUGH):
                    self.enough.set()
                if handing_in:
                    return
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return


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
            assert page.enough.wait(60)
    for page in pages.values():
        page.join(20)

    kept = {account: json.loads(hall.sheet(attempt).answers) for account, attempt in attempts.items()}
    for account, page in pages.items():
        # At most the one save in flight was kept without its acknowledgement getting through.
        allowed = [page.answers]
        if page.unsure:
            allowed.append({**page.answers, page.unsure[0]: page.unsure[1]})
        assert kept[account] in allowed
        assert hall.sheet(attempts[account]).is_open is (page.result is None)

    clock.set(datetime.now(UTC) + timedelta(hours=2))
    assert service.close_overdue(services) == sum(page.result is None for page in pages.values())
    for account, page in pages.items():
        closed = hall.paper(attempts[account], account)
        if page.result is not None:
            assert str(closed.result.score) == page.result["score"]
        told = [leaf.t for leaf in hall.told(account)]
        assert told == ["exam.unlocked", "attempt.opened", "attempt.submitted", "attempt.graded"]
