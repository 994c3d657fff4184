"""One number under two names: people decide, and evidence, credit and ledgers follow."""

from __future__ import annotations

import pytest

from lmscompliance.completion import service as completion
from lmscompliance.identity.models import IdentityCase
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.storage.transaction import reading
from lmscompliance.training import casework, queries
from lmscompliance.training.registration import import_roster
from tests.completion.classroom import open_classroom
from tests.identity.sheets import person
from tests.support.app import administrator, client_for, inspector, make_app
from tests.training.school import file_class, leaves, roster

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _case(services, tmp_path):
    class_id = file_class(services)
    import_roster(services, "K1", roster(tmp_path / "a.xlsx", person(1, "张三")))
    again = roster(tmp_path / "b.xlsx", person(1, "张叁"))
    assert len(import_roster(services, "K1", again).report.refused) == 1
    (shown,) = casework.listed(services, administrator())
    return class_id, shown, again


def test_one_person_takes_the_second_name_and_both_are_kept(services, tmp_path):
    """The record changes, each enrolment records both names, and the same row is now accepted."""
    class_id, shown, again = _case(services, tmp_path)
    assert [one.name for one in shown.sides] == ["张*", "张*"]
    (whole,) = casework.reveal(services, administrator(), shown.case.id, "电话核实")
    assert [one.name for one in whole.sides] == ["张三", "张叁"]
    with pytest.raises(InvalidInput):
        casework.decide(services, administrator(), shown.case.id, "rename", " ")
    casework.decide(services, administrator(), shown.case.id, "rename", "派出所更名证明")
    with reading(services.database) as session:
        assert [one.person.name for one in queries.open_roster(session, services.vault, class_id)] == ["张叁"]
        case = session.get_one(IdentityCase, shown.case.id)
        assert (case.decision, case.decided_by) == ("rename", administrator().account)
        assert "派出所".encode() not in case.reason_sealed
    (leaf,) = [leaf for _, type_, leaf in leaves(services, class_id) if type_ == "identity.corrected"]
    assert set(leaf["d"]) == {"name", "name_before", "by", "reason"}
    assert import_roster(services, "K1", again).report.refused == []
    with pytest.raises(Conflict):
        casework.decide(services, administrator(), shown.case.id, "typo", "x")


def test_suspicion_stops_credit_until_it_is_lifted(services, tmp_path):
    """Nothing counts while fraud is suspected; a later decision gives all of it back."""
    room = open_classroom(services, tmp_path, people=1)
    room.player(0, "trainee-1").play(60, every=5)
    enrolment_id = room.enrolment("trainee-1")
    counted = completion.status(services, room.class_id, enrolment_id).account.credited_seconds
    assert counted > 0
    with reading(services.database) as session:
        (entry,) = queries.open_roster(session, services.vault, room.class_id)
        code = queries.class_by_id(session, room.class_id).code
    row = [1, "别人", entry.person.sex, entry.person.id_number, "13900000000", "", ""]
    import_roster(services, code, roster(tmp_path / "c.xlsx", row))
    (shown,) = casework.listed(services, administrator())
    casework.decide(services, administrator(), shown.case.id, "suspect", "照片不符")
    account = completion.status(services, room.class_id, enrolment_id).account
    assert account.credited_seconds == 0
    assert set(account.excluded) == {"unverified_identity"}
    casework.decide(services, administrator(), shown.case.id, "typo", "已到场核对")
    account = completion.status(services, room.class_id, enrolment_id).account
    assert account.credited_seconds == counted


def test_the_page_shows_both_sides_and_masks_them_for_inspectors(services, tmp_path):
    """The administrator decides; an inspector of the district sees masked names, another none."""
    _, shown, _ = _case(services, tmp_path)
    app = make_app(services)
    admin, watcher = client_for(app, administrator()), client_for(app, inspector("城厢镇"))
    assert "张叁" not in admin.get("/compliance/cases").get_data(as_text=True)
    reveal = f"/compliance/cases/{shown.case.id}/reveal"
    assert admin.post(reveal).status_code == 422
    assert "张叁" in admin.post(reveal, data={"purpose": "核对"}).get_data(as_text=True)
    page = watcher.get("/compliance/cases").get_data(as_text=True)
    assert "张*" in page
    assert "张叁" not in page
    assert "张*" not in client_for(app, inspector("沙溪镇")).get("/compliance/cases").get_data(as_text=True)
    path = f"/compliance/cases/{shown.case.id}"
    assert admin.post(path, data={"decision": "other", "reason": "x"}).status_code == 422
    assert admin.post(path, data={"decision": "typo", "reason": "名单写错"}).status_code == 303
