"""Two records that are one person's are united by people, once and for all rooms, and taken apart again."""

from __future__ import annotations

import pytest

from lmscompliance.completion import service as completion
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.identity import links
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.ledgers.service import export
from lmscompliance.persons import apart, merging
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision.models import Anomaly
from lmscompliance.training import activation, casework, queries
from lmscompliance.training.registration import import_roster
from lmscompliance.verifier import verify
from tests.completion.classroom import Classroom, open_classroom
from tests.identity.sheets import person
from tests.persons.two_classes import NAME, RIGHT, WRONG, Twice, learn_at_once, row, twice
from tests.support.app import administrator, client_for, inspector, make_app
from tests.training.school import leaves, roster

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _account(room: Classroom, account: str):
    return completion.status(room.services, room.class_id, room.enrolment(account)).account


def _merge(made: Twice, keep: str = "second") -> str:
    return merging.merge(
        made.services, administrator(), made.case_id, keep=keep, reason="号码录错", basis="核对身份证原件"
    )


def _types(made: Twice, room: Classroom) -> list[str]:
    stream = [leaf["t"] for name, _, leaf in leaves(made.services, room.class_id) if "enrolment" in name]
    return [one for one in stream if one.startswith(("identity.", "credit."))]


def test_time_in_two_classes_counts_once_and_again_when_they_are_separated(services, tmp_path):
    """The session that began later keeps it; both classes record it; taking the union back undoes it."""
    made = twice(services, tmp_path)
    learn_at_once(made)
    alone = _account(made.wrong, "wrong-1").credited_seconds, _account(made.right, "right-1").credited_seconds
    assert alone == (60, 60)
    _merge(made)
    assert _account(made.wrong, "wrong-1").credited_seconds == 20
    assert dict(_account(made.wrong, "wrong-1").excluded) == {"overlap": 40}
    assert _account(made.right, "right-1").credited_seconds == 60
    assert _types(made, made.wrong) == ["identity.merged", "credit.yields"]
    assert _types(made, made.right) == ["identity.merged"]
    assert apart.keep_apart(services) == 0
    with reading(services.database) as session:
        (entry,) = queries.open_roster(session, services.vault, made.wrong.class_id)
        assert entry.person.id_number == RIGHT
        found = session.get(Anomaly, (made.wrong.class_id, session.query(Anomaly.id).scalar()))
        assert found.kind == "two_at_once"
    with pytest.raises(Conflict):
        _merge(made)
    merging.separate(services, administrator(), made.case_id, reason="另有其人")
    assert _account(made.wrong, "wrong-1").credited_seconds == 60
    assert _types(made, made.wrong)[2:] == ["identity.separated", "credit.yields"]
    with reading(services.database) as session:
        assert links.current(session) == {}
        (entry,) = queries.open_roster(session, services.vault, made.wrong.class_id)
        assert entry.person.id_number == WRONG
    with pytest.raises(Conflict):
        merging.separate(services, administrator(), made.case_id, reason="再撤")
    _merge(made, "first")
    assert _account(made.wrong, "wrong-1").credited_seconds == 20


@sqlite_only
def test_either_account_has_both_classes_and_rosters_know_the_old_number(services, tmp_path):
    """One person: both accounts see both classes, one session runs at a time, no row enrols them again."""
    made = twice(services, tmp_path)
    _merge(made)
    with reading(services.database) as session:
        for account in ("wrong-1", "right-1"):
            found = {class_.code for class_, _ in queries.enrolments_of_account(session, account)}
            assert found == {"A", "B"}
    made.wrong.player(0, "wrong-1").play(10, every=5)
    with pytest.raises(Conflict):
        made.right.player(0, "right-1")
    with pytest.raises(Conflict):
        made.right.school.start("wrong-1", 0)
    for code, number in (("A", RIGHT), ("B", WRONG)):
        done = import_roster(services, code, roster(tmp_path / f"again-{code}.xlsx", row(number)))
        assert (len(done.report.accepted), done.issued) == (1, ())


@sqlite_only
def test_of_two_enrolments_in_one_class_one_counts(services, tmp_path):
    """The one activated first holds; the ledger says which, shows the right number and still verifies."""
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    room = open_classroom(services, tmp_path, code="A", rows=[row(WRONG), person(5, "李四")], account="wrong")
    room.learn(0, "wrong-1")
    done = import_roster(services, "A", roster(tmp_path / "more.xlsx", row(RIGHT)))
    (issued,) = done.issued
    made = Twice(services, room, room)
    _merge(made)
    assert _account(room, "wrong-1").credited_seconds == 90
    with pytest.raises(Conflict):
        activation.activate(services, account="other", code=issued.code, ip="203.0.113.7")
    seal_all(services, signer)
    made_of_it = export(services, signer, room.class_id, tmp_path / "out")
    report = verify(made_of_it.bundle, made_of_it.trust.read_bytes())
    assert report.verdict.name == "VALID_WITH_FINDINGS", "\n".join(report.lines("en"))
    assert [one.code for one in report.findings] == ["records_united"]
    with reading(services.database) as session:
        numbers = [
            one.person.id_number for one in queries.open_roster(session, services.vault, room.class_id)
        ]
        assert numbers.count(RIGHT) == 2
    merging.separate(services, administrator(), made.case_id, reason="另有其人")
    with reading(services.database) as session:
        kinds = {one.kind for one in session.query(Anomaly).filter_by(class_id=room.class_id)}
    assert kinds == {"ledger_outdated"}


@sqlite_only
def test_nobody_is_united_while_learning_or_without_saying_why(services, tmp_path):
    """A running session, a missing basis, another kind of case: each says what to do."""
    made = twice(services, tmp_path)
    player = made.wrong.player(0, "wrong-1")
    with pytest.raises(InvalidInput):
        merging.merge(services, administrator(), made.case_id, keep="second", reason="录错", basis=" ")
    with pytest.raises(InvalidInput):
        merging.merge(services, administrator(), made.case_id, keep="", reason="录错", basis="身份证")
    with pytest.raises(Conflict):
        _merge(made)
    player.end()
    casework.decide(services, administrator(), made.case_id, "suspect", "照片不符")
    assert set(_account(made.right, "right-1").excluded) <= {"unverified_identity"}
    _merge(made)
    assert _types(made, made.wrong).count("identity.suspicion") == 2


@sqlite_only
def test_a_third_record_joins_the_one_that_holds(services, tmp_path):
    """The record that others were united with can only survive, so that one step leads to it."""
    made = twice(services, tmp_path)
    _merge(made)
    other = open_classroom(services, tmp_path, code="C", rows=[person(5, NAME)], account="third")
    case_id = casework.open_by_hand(services, ("A", 1), ("C", 1))
    assert casework.open_by_hand(services, ("C", 1), ("A", 1)) == case_id
    said = {"reason": "同一人", "basis": "身份证"}
    with pytest.raises(Conflict):
        merging.merge(services, administrator(), case_id, keep="second", **said)
    merging.merge(services, administrator(), case_id, keep="first", **said)
    with reading(services.database) as session:
        assert len(queries.enrolments_of_account(session, "third-1")) == 3
        assert len(set(links.current(session).values())) == 1
    with pytest.raises(Conflict):
        casework.open_by_hand(services, ("B", 1), ("C", 1))
    assert other.class_id


@sqlite_only
def test_the_page_merges_and_takes_back(services, tmp_path):
    """The administrator does both on the page of cases; an inspector only looks."""
    made = twice(services, tmp_path)
    app = make_app(services)
    admin = client_for(app, administrator())
    path = f"/compliance/cases/{made.case_id}"
    form = {"keep": "second", "reason": "号码录错", "basis": "身份证"}
    assert client_for(app, inspector("*")).post(f"{path}/merge", data=form).status_code == 403
    assert "合并登记" in admin.get("/compliance/cases").get_data(as_text=True)
    assert admin.post(f"{path}/merge", data=form).status_code == 303
    assert "撤销合并" in admin.get("/compliance/cases").get_data(as_text=True)
    assert admin.post(f"{path}/separate", data={"reason": "有误"}).status_code == 303
    again = {"class_first": "A", "ordinal_first": "1", "class_second": "B", "ordinal_second": "1"}
    assert admin.post("/compliance/cases", data=again).status_code == 303
    assert admin.post("/compliance/cases", data=again | {"ordinal_second": "9"}).status_code == 422
