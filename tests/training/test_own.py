"""Trainees see what is held about them, and take separate consents back."""

from __future__ import annotations

import pytest

from lmscompliance.identity import consent
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import activation
from lmscompliance.training.registration import import_roster
from tests.identity.sheets import number, person
from tests.support.app import client_for, make_app, trainee
from tests.training.school import file_class, leaves, roster


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_details_are_masked_until_asked_for_and_consents_end(services, tmp_path):
    """A look at the whole number is logged and shown; a consent taken back leaves both in the evidence."""
    class_id = file_class(services)
    (issued,) = import_roster(services, "K1", roster(tmp_path / "a.xlsx", person(1))).issued
    activation.activate(services, account="trainee-1", code=issued.code, ip="203.0.113.9")
    place = (class_id, issued.enrolment_id)
    with transaction(services.database) as session:
        consent.give(session, services, place, consent.PROOFS, "1")
        consent.give(session, services, place, consent.PROOFS, "1")
    client = client_for(make_app(services), trainee())
    path = f"/compliance/classes/{class_id}/mine"
    assert number(1) not in client.get(path).get_data(as_text=True)
    assert number(1) in client.post(path).get_data(as_text=True)
    assert "查看了完整信息" in client.get(path).get_data(as_text=True)
    assert client.post(f"{path}/consents", data={"purpose": "proofs"}).status_code == 303
    assert client.post(f"{path}/consents", data={"purpose": "proofs"}).status_code == 409
    assert "已撤回" in client.get(path).get_data(as_text=True)
    with reading(services.database) as session:
        assert consent.version_given(session, place, consent.PROOFS) == ""
    told = [type_ for _, type_, _ in leaves(services, class_id) if type_.startswith("consent.")]
    assert told == ["consent.given", "consent.withdrawn"]
