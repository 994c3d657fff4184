"""What staff see and do: the list, holds, an order and its confirmation, the certificate."""

from __future__ import annotations

import pytest

from lmscompliance.evidence.sealer import seal_all
from tests.retention.test_purge import ANNA, BERT, release
from tests.support.app import client_for, make_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _page(client, path):
    answer = client.get("/compliance" + path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def test_two_people_destroy_a_class_on_the_page(services, signer, world, later):
    """One looks and orders, another confirms and gets the certificate, which the class's page lists."""
    mine = world.mine.objects["class_id"]
    app, path = make_app(services), f"/classes/{mine}/retention"
    assert "已冻结" in _page(client_for(app, ANNA), path)
    release(services, mine)
    later(4)
    anna, bert = client_for(app, ANNA), client_for(app, BERT)
    assert "已到期" in _page(anna, "/retention")
    assert "compliance_person" in _page(anna, path + "/purge")
    assert anna.post("/compliance" + path + "/purge").status_code == 303
    assert "anna 已于" in _page(bert, path)
    assert anna.post("/compliance" + path + "/purge/confirmation").status_code == 403
    done = bert.post("/compliance" + path + "/purge/confirmation")
    assert done.status_code == 303
    certificate = done.headers["Location"].removeprefix("/compliance")
    assert "等待封存" in _page(bert, certificate)
    assert bert.get("/compliance" + certificate + "/receipt").status_code == 409
    seal_all(services, signer)
    shown = _page(bert, certificate)
    assert "数据销毁证明" in shown
    assert "anna" in shown
    assert bert.get("/compliance" + certificate + "/receipt").get_data().startswith(b"c2sp.org/tlog-proof")
    assert bert.get("/compliance" + certificate + "/json").get_json()["persons"] == 2
    assert certificate.rpartition("/")[2] in _page(bert, path)


def test_staff_pages_of_a_destroyed_class_still_open(services, world, later):
    """Whoever looks at it finds a class with nobody in it, not an error."""
    mine = world.mine.objects["class_id"]
    release(services, mine)
    later(4)
    app = make_app(services)
    anna, bert = client_for(app, ANNA), client_for(app, BERT)
    anna.post(f"/compliance/classes/{mine}/retention/purge")
    assert bert.post(f"/compliance/classes/{mine}/retention/purge/confirmation").status_code == 303
    for path in ("", f"/{mine}/overview", f"/{mine}/ledger", f"/{mine}/verifications", f"/{mine}/live"):
        _page(bert, "/classes" + path)
    for path in ("/anomalies", "/disputes", "/cases", "/live"):
        _page(bert, path)


def test_W45_a_hold_on_a_person_is_placed_and_released_by_two(services, world):
    """The form takes a trainee's number; who asked for the release does not release."""
    mine = world.mine.objects["class_id"]
    app = make_app(services)
    anna, bert = client_for(app, ANNA), client_for(app, BERT)
    path = f"/compliance/classes/{mine}/retention"
    form = {"reason": "举报调查", "ordinal": "1"}
    assert anna.post(path + "/holds", data=form).status_code == 303
    assert anna.post(path + "/holds", data=form | {"ordinal": "99"}).status_code == 404
    assert anna.post(path + "/holds", data=form | {"reason": " "}).status_code == 422
    page = _page(anna, f"/classes/{mine}/retention")
    assert "学员 1 号" in page
    hold = page.partition(f"{path}/holds/")[2].partition("/")[0]
    assert bert.post(f"{path}/holds/{hold}/release/confirmation").status_code == 409
    assert anna.post(f"{path}/holds/{hold}/release", data={"reason": "查清"}).status_code == 303
    assert anna.post(f"{path}/holds/{hold}/release/confirmation").status_code == 403
    assert bert.post(f"{path}/holds/{hold}/release/confirmation").status_code == 303
    assert bert.post(f"{path}/holds/{hold}/release/confirmation").status_code == 409
