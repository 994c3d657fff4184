"""Notices of a training: told to everybody in a class, receipted one by one."""

from __future__ import annotations

import io
import zipfile

import pytest
from sqlalchemy import event

from lmscompliance.filing import notices, pack
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.storage.transaction import reading
from lmscompliance.training import activation
from lmscompliance.training.registration import import_roster
from tests.identity.sheets import person
from tests.support.app import clerk, client_for, inspector, make_app, trainee
from tests.training import school
from tests.training.school import USCC

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PEOPLE = (person(1, "张一"), person(2, "王二"))


@pytest.fixture
def class_id(services, tmp_path):
    """Return a draft with two people, the first of whom is activated as ``z-1``."""
    made = school.file_class(services)
    path = school.roster(tmp_path / "roster.xlsx", *PEOPLE)
    first, _ = import_roster(services, "K1", path).issued
    activation.activate(services, account="z-1", code=first.code, ip="198.51.100.7", consent_version=None)
    return made


def test_T14_a_notice_reaches_everybody_and_each_receipt_is_kept_once(services, class_id):
    """On both databases: a second press adds nothing, whoever has not read is named."""
    number = notices.publish(services, class_id, title="关于培训", text="学习 24 课时。", by="clerk-1")
    for _ in range(2):
        notices.acknowledge(services, trainee("z-1"), class_id, number, ip="198.51.100.7")
    kinds = school.types(services, class_id)
    assert (kinds.count("notice.published"), kinds.count("notice.read")) == (1, 1)
    with reading(services.database) as session:
        (shown,) = notices.of_class(session, class_id)
        assert (shown.read, shown.enrolled) == (1, 2)
        asked: list[object] = []
        engine = services.database.engine
        event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        read, unread = notices.readers(session, services, class_id, number)
    # However many people a class has.
    assert len(asked) == 1
    assert (read.name, unread.name, unread.at) == ("张*", "王*", None)
    assert read.at is not None
    with pytest.raises(NotFound):
        notices.acknowledge(services, trainee("z-9"), class_id, number, ip="198.51.100.7")
    with pytest.raises(NotFound):
        notices.acknowledge(services, trainee("z-1"), class_id, 1, ip="198.51.100.7")


@ONCE
def test_T14_the_trainee_reads_on_the_phone_and_staff_see_who_has_not(services, class_id):
    """From publishing over the receipt to the list, over HTTP; an inspector publishes nothing."""
    app = make_app(services)
    own, me = client_for(app, clerk(USCC)), client_for(app, trainee("z-1"))
    base = f"/compliance/classes/{class_id}/notices"
    assert "还没有发布通知" in me.get(base).text
    assert own.post(f"{base}/publish", data={"title": " ", "text": "x"}).status_code == 422
    told = {"title": "关于“留苏优技”", "text": "目的：\n提升技能"}
    assert own.post(f"{base}/publish", data=told).status_code == 303
    assert client_for(app, inspector("城厢镇")).post(f"{base}/publish", data=told).status_code == 403
    assert "有 1 条通知未读" in me.get(f"/compliance/classes/{class_id}").text
    assert "我已阅读并知悉" in me.get(base).text
    assert me.post(f"{base}/0/receipt").status_code == 303
    assert "我已阅读并知悉" not in me.get(base).text
    page = own.get(f"{base}/readers").text
    assert "已读 1/2" in page
    assert page.count("未读") == 1
    lines = own.get(f"{base}/0/readers.csv").data.decode("utf-8-sig").splitlines()
    assert lines[0] == "序号,姓名,阅读时间"
    assert lines[2] == "2,王*,"
    assert own.get(f"{base}/7/readers.csv").status_code == 404
    assert own.get(f"{base}/readers?notice=7").status_code == 404


@ONCE
def test_T14_the_pack_holds_notices_and_readers(services, class_id):
    """Text and list stand beside the scans, digests included."""
    with pytest.raises(InvalidInput):
        notices.publish(services, class_id, title="x" * 256, text="x", by="c")
    draft = school.file_class(services, code="K2")
    notices.publish(services, draft, title="通知", text="正文", by="clerk-1")
    with zipfile.ZipFile(io.BytesIO(pack.make(services, draft).data)) as archive:
        assert archive.read("notice-0.txt").decode() == "通知\n\n正文\n"
        assert "notice-0-readers.csv" in archive.read("SHA256SUMS").decode()
