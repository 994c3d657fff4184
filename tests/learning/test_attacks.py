"""Published tricks against learning platforms, played over the real HTTP interface: what each one earns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lmscompliance.learning.presence import service as presence
from tests.learning import attention
from tests.learning.lanes import HTTP_LANES, app_with
from tests.learning.school import LESSON_SECONDS, School
from tests.support.app import client_for, trainee

API = "/compliance/api"
LONGEST_UNPROVEN = 1800
"""``presence.max_interval_seconds`` of the house."""

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Script:
    """A program with a trainee's password: it speaks HTTP and is no browser."""

    school: School
    client: FlaskClient
    address: str = "203.0.113.66"
    token: str = ""
    nonce: str = ""
    seq: int = 0
    told: list[str] = field(default_factory=list)
    """What it was told of presence, beat by beat."""

    def start(self, lesson: int = 0, *, takeover: bool = False) -> None:
        """Open a session."""
        body = {"lesson_id": self.school.lessons[lesson], "takeover": takeover}
        given = self.client.post(f"{API}/sessions", json=body).json
        self.token, self.nonce, self.seq = given["token"], given["nonce"], 0

    def beat(self, position: float, *, state: str = "playing", seq: int | None = None) -> dict[str, object]:
        """Post a beat with the position in seconds, and read the answer as the tracker does."""
        self.seq = seq or self.seq + 1
        answer = self._post("beats", self._sent(position, state))
        if answer["state"] == "active":
            self.nonce = answer["nonce"]
        self.told.append(answer.get("presence", ""))
        return answer

    def end(self, position: float) -> None:
        """Close the session."""
        self.seq += 1
        self._post("sessions/end", self._sent(position, "paused"))

    def _sent(self, position: float, state: str) -> dict[str, object]:
        return {
            "token": self.token,
            "seq": self.seq,
            "position_ms": round(position * 1000),
            "state": state,
            "nonce": self.nonce,
        }

    def _post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        there = {"REMOTE_ADDR": self.address}
        answer = self.client.application.test_client().post(f"{API}/{path}", json=body, environ_base=there)
        assert answer.status_code == 200, answer.text
        return answer.json

    def play(self, minutes: int, position: float = 0, *, speed: float = 1, answering: bool = False) -> float:
        """Post a faultless beat each minute; return the position it got to."""
        for _ in range(minutes):
            self.school.services.clock.advance(60)
            position += 60 * speed
            if self.beat(position).get("presence") == "due" and answering:
                attention.answer(self.school.services, self.token)
        return position


@pytest.fixture(params=HTTP_LANES)
def app(request: pytest.FixtureRequest, school: School) -> Flask:
    """Return a host app with and without the lane in front of Flask."""
    return app_with(request.param, school.services)


@pytest.fixture
def script(school: School, app: Flask) -> Iterator[Script]:
    """Return a program that acts for the first trainee."""
    return Script(school, client_for(app, trainee("trainee-1")))


def test_jumping_to_the_last_second_earns_nothing(school: School, script: Script) -> None:
    """``duration - 1`` is too fast once and then stands still: not a second of the lesson counts."""
    script.start()
    for _ in range(30):
        school.services.clock.advance(60)
        script.beat(LESSON_SECONDS - 1)
    account = school.account()
    assert account.credited_seconds == 0
    assert {"too_fast", "paused"} <= account.excluded.keys()


@pytest.mark.parametrize("speed", [1.5, 3, 16])
def test_playing_faster_earns_nothing_at_all(school: School, script: Script, speed: float) -> None:
    """At three times the speed a lesson is over in a third of the time, and none of it counts."""
    script.start()
    script.play(8, speed=speed)
    account = school.account()
    assert (account.credited_seconds, account.excluded) == (0, {"too_fast": 480})


def test_forged_deltas_earn_the_clock_and_no_more(school: School, script: Script) -> None:
    """A thousand beats that claim a minute each, sent within one second, earn nothing."""
    script.start()
    for number in range(1000):
        school.services.clock.advance(0.001)
        script.beat(60 * (number + 1))
    assert school.account().credited_seconds == 0
    assert school.account().wall_seconds == 1


def test_replayed_beats_add_nothing_to_the_minute_they_copy(school: School, script: Script) -> None:
    """One honest minute, recorded and posted again for half an hour, stays one minute."""
    script.start()
    script.play(1)
    for _ in range(30):
        school.services.clock.advance(60)
        script.beat(60, seq=1)
    assert school.account().credited_seconds == 60


def test_beats_that_read_no_answer_earn_nothing(school: School, script: Script) -> None:
    """A loop that posts numbers and positions but not what it was last told counts for nothing."""
    script.start()
    for number in range(8):
        school.services.clock.advance(60)
        script.nonce = ""
        script.beat(60 * (number + 1))
    account = school.account()
    assert (account.credited_seconds, account.excluded) == (0, {"unanswered": 480})


def test_a_faultless_program_that_answers_no_check_earns_nothing(school: School, script: Script) -> None:
    """Two hours of perfect beats: from the first missed check on everything is void, also backwards."""
    for lesson in range(4):
        script.start(lesson)
        script.end(script.play(30))
    presence.close_unanswered(school.services)
    account = school.account()
    assert account.credited_seconds == 0
    assert account.excluded["presence_missed"] == 4 * LESSON_SECONDS


def test_leaving_before_each_check_is_no_way_around(school: School, script: Script) -> None:
    """Sessions shorter than the least interval: what is left until the check is carried along."""
    position = 0.0
    for _ in range(8):
        script.start()
        position = script.play(9, position)
        script.end(position)
        school.services.clock.advance(600)
    presence.close_unanswered(school.services)
    assert len(school.checks()) >= 1
    assert not any(check.passed for check in school.checks())
    assert school.account().credited_seconds == 0


def test_a_program_earns_at_most_up_to_its_first_check(school: School, script: Script) -> None:
    """As long as no check was due its time stands unproven; it is never longer than the longest interval."""
    script.start()
    seen = 0
    while not script.told or script.told[-1] != "due":
        script.play(1, position=60.0 * seen)
        seen += 1
    assert 60 * seen <= LONGEST_UNPROVEN + 60
    assert school.account().credited_seconds in {60 * seen, LESSON_SECONDS}
    script.play(2, position=60.0 * seen)
    assert school.account().credited_seconds == 0


def test_every_option_in_a_row_is_one_answer(school: School, script: Script) -> None:
    """The first answer decides; trying the others is refused and the check was failed."""
    script.start()
    while "due" not in script.told:
        script.play(1, position=60.0 * len(script.told))
    check = presence.current(school.services, script.token).check
    assert check is not None
    tries = [
        script.client.post(
            f"{API}/presence/answer", json={"token": script.token, "check": check.id, "answer": [str(number)]}
        )
        for number in range(200)
    ]
    assert [one.status_code for one in tries] == [200] + [409] * 199
    assert tries[0].json["standing"] == "missed"


def test_an_answer_after_the_time_is_none(school: School, script: Script) -> None:
    """Whoever has to look for somebody first is too late, by the server's clock."""
    script.start()
    while "due" not in script.told:
        script.play(1, position=60.0 * len(script.told))
    check = presence.current(school.services, script.token).check
    assert check is not None
    right = attention.right_answer(school.services, check.id)
    school.services.clock.advance(61)
    body = {"token": script.token, "check": check.id, "answer": right}
    late = script.client.post(f"{API}/presence/answer", json=body)
    assert late.json["standing"] == "missed"
    (fact,) = school.checks()
    assert (fact.passed, fact.decided_us) == (False, fact.until_us)


def test_a_check_is_not_escaped_by_taking_over(school: School, app: Flask, script: Script) -> None:
    """The second device is asked the same check, with the time that is left of it."""
    script.start()
    while "due" not in script.told:
        script.play(1, position=60.0 * len(script.told))
    before = presence.current(school.services, script.token).check
    other = Script(school, script.client, address="198.51.100.7")
    school.services.clock.advance(20)
    other.start(takeover=True)
    after = presence.current(school.services, other.token).check
    assert before is not None
    assert after is not None
    assert (after.id, after.seconds_left) == (before.id, before.seconds_left - 20)
    assert other.beat(0)["presence"] == "due"


def test_two_devices_earn_what_one_does(school: School, script: Script) -> None:
    """Both send faultless beats for half an hour; only the one that began later counts."""
    script.start(0)
    other = Script(school, script.client, address="198.51.100.7")
    other.start(1, takeover=True)
    for minute in range(30):
        school.services.clock.advance(60)
        script.beat(60 * (minute + 1))
        if other.beat(60 * (minute + 1)).get("presence") == "due":
            attention.answer(school.services, other.token)
    account = school.account()
    assert account.by_lesson(school.lessons[0]) == 0
    assert account.credited_seconds == account.by_lesson(school.lessons[1]) == LESSON_SECONDS
    assert account.excluded == {"overlap": LESSON_SECONDS}


def test_a_copied_token_on_another_host_earns_nothing_and_is_seen(school: School, script: Script) -> None:
    """The copy lacks the last answer: its time is void, the segment closes and its address is recorded."""
    script.start()
    position = script.play(5)
    copy = Script(school, script.client, address="192.0.2.99", token=script.token, seq=script.seq)
    for minute in range(5):
        school.services.clock.advance(60)
        copy.nonce = ""
        copy.beat(position + 60 * (minute + 1))
    account = school.account()
    assert (account.credited_seconds, account.excluded) == (300, {"unanswered": 300})
    (fact,) = school.facts()
    assert fact.segments[-2].closed_by == "address" or fact.segments[-1].n > 0


def test_the_answer_of_another_trainee_helps_nobody(school: School, script: Script) -> None:
    """A check is answered with its own trainee's token only."""
    script.start()
    while "due" not in script.told:
        script.play(1, position=60.0 * len(script.told))
    check = presence.current(school.services, script.token).check
    assert check is not None
    friend = Script(school, client_for(script.client.application, trainee("trainee-2")))
    friend.start(1)
    right = attention.right_answer(school.services, check.id)
    body = {"token": friend.token, "check": check.id, "answer": right}
    assert friend.client.post(f"{API}/presence/answer", json=body).status_code == 409


def test_an_attentive_trainee_loses_nothing(school: School, script: Script) -> None:
    """The same beats with the checks answered are credited to the second."""
    script.start()
    script.play(30, answering=True)
    assert school.account().credited_seconds == LESSON_SECONDS
