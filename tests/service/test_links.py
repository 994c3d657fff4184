"""Auditors' links: one class, read only, for a while, each use recorded."""

from __future__ import annotations

import re

from sqlalchemy import select

from lmscompliance.evidence.models import Entry
from lmscompliance.kernel.actor import Role
from lmscompliance.storage.transaction import reading
from tests.service.house import Browser, House
from tests.training.school import OTHER_USCC, file_class


def _link(maker: Browser, class_id: str, days: int = 2) -> str:
    where = f"/classes/{class_id}/auditors"
    page = maker.post(where, holder="某会计师事务所", days=str(days)).text
    found = re.search(r"https://learn\.example/compliance(/audit/[\w-]+)", page)
    assert found
    return found[1]


def test_T38_W41_a_link_reads_one_class_and_nothing_else(house: House) -> None:
    """Looking at the link uses nothing up; opening it reads that class, and writes nowhere."""
    class_id, other = file_class(house.services), file_class(house.services, "K2", OTHER_USCC, "沙溪镇")
    eye = house.staff("eye", Role.INSPECTOR, "城厢镇")
    path = _link(eye, class_id)
    auditor = house.browser(agent="Auditor/1")
    assert "“留苏优技”K1" in auditor.get(path).text
    assert auditor.post(path).headers["Location"].endswith(f"/classes/{class_id}/overview")
    assert auditor.get(f"/classes/{class_id}/overview").status_code == 200
    assert auditor.get(f"/classes/{other}/overview").status_code == 404
    assert auditor.get(f"/classes/{class_id}/auditors").status_code == 403
    assert auditor.get("/account").status_code == 404
    assert auditor.post(f"/classes/{class_id}/ledger").status_code == 403
    with reading(house.services.database) as session:
        entries = session.scalars(select(Entry).where(Entry.type.startswith("auditor."))).all()
    assert [one.type for one in entries] == ["auditor.link_made", "auditor.link_used"]
    assert all(b"198.51.100.7" not in one.leaf and "会计".encode() not in one.leaf for one in entries)
    listed = eye.get(f"/classes/{class_id}/auditors").text
    assert "已使用 1 次" in listed
    assert path not in listed


def test_a_link_ends_when_it_expires_or_is_revoked(house: House) -> None:
    """Its sessions end with it."""
    class_id = file_class(house.services)
    eye = house.staff("eye", Role.INSPECTOR, "城厢镇")
    path = _link(eye, class_id)
    auditor = house.browser(agent="Auditor/1")
    auditor.post(path)
    page = eye.get(f"/classes/{class_id}/auditors").text
    revocation = re.search(r'action="/compliance(/[^"]+/revocation)"', page)
    assert revocation
    assert eye.post(revocation[1], page=f"/classes/{class_id}/auditors").status_code == 303
    assert auditor.get(f"/classes/{class_id}/overview").status_code == 302
    assert house.browser().get(path).status_code == 410
    short = _link(eye, class_id, days=1)
    auditor.post(short)
    house.clock.advance(24 * 3600 - 10)
    late = house.browser()
    assert late.post(short).status_code == 303
    house.clock.advance(10)
    assert late.get(f"/classes/{class_id}/overview").status_code == 302
    assert house.browser().get(short).status_code == 410
