"""Deciding about anomalies: who may, what is recorded, and what staff are shown of them."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision import deciding, networks
from lmscompliance.supervision.models import Anomaly, AnomalyDecision
from tests.learning.school import BODY, School, open_school
from tests.supervision.hall import FACTORY, crowd, found, learn, leaves, look
from tests.support.app import administrator, clerk, client_for, inspector, make_app

DISTRICT = "太仓高新区"
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def school(services: Services) -> School:
    """Return a class in which a crowd and regular beats were found."""
    school = open_school(services, trainees=10)
    crowd(school)
    learn(school, "trainee-1", 1, 3720)
    look(services)
    return school


@pytest.fixture
def app(school: School) -> Flask:
    """Return a host around it."""
    return make_app(school.services)


def _owner(school: School):
    from lmscompliance.identity import uscc

    return clerk(BODY + uscc.check_character(BODY))


def _words(page) -> str:
    body = page.text[page.text.index("<main") :]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def _decide(
    school: School, anomaly: Anomaly, decision: str, reason: str = "已电话核实", seen: int = 0
) -> None:
    deciding.decide(
        school.services,
        inspector(DISTRICT),
        class_id=school.class_id,
        anomaly_id=anomaly.id,
        decision=decision,
        reason=reason,
        seen=seen,
    )


def test_a_decision_is_recorded_with_what_it_was_about(school: School) -> None:
    """Row, status and leaf come together; account and reason are disclosures, figures stand in the leaf."""
    cluster, regular = found(school.services)
    _decide(school, regular, "inspect")
    _decide(school, regular, "confirmed", "本人承认使用程序", seen=1)
    first, second = leaves(school, "anomaly.decided")
    assert [leaf.body["decision"] for leaf in (first, second)] == ["inspect", "confirmed"]
    assert second.body["kind"] == "regular_beats"
    assert second.body["role"] == "inspector"
    assert second.body["enrolments"] == [regular.enrolment_id]
    assert second.body["sessions"]
    assert second.d.keys() == {"account", "reason"}
    assert "程序".encode() not in second.encode()
    assert [one.status for one in found(school.services)] == [cluster.status, "confirmed"]
    with reading(school.services.database) as session:
        kept = session.scalars(select(AnomalyDecision).order_by(AnomalyDecision.n)).all()
    assert [(one.n, one.decision, one.reason) for one in kept] == [
        (0, "inspect", "已电话核实"),
        (1, "confirmed", "本人承认使用程序"),
    ]


def test_deciding_changes_no_credit(school: School) -> None:
    """Confirming recommends a correction and applies none."""
    before = school.account("trainee-1").credited_seconds
    _decide(school, found(school.services)[1], "confirmed")
    assert school.account("trainee-1").credited_seconds == before


def test_what_was_decided_about_is_not_written_on(school: School) -> None:
    """What the same day brings later does not change what somebody has decided about."""
    _, regular = found(school.services)
    _decide(school, regular, "cleared")
    learn(school, "trainee-1", 2, 1800)
    look(school.services)
    _, again = found(school.services)
    assert (again.id, again.detail, again.status) == (regular.id, regular.detail, "cleared")


@sqlite_only
def test_only_the_first_of_two_who_read_the_same_decides(school: School) -> None:
    """The second is told that somebody was faster, and nothing is kept of theirs."""
    _, regular = found(school.services)
    _decide(school, regular, "cleared")
    with pytest.raises(Conflict, match="decided_meanwhile"):
        _decide(school, regular, "confirmed")
    assert len(leaves(school, "anomaly.decided")) == 1


@sqlite_only
@pytest.mark.parametrize(
    ("decision", "reason", "says"),
    [
        ("cleared", "  ", "reason_missing"),
        ("cleared", "长" * 501, "501"),
        ("guilty", "因为", "guilty"),
        ("open", "因为", "open"),
    ],
)
def test_a_decision_needs_a_reason_and_a_name(school: School, decision: str, reason: str, says: str) -> None:
    """Anything else is refused with what to do, and nothing is kept."""
    _, regular = found(school.services)
    with pytest.raises(InvalidInput, match=says):
        _decide(school, regular, decision, reason)
    assert leaves(school, "anomaly.decided") == []


@sqlite_only
@pytest.mark.parametrize(
    ("cidr", "says"), [("factory", "factory"), ("203.0.0.0/8", "/16"), ("2001:db8::/16", "/32"), ("", "IP")]
)
def test_a_network_must_be_one_and_not_a_providers(school: School, cidr: str, says: str) -> None:
    """Bad and too wide networks are refused by name; nothing is cleared."""
    with pytest.raises(InvalidInput, match=says):
        networks.declare(school.services, administrator(), school.class_id, cidr, "厂区")
    assert networks.listed(school.services, school.class_id) == []


@sqlite_only
def test_an_unknown_network_cannot_be_withdrawn(school: School) -> None:
    """Nor one of another enterprise."""
    with pytest.raises(NotFound):
        networks.withdraw(school.services, administrator(), school.class_id, "0" * 26)


@sqlite_only
def test_T26_W15_the_worklist_shows_and_narrows(app: Flask, school: School) -> None:
    """All that is open with its explanation; by kind, status and severity; a foreign class gives nothing."""
    client = client_for(app, inspector(DISTRICT))
    words = _words(client.get("/compliance/anomalies"))
    assert "共 2 条" in words
    assert "同一地址一天内有 10 人学习" in words
    assert "次心跳中，居中的八成间隔只相差 0 毫秒" in words
    assert "共 1 条" in _words(client.get("/compliance/anomalies?kind=regular_beats"))
    assert "共 1 条" in _words(client.get("/compliance/anomalies?severity=low"))
    assert "共 0 条" in _words(client.get("/compliance/anomalies?status=cleared"))
    assert "共 2 条" in _words(client.get(f"/compliance/anomalies?class_id={school.class_id}&page=x"))
    assert "共 0 条" in _words(client.get("/compliance/anomalies?class_id=nowhere"))
    elsewhere = client_for(app, inspector("浏河镇"))
    assert "共 0 条" in _words(elsewhere.get("/compliance/anomalies"))


@sqlite_only
def test_addresses_are_whole_for_deciders_and_masked_for_the_enterprise(app: Flask, school: School) -> None:
    """The enterprise sees its own anomalies, without the form and with half of each address."""
    cluster, _ = found(school.services)
    path = f"/compliance/classes/{school.class_id}/anomalies/{cluster.id}"
    decider = client_for(app, inspector(DISTRICT)).get(path).text
    assert FACTORY in decider
    assert 'name="decision"' in decider
    owner = client_for(app, _owner(school)).get(path).text
    assert FACTORY not in owner
    assert "203.0.*.*" in owner
    assert 'name="decision"' not in owner
    assert client_for(app, _owner(school)).post(path, data={}).status_code == 403


@sqlite_only
def test_a_form_decides_and_shows_what_was_decided(app: Flask, school: School) -> None:
    """Sent by an inspector, it leads back to the page with decision, reason and recommendation."""
    _, regular = found(school.services)
    path = f"/compliance/classes/{school.class_id}/anomalies/{regular.id}"
    client = client_for(app, inspector(DISTRICT))
    sent = client.post(path, data={"decision": "confirmed", "reason": "当面核实", "seen": "0"})
    assert sent.status_code == 303
    words = _words(client.get(path))
    assert "已确认" in words
    assert "当面核实" in words
    assert "确认本身不改变任何学时" in words
    assert client.post(path, data={"decision": "cleared", "reason": "再看", "seen": "0"}).status_code == 409
    assert client.post(path, data={"decision": "cleared", "reason": "", "seen": "1"}).status_code == 422


@sqlite_only
def test_networks_are_entered_and_withdrawn_on_their_page(app: Flask, school: School) -> None:
    """Entered with a reason, told how many it cleared, shown to the enterprise, withdrawn again."""
    path = f"/compliance/classes/{school.class_id}/networks"
    client = client_for(app, administrator())
    sent = client.post(path, data={"cidr": "203.0.113.0/24", "reason": "厂区出口"})
    assert "1 条异常已按同一理由排除" in _words(client.get(sent.location))
    assert "203.0.113.0/24" in _words(client_for(app, _owner(school)).get(path))
    (network,) = networks.listed(school.services, school.class_id)
    assert client.post(f"{path}/{network.id}/withdrawal").status_code == 303
    assert "已撤销" in _words(client.get(path))
