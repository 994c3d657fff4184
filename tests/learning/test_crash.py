"""Killing the server in the middle of learning loses nothing it had acknowledged."""

from __future__ import annotations

import http.client
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lmscompliance.kernel.clock import ManualClock
from lmscompliance.learning import service, tokens
from lmscompliance.learning.service import Started
from tests.learning.crash_server import to_be_killed
from tests.learning.lanes import HTTP_LANES
from tests.learning.school import PHONE, School, open_school
from tests.support.patience import PATIENCE_SECONDS

TRAINEES = 6
ENOUGH = 40


class _Page(threading.Thread):
    """A page that beats as fast as it is answered and remembers each number the server acknowledged."""

    def __init__(self, port: int, started: Started) -> None:
        super().__init__(daemon=True)
        self.port, self.token, self.nonce = port, started.token, started.nonce
        self.acknowledged: list[int] = []
        self.last = 0
        self.enough = threading.Event()

    def run(self) -> None:
        """Beat until the server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            while True:
                self.last += 1
                body = {"token": self.token, "seq": self.last, "position_ms": self.last, "state": "playing"}
                body["nonce"] = self.nonce
                sent = json.dumps(body, separators=(",", ":"))
                headers = {"Content-Type": "application/json", "User-Agent": PHONE.agent}
                connection.request("POST", "/compliance/api/beats", sent, headers)
                answer = json.loads(connection.getresponse().read())
                assert answer.get("state") == "active", answer
                self.nonce = answer["nonce"]
                self.acknowledged.append(answer["seq"])
                if len(self.acknowledged) == ENOUGH:
                    self.enough.set()
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return


@pytest.mark.parametrize("lane", HTTP_LANES)
def test_every_acknowledged_beat_survives_kill_9(
    services, clock: ManualClock, tmp_path: Path, lane: str
) -> None:
    """After kill -9 the facts hold each acknowledged beat, and the normal path turns them into evidence."""
    clock.set(datetime.now(UTC))
    school = open_school(services, trainees=TRAINEES)
    started = {account: school.start(account) for account in school.trainees}
    with to_be_killed(services, tmp_path / "data", lane) as port:
        pages = {account: _Page(port, one) for account, one in started.items()}
        for page in pages.values():
            page.start()
        for page in pages.values():
            assert page.enough.wait(PATIENCE_SECONDS)
    for page in pages.values():
        page.join(PATIENCE_SECONDS)

    _every_acknowledged_beat_is_a_fact(school, pages)
    clock.set(datetime.now(UTC) + timedelta(hours=1))
    assert service.close_silent(services) == TRAINEES
    _every_acknowledged_beat_is_a_fact(school, pages)
    for account, page in pages.items():
        segments = [leaf for leaf in school.leaves(account) if leaf.t == "session.segment"]
        sealed = {beat[0] for leaf in segments for beat in leaf.body["beats"]}
        assert set(page.acknowledged) <= sealed
        assert segments[-1].body["closed_by"] == "timeout"
        assert school.leaves(account)[-1].body["segments"] == len(segments)


def _every_acknowledged_beat_is_a_fact(school: School, pages: dict[str, _Page]) -> None:
    for account, page in pages.items():
        (fact,) = school.facts(account)
        kept = {beat.seq for segment in fact.segments for beat in segment.beats}
        assert set(page.acknowledged) <= kept
        # At most the one beat in flight was kept without its answer getting through.
        assert kept <= {0, *page.acknowledged, page.last}


def test_a_token_survives_a_restart(services) -> None:
    """Tokens are signed, not remembered: another process reads what this one handed out."""
    claims = tokens.Claims("s" * 26, "e" * 26, "c" * 26)
    token = tokens.issue(services, claims)
    tokens._read.cache_clear()
    assert tokens.read(services, token) == claims
