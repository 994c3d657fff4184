"""Full details are shown one person at a time, for a purpose that is recorded and told to that person."""

from __future__ import annotations

import pytest

from tests.completion.classroom import open_classroom
from tests.identity.sheets import number
from tests.support.app import administrator, auditor, clerk, client_for, inspector, make_app, trainee
from tests.training.school import USCC, leaves


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_look_needs_a_purpose_and_everybody_concerned_finds_it(services, tmp_path):
    """Masked until somebody says what for; then staff and the person find it."""
    room = open_classroom(services, tmp_path)
    app = make_app(services)
    path = f"/compliance/classes/{room.class_id}/trainees/{room.enrolment()}/details"
    admin = client_for(app, administrator())
    assert number(1) not in admin.get(path).text
    assert admin.post(path, data={"purpose": "  "}).status_code == 422
    shown = admin.post(path, data={"purpose": "补贴复核，提供给人社局"}).text
    assert number(1) in shown
    assert number(1) not in admin.get(path).text
    (leaf,) = [leaf for _, kind, leaf in leaves(services, room.class_id) if kind == "details.revealed"]
    assert leaf["stream"] == f"class/{room.class_id}"
    assert (leaf["body"]["enrolment"], leaf["body"]["what"]) == (room.enrolment(), "details")
    assert set(leaf["d"]) == {"by", "purpose"}
    listed = f"/compliance/classes/{room.class_id}/reveals"
    for actor in (inspector("城厢镇"), auditor(room.class_id), administrator()):
        assert "补贴复核" in client_for(app, actor).get(listed).text
    assert client_for(app, clerk(USCC)).get(listed).status_code == 403
    own = client_for(app, trainee()).get(f"/compliance/classes/{room.class_id}/mine").text
    assert "补贴复核" in own
    assert "管理员" in own
