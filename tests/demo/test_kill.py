"""kill -9 of the whole platform, as the demo serves it: threads, scheduler, signer, embedded database."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lmscompliance import Compliance
from lmscompliance.demo.client import Browser
from lmscompliance.demo.exam import AnswerSheet
from lmscompliance.demo.platform import create_app
from lmscompliance.demo.running import CODE
from lmscompliance.demo.watching import Lesson, Sitting
from lmscompliance.evidence.fsck import fsck
from lmscompliance.exams.service import attempt_facts
from lmscompliance.learning.service import session_facts
from lmscompliance.ledgers.service import export
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.verifier import verify
from tests.demo import site
from tests.demo.quick import write_policy
from tests.support.patience import PATIENCE_SECONDS

SECONDS = 3
TERMS = {
    "hours.min_average_minutes": '"0.05"',
    "hours.minutes_per_class_hour": '"0.05"',
    "credit.beat_seconds": "1",
    "credit.max_gap_seconds": "600",  # a restart takes some seconds
    "credit.segment_seconds": "2",
}
ENOUGH = 12
GONE = (OSError, http.client.HTTPException)


class Network:
    """Carries a browser's requests over a socket: a WSGI callable in front, HTTP behind."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, environ, start_response):
        """Forward one request; raises what the socket raises when nobody answers any more."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE_SECONDS)
        try:
            headers = {
                "Content-Type": environ.get("CONTENT_TYPE", ""),
                "Cookie": environ.get("HTTP_COOKIE", ""),
                "User-Agent": environ["HTTP_USER_AGENT"],
                "X-Compliance-CSRF": environ.get("HTTP_X_COMPLIANCE_CSRF", ""),
            }
            body = environ["wsgi.input"].read()
            connection.request(environ["REQUEST_METHOD"], environ["PATH_INFO"], body, headers)
            answer = connection.getresponse()
            start_response(str(answer.status), answer.getheaders())
            return [answer.read()]
        finally:
            connection.close()


@dataclass
class Person:
    """One trainee at one device, and everything the server has acknowledged to them."""

    login: str
    network: Network
    lessons: list[Lesson]
    browser: Browser = None
    beats: list[int] = field(default_factory=list)
    sitting: Sitting = None
    attempt: str = ""
    items: list[dict] = field(default_factory=list)
    seq: int = 0
    answers: dict = field(default_factory=dict)
    unsure: dict | None = None
    failure: BaseException | None = None

    def arrive(self, code: str) -> None:
        """Sign in and activate."""
        self.browser = Browser(self.network, "127.0.0.1", f"device of {self.login}")
        self.browser.get("/login")
        self.browser.form("/login", {"login": self.login, "password": "demo"})
        self.browser.get("/compliance/activate")
        self.browser.form("/compliance/activate", {"code": code, "consent": "yes"})

    def open(self, lesson: Lesson) -> None:
        """Begin a lesson."""
        self.sitting = Sitting(self.browser, lesson)

    def beat(self) -> None:
        """Report as a page does that plays, and remember what was acknowledged."""
        assert self.sitting.beat() == "active"
        self.beats.append(self.sitting._seq)

    def study(self) -> None:
        """Beat on and on, faster than any page would."""
        self.open(self.lessons[0])
        while True:
            self.sitting.position_ms += 20
            self.beat()
            time.sleep(0.02)

    def learn_everything(self) -> None:
        """Watch every lesson in real time."""
        for lesson in self.lessons:
            self.open(lesson)
            begun = time.monotonic()
            while self.sitting.position_ms < SECONDS * 1000 + 500:
                time.sleep(0.5)
                self.sitting.position_ms = int((time.monotonic() - begun) * 1000)
                self.beat()
            self.sitting.end()

    def sit_exam(self) -> None:
        """Learn, begin the exam, and change one's mind about the answers again and again."""
        self.learn_everything()
        class_id = self.lessons[0].class_id
        self.browser.get(f"/compliance/classes/{class_id}/exam")
        path = f"/compliance/api/exams/{class_id}/attempts"
        opened = self.browser.send_json("POST", path, {}, 201).data
        self.attempt, self.items, self.seq = opened["attempt"], opened["items"], opened["seq"]
        choices = [item for item in self.items if item["kind"] == "single"]
        while True:
            item = choices[self.seq % len(choices)]
            self.save({str(item["no"]): [self.seq % len(item["options"])]})
            time.sleep(0.02)

    def save(self, answers: dict) -> None:
        """Save some answers and remember them as acknowledged once they are."""
        self.unsure = answers
        path = f"/compliance/api/attempts/{self.attempt}/answers"
        self.browser.send_json("PUT", path, {"seq": self.seq + 1, "answers": answers}, 200)
        self.seq += 1
        self.answers |= answers
        self.unsure = None

    def until_it_ends(self, act) -> threading.Thread:
        """Do something in a thread of its own until the server is gone."""

        def run() -> None:
            try:
                act()
            except GONE:
                return
            except BaseException as error:  # noqa: BLE001  # shown by the test, not lost with the thread
                self.failure = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread


def test_kill_9_of_the_platform_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """While two learn, two sit the exam and the log is being sealed it dies; after the restart all go on."""
    running = site.begin(tmp_path / "data", write_policy(tmp_path / "policies", TERMS), SECONDS)
    compliance = Compliance()
    app = create_app(running.data_dir, compliance, running.policy_dir)
    services = compliance.services(app)
    with reading(services.database) as session:
        class_id = queries.class_by_code(session, CODE).id
        lessons = [Lesson(class_id, one.id, SECONDS) for one in queries.lessons(session, class_id)]
    network = Network("")
    people = [Person(f"trainee{number}", network, lessons) for number in range(1, 5)]
    learners, examinees = people[:2], people[2:]

    with site.served(running) as (network.address, server):
        for one in people:
            one.arrive(running.codes[one.login])
        threads = [one.until_it_ends(one.study) for one in learners]
        threads += [one.until_it_ends(one.sit_exam) for one in examinees]
        _wait(lambda: all(one.failure or len(one.beats) > ENOUGH for one in learners))
        _wait(lambda: all(one.failure or one.seq > ENOUGH for one in examinees))
        assert [one.failure for one in people] == [None] * len(people)
        # The signer's mark moves after a head is signed and before it is published.
        mark = running.data_dir / "signer" / "checkpoint"
        before = mark.stat().st_ino
        _wait(lambda: mark.stat().st_ino != before, every=0)
        os.kill(server.pid, signal.SIGKILL)
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        assert [one.failure for one in people] == [None] * len(people)

    with site.served(running) as (network.address, server):
        for one in learners:
            one.sitting._seq -= 1  # the one in flight may not have arrived: it is sent again, as a page does
            one.beat()
            one.sitting.end()
        for one in examinees:
            state = one.browser.get(f"/compliance/api/attempts/{one.attempt}").data
            in_flight = one.unsure is not None and state["seq"] == one.seq + 1
            assert state["seq"] == one.seq + in_flight
            assert state["answers"] == one.answers | (one.unsure if in_flight else {})
            one.seq = state["seq"]
            sheet = AnswerSheet(list(running.bank.values()))
            right = {str(item["no"]): sheet.answer(item, rightly=True) for item in one.items}
            path = f"/compliance/api/attempts/{one.attempt}/submit"
            told = one.browser.send_json("POST", path, {"seq": one.seq + 1, "answers": right}, 200).data
            assert told["score"] == "100"
        os.kill(server.pid, signal.SIGKILL)  # no sooner said than gone

    compliance.run_jobs(app)
    _everything_acknowledged_is_there(services, class_id, people)
    signer = compliance.signer(app)
    done = export(services, signer, class_id, tmp_path / "out")
    assert verify(done.bundle, done.trust.read_text(encoding="utf-8")).verdict == "valid"
    with reading(services.database) as session:
        assert fsck(session, services, [signer.vkey]).problems == []
    services.database.dispose()


def _everything_acknowledged_is_there(services: Services, class_id: str, people: list[Person]) -> None:
    with reading(services.database) as session:
        enrolled = {one.login: queries.enrolment_of(session, class_id, one.login).id for one in people}
        facts = session_facts(session, class_id, enrolled.values())
        attempts = attempt_facts(session, class_id, enrolled.values())
    for one in people:
        sessions = facts[enrolled[one.login]]
        assert all(fact.closed_us is not None for fact in sessions)
        if one.attempt:
            assert len(sessions) == len(one.lessons)
            (attempt,) = attempts[enrolled[one.login]]
            assert (attempt.passed, attempt.score) == (True, 100)
        else:
            (fact,) = sessions
            kept = {beat.seq for segment in fact.segments for beat in segment.beats}
            assert set(one.beats) <= kept
            assert attempts[enrolled[one.login]] == []


def _wait(what, every: float = 0.05) -> None:
    until = time.monotonic() + 4 * PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < until
        time.sleep(every)
