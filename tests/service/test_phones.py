"""A trainee's way in by the phone of the roster."""

from __future__ import annotations

import io
import json
import logging
import threading
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance.evidence.models import Entry
from lmscompliance.learning.presence.sms import NullSms
from lmscompliance.service.models import PhoneCode, SecurityEvent
from lmscompliance.storage.transaction import reading
from lmscompliance.training.registration import import_roster
from tests.house.world import write_roster
from tests.service.house import PASSWORD, Browser, House
from tests.support.patience import PATIENCE_SECONDS
from tests.training.school import file_class

PHONE, OTHER = "13810000000", "13810000001"


@pytest.fixture
def tails(house: House, tmp_path: Path) -> list[str]:
    """File a class of two people and return the ends of their ID numbers."""
    file_class(house.services)
    roster = write_roster(tmp_path / "roster.csv", 1)
    import_roster(house.services, "K1", roster)
    rows = roster.read_text(encoding="utf-8").splitlines()[1:]
    return [row.split(",")[2][-4:] for row in rows]


def _ask(browser: Browser, phone: str, tail: str) -> str:
    return browser.post("/phone", phone=phone, tail=tail).text


def _redeem(browser: Browser, phone: str, tail: str, code: str, password: str = PASSWORD) -> int:
    sent = browser.post("/phone/code", page="/phone", phone=phone, tail=tail, code=code, password=password)
    return sent.status_code


def test_a_trainee_comes_in_by_phone_and_joins_by_consent(house: House, tails: list[str]) -> None:
    """The code opens an account; consent opens the class; the password opens it again elsewhere."""
    browser = house.browser()
    assert "验证码已发送" in _ask(browser, "+86 138 1000 0000", tails[0].lower())
    code = house.phones.last()
    assert house.phones.sent[0][0] == PHONE
    assert _redeem(browser, PHONE, tails[0], code) == 303
    page = browser.get("/join").text
    assert "“留苏优技”K1" in page
    class_id = page.split('name="class_id" value="')[1].split('"')[0]
    version = page.split('name="consent_version" value="')[1].split('"')[0]
    form = {"class_id": class_id, "consent_version": version}
    assert browser.post("/join", **form).status_code == 200  # not agreed to: asked again
    assert browser.get(f"/classes/{class_id}").status_code == 404
    browser.post("/join", **form, consent="yes")
    assert browser.get(f"/classes/{class_id}").status_code == 200
    with reading(house.services.database) as session:
        assert "trainee.activated" in session.scalars(select(Entry.type)).all()
    again = house.browser(agent="Phone/2")
    assert again.sign_in("138-1000-0000").status_code == 401  # a login is typed as it is
    assert again.sign_in(PHONE).status_code == 303
    assert again.get(f"/classes/{class_id}").status_code == 200
    assert again.get("/staff").status_code == 403
    copy = again.post("/mine/export", page="/mine")
    with zipfile.ZipFile(io.BytesIO(copy.data)) as archive:
        login = json.loads(archive.read("my-data.json"))["login"]
        page = archive.read("my-data.html").decode()
    assert {one["agent"] for one in login["sessions"]} == {"Phone/2", "Test/1"}
    assert {"phone.proved", "login.done"} <= {one["what"] for one in login["events"]}
    assert "198.51.100.7" in page
    assert "by_others" not in page


def test_a_code_works_once_for_one_person_and_not_for_long(house: House, tails: list[str]) -> None:
    """Neither again, nor for another, nor after ten minutes, nor after five wrong ones."""
    browser = house.browser()
    _ask(browser, PHONE, tails[0])
    code = house.phones.last()
    assert _redeem(browser, OTHER, tails[1], code) == 422
    assert _redeem(browser, PHONE, tails[0], code) == 303
    assert _redeem(house.browser(), PHONE, tails[0], code) == 422
    _ask(house.browser(), PHONE, tails[0])
    code = house.phones.last()
    house.clock.advance(600)
    assert _redeem(house.browser(), PHONE, tails[0], code) == 422
    _ask(house.browser(), OTHER, tails[1])
    code = house.phones.last()
    wrong = "000000" if code != "000000" else "111111"
    assert [_redeem(house.browser(), OTHER, tails[1], wrong) for _ in range(5)] == [422] * 5
    assert _redeem(house.browser(), OTHER, tails[1], code) == 422


def test_nobody_learns_who_is_registered(house: House, tails: list[str]) -> None:
    """A stranger's phone, and a registered one with another number, get a registered person's answer."""
    pages = []
    for phone, tail in ((PHONE, tails[0]), (PHONE, "000X"), ("13999999999", tails[0])):
        pages.append(_ask(house.browser(), phone, tail).split("<main")[1].split('name="phone"')[0])
        pages[-1] = pages[-1].split('name="csrf_token"')[0]
    assert pages[0] == pages[1] == pages[2]
    house.phones.last()
    assert len(house.phones.sent) == 1
    assert _redeem(house.browser(), "13999999999", tails[0], "123456") == 422


def test_messages_are_limited_and_leave_no_number_behind(house: House, tails: list[str]) -> None:
    """Three messages to a phone in a quarter of an hour; what is kept holds neither phone nor code."""
    statuses = [house.browser().post("/phone", phone=PHONE, tail=tails[0]).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    code = house.phones.last()
    with reading(house.services.database) as session:
        kept = [
            str(vars(row)) for table in (PhoneCode, SecurityEvent) for row in session.scalars(select(table))
        ]
    assert not [row for row in kept if PHONE in row or code in row]
    house.clock.advance(15 * 60)
    assert house.browser().post("/phone", phone=PHONE, tail=tails[0]).status_code == 200


def test_a_lost_password_is_replaced_and_its_sessions_end(house: House, tails: list[str]) -> None:
    """The phone proves the same person again."""
    thief, owner = house.browser(), house.browser()
    _ask(thief, PHONE, tails[0])
    assert _redeem(thief, PHONE, tails[0], house.phones.last()) == 303
    assert thief.get("/join").status_code == 200
    _ask(owner, PHONE, tails[0])
    assert _redeem(owner, PHONE, tails[0], house.phones.last(), "a new long password") == 303
    assert thief.get("/join").status_code == 302
    assert house.browser().sign_in(PHONE, PASSWORD).status_code == 401
    assert house.browser().sign_in(PHONE, "a new long password").status_code == 303


def test_without_a_gateway_a_warning_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """The null adapter sends nothing and says so loudly, without the number."""
    with caplog.at_level(logging.WARNING):
        NullSms().send(PHONE, "123456")
    assert "NOT sent" in caplog.text
    assert PHONE not in caplog.text


def test_a_gateway_that_breaks_gives_nobody_away(
    house: House, tails: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is logged with the phone masked that such errors repeat, and the asker is told nothing."""
    broken = threading.Event()

    def send(phone: str, _code: str) -> None:
        broken.set()
        msg = f"POST /send?to={phone} refused"
        raise ConnectionError(msg)

    monkeypatch.setattr(house.phones, "send", send)
    assert "验证码已发送" in _ask(house.browser(), PHONE, tails[0])
    assert broken.wait(PATIENCE_SECONDS)
    for thread in threading.enumerate():
        if thread.name.endswith("(_send)"):
            thread.join(PATIENCE_SECONDS)
    assert "POST /send?to=*** refused" in caplog.text
    assert PHONE not in caplog.text


def test_an_unexpected_error_gives_nobody_away(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Flask logs of a request that broke is masked, and the page says nothing of it."""

    def broken(*_: object, phone: str, **__: object) -> None:
        raise KeyError(phone)

    monkeypatch.setattr("lmscompliance.service.phone_views.phones.ask", broken)
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = house.browser().post("/phone", phone=PHONE, tail="1234")
    assert answer.status_code == 500
    assert PHONE not in answer.text
    assert "KeyError: '***'" in caplog.text
    assert PHONE not in caplog.text
