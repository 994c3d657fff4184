"""When the server asks, what it asks, and what it keeps of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from lmscompliance import Compliance, FaceCheck, PresenceMethod, SmsCode
from lmscompliance.kernel.errors import Conflict, InvalidInput, Misconfigured
from lmscompliance.learning.models import OpenSession
from lmscompliance.learning.presence import grants, service
from lmscompliance.learning.presence.models import PresenceCheck
from lmscompliance.learning.presence.service import Standing
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from tests.learning import attention
from tests.learning.bank import fill
from tests.learning.school import Player, School, open_school
from tests.support.app import administrator, client_for, make_app, trainee

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def school(services: Services) -> School:
    """Return a class whose lessons outlast several checks, however late the moments fall that are drawn.

    Time past a lesson's length is excluded for that reason first: nothing would be left for a check to void.
    """
    return open_school(services, lesson_seconds=4 * 3600)


def _absent(school: School, lesson: int = 0) -> Player:
    """Return somebody who plays but answers nothing."""
    player = Player(school, school.start(lesson=lesson))
    player.attentive = False
    return player


def _asked(player: Player) -> Standing:
    """Play on until a check is open."""
    while player.play(60).presence != "due":
        pass
    return service.current(player.services, player.started.token)


def test_a_check_comes_within_the_policys_interval_and_not_sooner(school: School) -> None:
    """Its moment lies between the two bounds, give or take the beat that raises it."""
    player = _absent(school)
    _asked(player)
    (check,) = school.checks()
    (fact,) = school.facts()
    assert 600 <= (check.issued_us - fact.opened_us) / 1e6 <= 1800 + 60
    assert (check.until_us - check.issued_us) / 1e6 == 60


def test_the_moment_is_drawn_once_and_kept_with_the_open_session(school: School) -> None:
    """Beats, a reload and a restart read the same moment; what is left is carried into the next session."""
    player = _absent(school)

    def moment():
        with reading(school.services.database) as session:
            return session.scalars(select(OpenSession.check_at)).one()

    drawn = moment()
    player.play(300)
    assert moment() == drawn
    player.end()
    left = drawn - school.services.clock.now()
    school.services.clock.advance(5000)
    again = _absent(school)
    assert moment() - school.services.clock.now() == left
    again.end()


def test_the_question_is_of_the_lessons_topic_and_not_asked_again(school: School) -> None:
    """Questions of other topics never come, and none comes twice before all were asked."""
    fill(school.services)
    player = Player(school, school.start())
    player.play(3 * 3600)
    with reading(school.services.database) as session:
        rows = session.scalars(select(PresenceCheck).order_by(PresenceCheck.number)).all()
    sources = [row.source for row in rows]
    assert len(rows) >= 5
    assert {row.method for row in rows} == {"question"}
    assert len(set(sources[:5])) == 5
    assert school.account().excluded.get("presence_missed", 0) == 0


@SQLITE
def test_without_a_confirmed_question_of_the_topic_a_sum_is_asked(school: School) -> None:
    """An empty bank does not leave a class unchecked."""
    shown = _asked(_absent(school)).check
    assert shown is not None
    assert (shown.method, shown.form) == ("arithmetic", "text")


def test_each_step_is_a_leaf_and_what_was_asked_is_only_disclosed(school: School) -> None:
    """Issued, answered and missed are entries of the trainee's stream without a personal value."""
    player = _absent(school)
    _asked(player)
    attention.answer(school.services, player.started.token)
    _asked(player)
    school.services.clock.advance(61)
    assert service.close_unanswered(school.services) == 1
    assert service.close_unanswered(school.services) == 0
    leaves = [leaf for leaf in school.leaves() if leaf.t.startswith("presence.")]
    assert [leaf.t for leaf in leaves] == [
        "presence.issued",
        "presence.answered",
        "presence.issued",
        "presence.missed",
    ]
    assert leaves[0].d.keys() == {"question"}
    assert leaves[1].d.keys() == {"ip", "agent", "answer"}
    assert [leaf.body["number"] for leaf in leaves if leaf.t == "presence.issued"] == [0, 1]


def test_a_make_up_in_time_restores_and_the_number_a_day_is_bounded(school: School) -> None:
    """A miss can be made up so many times a day; then the next check alone helps."""
    player = _absent(school)
    _asked(player)
    token = player.started.token
    with pytest.raises(Conflict) as nothing:
        attention.answer(school.services, token)
        service.ask(school.services, token)
    assert nothing.value.code == "learning.nothing_missed"
    _asked(player)
    stands = attention.answer(school.services, token, right=False)
    assert (stands.standing, stands.make_ups_left) == ("missed", 4)
    for _ in range(3):
        assert service.ask(school.services, token).check is not None
        stands = attention.answer(school.services, token, right=False)
    assert school.account().excluded["presence_missed"] > 0
    service.ask(school.services, token)
    assert attention.answer(school.services, token).standing == ""
    assert school.account().excluded.get("presence_missed", 0) == 0
    _asked(player)
    attention.answer(school.services, token, right=False)
    with pytest.raises(Conflict) as used:
        service.ask(school.services, token)
    assert used.value.code == "learning.make_ups_used"


@SQLITE
def test_nobody_is_asked_while_the_lesson_is_paused(school: School) -> None:
    """Whoever stops the video and leaves misses nothing."""
    player = _absent(school)
    for _ in range(40):
        player.clock.advance(60)
        player.beat("paused")
    assert school.checks() == []


@SQLITE
def test_no_more_checks_come_by_themselves_than_the_policy_says_for_a_day(school: School) -> None:
    """After the day's number the next one comes on the following day."""
    _with_terms(school, per_day=2)
    player = Player(school, school.start())
    player.play(6 * 3600)
    assert len(school.checks()) == 2
    player.play(12 * 3600)
    assert len(school.checks()) > 2


def _with_terms(school: School, **changes: int) -> None:
    """Put the class under other presence terms before anybody has learnt."""
    from lmscompliance.learning import limits

    held_to = limits.of_class(school.services, school.class_id)
    known = limits._remembered[school.services.database]
    known[school.class_id] = replace(held_to, presence=replace(held_to.presence, **changes))


@SQLITE
def test_staff_grant_more_time_with_a_reason_that_is_recorded(school: School) -> None:
    """The next check gives the longer time; without a reason nothing changes."""
    enrolment = school.trainees["trainee-1"]
    app = make_app(school.services)
    path = f"/compliance/classes/{school.class_id}/trainees/{enrolment}/presence"
    client = client_for(app, administrator())
    assert client.post(path, data={"granted": "yes", "reason": " "}).status_code == 422
    assert client.post(path, data={"granted": "yes", "reason": "使用读屏软件"}).status_code in {302, 303}
    assert client_for(app, trainee()).post(path, data={"granted": "yes", "reason": "x"}).status_code == 403
    player = _absent(school)
    shown = _asked(player).check
    assert shown is not None
    assert (shown.seconds, shown.longer) == (240, True)
    (leaf,) = [leaf for leaf in school.leaves() if leaf.t == "presence.accommodation"]
    assert leaf.body["granted"] is True
    assert leaf.d.keys() == {"reason", "actor"}


class Gateway:
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, phone: str, code: str) -> None:
        """Keep it."""
        self.sent.append((phone, code))


class Comparer:
    """Knows one face."""

    def same_person(self, enrolment_id: str, photo: bytes) -> bool:
        """Compare."""
        if photo == b"broken":
            raise OSError
        return photo == b"face"


def _with_methods(school: School, *methods: PresenceMethod) -> School:
    services = replace(school.services, presence={one.name: one for one in methods})
    school = replace(school, services=services)
    _with_terms(school, methods=(*(one.name for one in methods), "arithmetic"))
    return school


@SQLITE
def test_a_code_is_sent_after_the_check_is_durable_and_passes(school: School, monkeypatch) -> None:
    """The code goes to the registered phone; the null gateway sends nothing and says so loudly."""
    gateway = Gateway()
    school = _with_methods(school, SmsCode(gateway))
    known = SimpleNamespace(phone="13800000000")
    monkeypatch.setattr("lmscompliance.learning.presence.posing.open_person", lambda *_: known)
    player = _absent(school)
    shown = _asked(player).check
    assert shown is not None
    assert (shown.form, shown.text) == ("code", "")
    ((phone, code),) = gateway.sent
    assert phone == "13800000000"
    from tests.learning.school import PHONE

    assert service.answer(school.services, player.started.token, shown.id, [code], PHONE).standing == ""


def test_the_null_gateway_warns_loudly(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever configures no gateway hears of it at once and with each code."""
    from lmscompliance.learning.presence.sms import NullSms

    with caplog.at_level(logging.WARNING):
        SmsCode()
        NullSms().send("13800000000", "123456")
    assert "no gateway" in caplog.text
    assert "NOT sent" in caplog.text
    assert "13800000000" not in caplog.text


@SQLITE
def test_a_face_is_asked_for_only_with_a_consent_of_its_own_and_never_kept(school: School) -> None:
    """Without consent the next way asks; with it the photo is compared and left out of the evidence."""
    face = FaceCheck(Comparer(), consent="1", consent_text="同意人脸比对")
    school = _with_methods(school, face)
    player = _absent(school)
    first = _asked(player).check
    assert first is not None
    assert first.method == "arithmetic"
    attention.answer(school.services, player.started.token)
    client = client_for(make_app(school.services), trainee())
    path = f"/compliance/classes/{school.class_id}/presence"
    assert client.post(path, data={"method": "face", "agree": "yes"}).status_code in {302, 303}
    second = _asked(player).check
    assert second is not None
    assert (second.method, second.form) == ("face", "photo")
    import base64

    from tests.learning.school import PHONE

    for photo in (b"broken", b"other"):
        assert not face.passes(None, None, [base64.b64encode(photo).decode()])
    given = [base64.b64encode(b"face").decode()]
    assert service.answer(school.services, player.started.token, second.id, given, PHONE).standing == ""
    answered = [leaf for leaf in school.leaves() if leaf.t == "presence.answered"][-1]
    assert "answer" not in answered.d
    client.post(path, data={"method": "face", "agree": "no"})
    third = _asked(player).check
    assert third is not None
    assert third.method == "arithmetic"
    with pytest.raises(InvalidInput):
        grants.consent(school.services, trainee(), school.class_id, "question", agree=True)


def test_a_face_check_without_a_consent_text_is_refused() -> None:
    """Nobody can plug faces in and forget to ask."""
    with pytest.raises(ValueError, match="consent"):
        FaceCheck(Comparer(), consent="", consent_text="")


def test_two_methods_of_one_name_are_refused(tmp_path) -> None:
    """A host hears of it at start-up."""
    from flask import Flask

    app = Flask("host")
    app.config.update(SECRET_KEY="x", COMPLIANCE_DATA_DIR=tmp_path)
    with pytest.raises(Misconfigured) as twice:
        Compliance(presence=[SmsCode(Gateway()), SmsCode(Gateway())]).init_app(app, actor_loader=lambda: None)
    assert twice.value.code == "extension.presence_twice"
