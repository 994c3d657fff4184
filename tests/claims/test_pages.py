"""The page of claims, through the browser of each role."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from lmscompliance.claims import jobs
from lmscompliance.claims.models import Claim
from lmscompliance.storage.transaction import reading
from tests.claims.office import closed_class, paying
from tests.support.app import auditor, clerk, client_for, inspector, make_app
from tests.training.school import USCC

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAYEE = {"bank": "农商行", "holder": "企业", "account": "6220", "handler": "张", "responsible": "李"}


def _words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text[page.text.index("<main") :]).split())


def test_from_list_to_claw_back_on_pages(services, tmp_path):
    """The clerk imports, works it out and claims; the inspector decides, pays and asks back."""
    services = paying(services, subsidy__excludes=["名单甲"])
    class_id = closed_class(services, tmp_path, "A")
    app = make_app(services)
    own, bureau = client_for(app, clerk(USCC)), client_for(app, inspector("城厢镇"))
    base = f"/compliance/classes/{class_id}/claims"
    bad = own.post(
        f"{base}/lists", data={"kind": "insured", "file": (io.BytesIO("姓名\n张三\n".encode()), "a.csv")}
    )
    assert bad.status_code == 422
    assert "找不到表头" in _words(bad)
    assert own.post(f"{base}/preview").status_code == 303
    assert "正在试算：已核算 0 / 0 人" in _words(own.get(base))
    assert jobs.work_asked(services) == 1
    assert own.post(f"{base}/preview", data={"key": "subsidy.per_person", "value": "500"}).status_code == 303
    jobs.work_asked(services)
    words = _words(own.get(base))
    assert "可享受人数 2 金额（元） 600" in words
    assert "此后无新记录" in words
    assert "假如 补贴标准（元/人） = 500 参训人数 2 可享受人数 2 金额（元） 1000" in words
    many = own.post(f"{base}/preview", data={"key": "subsidy.per_person", "value": "many"})
    assert many.status_code == 422
    assert own.post(base, data={**PAYEE, "bank": ""}).status_code == 422
    assert own.post(base, data=PAYEE).status_code == 303
    assert "待审核" not in _words(own.get(base))
    jobs.work_asked(services)
    assert "此后又有" in _words(own.get(base))
    with reading(services.database) as session:
        claim_id = session.scalars(select(Claim.id)).one()
    assert "每人 300 元。" in _words(own.get(base))
    assert own.post(f"{base}/{claim_id}/decision").status_code == 403
    assert bureau.post(f"{base}/{claim_id}/decision", data={"reference": "审-1"}).status_code == 303
    jobs.work_asked(services)
    assert bureau.post(f"{base}/{claim_id}/money", data={"yuan": "六百"}).status_code == 422
    assert bureau.post(f"{base}/{claim_id}/money", data={"yuan": "600", "reference": "V"}).status_code == 303
    enrolment = re.search(r'name="enrolment" value="(\w+)"', bureau.get(base).text)[1]
    back = {"enrolment": enrolment, "yuan": "300", "reason": "代学"}
    assert bureau.post(f"{base}/{claim_id}/money", data=back).status_code == 303
    words = _words(client_for(app, auditor(class_id)).get(base))
    assert "审定 600 元，已拨付 600 元，追缴 300 元。" in words
    assert "张三" not in words
    taken = own.post(f"{base}/{claim_id}/files/workbook", data={"purpose": "报送"})
    assert (taken.status_code, taken.data[:2]) == (200, b"PK")
    assert own.post(f"{base}/{claim_id}/files/nothing", data={"purpose": "报送"}).status_code == 404


def test_a_returned_claim_says_why(services, tmp_path):
    """The bureau's reason stands on the enterprise's page, which can claim anew."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    app = make_app(services)
    own, bureau = client_for(app, clerk(USCC)), client_for(app, inspector("城厢镇"))
    base = f"/compliance/classes/{class_id}/claims"
    own.post(base, data=PAYEE)
    jobs.work_asked(services)
    with reading(services.database) as session:
        claim_id = session.scalars(select(Claim.id)).one()
    answer = bureau.post(f"{base}/{claim_id}/decision", data={"decision": "return", "reason": "账号有误"})
    assert answer.status_code == 303
    words = _words(own.get(base))
    assert "账号有误" in words
    assert "提交申报" in words


def test_a_claim_that_cannot_be_made_leaves_nothing_behind(services, tmp_path):
    """Nobody is entitled: the page says so, and asked once more it says the same."""
    services = paying(services, subsidy__requires=["training"])
    class_id = closed_class(services, tmp_path, "A")
    own = client_for(make_app(services), clerk(USCC))
    base = f"/compliance/classes/{class_id}/claims"
    for _ in range(2):
        assert own.post(base, data=PAYEE).status_code == 303
        assert jobs.work_asked(services) == 1
        assert "班级 A 没有可享受补贴的人员" in _words(own.get(base))
        with reading(services.database) as session:
            assert session.scalars(select(Claim)).all() == []
