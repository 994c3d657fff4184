"""Filing: what is asked for, what is handed out, and when a draft reaches the bureau."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime

import docx
import pytest

from lmscompliance.completion import closing
from lmscompliance.filing import forms, pack, service
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.training import service as training
from tests.files.samples import picture
from tests.support.app import administrator, clerk, client_for, inspector, make_app
from tests.training import school
from tests.training.school import USCC

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ASKED = ("application", "plan", "commitment", "agreement", "output_proof")


def _draft(services):
    class_id = training.file_class(
        services,
        code="F1",
        title="“留苏优技”一班",
        policy_id="liusu-youji-2021",
        enterprise=training.EnterpriseInput(USCC, "太仓某某机械有限公司", "城厢镇"),
        by="clerk-1",
        draft=True,
    )
    training.publish_plan(services, class_id, school.plan())
    return class_id


def _complete(services, class_id):
    for number, kind in enumerate(ASKED):
        scan = picture(size=(40 + number, 30))
        service.add_document(services, class_id, kind, scan, by="clerk-1", ip="203.0.113.7")
    service.declare(services, class_id, output_yuan=120_000_000, above_scale=True, by="clerk-1")


def test_T8_a_class_is_filed_with_everything_the_notice_asks(services):
    """On both databases: refused with each thing that is missing and its clause, then filed, then fixed."""
    class_id = _draft(services)
    with pytest.raises(Conflict) as refused:
        service.submit(services, class_id, by="clerk-1")
    message = refused.value.message()
    assert "缺少盖章的申请材料：申请表、教学计划、承诺书。（太人社培[2021]1号 四.2）" in message
    _complete(services, class_id)
    service.submit(services, class_id, by="clerk-1")
    with pytest.raises(Conflict):
        service.add_document(services, class_id, "plan", picture(), by="clerk-1", ip="203.0.113.7")
    with pytest.raises(Conflict):
        service.declare(services, class_id, output_yuan=1, above_scale=False, by="clerk-1")
    kinds = [type_ for _, type_, _ in school.leaves(services, class_id)]
    assert kinds.count("filing.document_added") == 5
    assert "filing.declared" in kinds


@ONCE
@pytest.mark.parametrize(
    ("output", "scale", "reason"),
    [(100_000_000, True, "output_low"), (100_000_001, False, "below_scale"), (None, True, "output_unknown")],
)
def test_T2_the_enterprise_must_be_above_size_and_output(services, output, scale, reason):
    """超1亿元: exactly that much is not enough."""
    class_id = _draft(services)
    _complete(services, class_id)
    service.declare(services, class_id, output_yuan=output, above_scale=scale, by="clerk-1")
    found = service.dossier(services, class_id)
    assert [one.reason for one in found.verdicts if not one.met] == [reason]
    with pytest.raises(Conflict):
        service.submit(services, class_id, by="clerk-1")


@ONCE
def test_T7_a_draft_cannot_be_filed_after_the_last_day(services):
    """The server's clock decides; what was filed in time and returned can be filed again later."""
    class_id = _draft(services)
    _complete(services, class_id)
    services.clock.set(datetime(2021, 2, 24, 0, 0, 1, tzinfo=SHANGHAI))
    with pytest.raises(Conflict) as late:
        closing.step(services, clerk(USCC), class_id, "filed")
    assert "2021-02-23" in late.value.message()
    services.clock.set(datetime(2021, 2, 23, 23, 59, 59, tzinfo=SHANGHAI))
    closing.step(services, clerk(USCC), class_id, "filed")
    services.clock.set(datetime(2021, 2, 25, 9, tzinfo=SHANGHAI))
    closing.step(services, inspector("城厢镇"), class_id, "draft", reason="承诺书未盖章")
    service.add_document(
        services, class_id, "commitment", picture(size=(9, 9)), by="clerk-1", ip="203.0.113.7"
    )
    closing.step(services, clerk(USCC), class_id, "filed")
    assert not service.dossier(services, class_id).open


@ONCE
def test_the_forms_hold_what_is_on_record(services):
    """Enterprise, policy, period, hours and every lesson; signed by people, not by us."""
    class_id = _draft(services)
    _complete(services, class_id)
    name, data = forms.make(services, class_id, "application")
    assert name == "项目制培训申请表-F1.docx"
    fields = {row.cells[0].text: row.cells[1].text for row in docx.Document(io.BytesIO(data)).tables[0].rows}
    assert fields["企业名称"] == "太仓某某机械有限公司"
    assert fields["培训期限"] == "2021-02-01 至 2021-02-28"
    assert (fields["计划课时"], fields["年产值"]) == ("24", "120000000 元")
    application = docx.Document(io.BytesIO(data))
    assert [one.text for one in application.paragraphs[:2]] == [
        "附件2",
        "太仓市开展“留苏优技”项目制培训申请表",
    ]
    assert "（盖章）" in application.tables[0].rows[-1].cells[1].text
    plan = docx.Document(io.BytesIO(forms.make(services, class_id, "plan")[1]))
    assert len(plan.tables[1].rows) == 25
    commitment = docx.Document(io.BytesIO(forms.make(services, class_id, "commitment")[1]))
    assert any("太人社培[2021]1号" in one.text for one in commitment.paragraphs)
    with pytest.raises(NotFound):
        forms.make(services, class_id, "agreement")


@ONCE
def test_T12_the_pack_is_the_same_each_time_and_lists_digests(services):
    """One archive of the latest scans; an empty one is refused."""
    class_id = _draft(services)
    with pytest.raises(Conflict):
        pack.make(services, class_id)
    _complete(services, class_id)
    again = picture(size=(77, 30))
    digest = service.add_document(services, class_id, "plan", again, by="clerk-1", ip="203.0.113.7")
    name, data, listing = pack.make(services, class_id)
    assert (name, pack.make(services, class_id).data) == ("申报材料-F1.zip", data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("SHA256SUMS").decode() == listing
        sums = listing.splitlines()
        assert len(archive.namelist()) == 6
    assert any(line.startswith(digest) and "plan" in line for line in sums)


@ONCE
def test_T36_a_commitment_is_on_record_or_nothing_is_filed(services):
    """主体责任: the stamped 承诺书 of the class is evidence by its digest, with who handed it in."""
    class_id = _draft(services)
    _complete(services, class_id)
    kept = service.dossier(services, class_id).documents["commitment"]
    (leaf,) = [
        one["body"]
        for _, type_, one in school.leaves(services, class_id)
        if type_ == "filing.document_added" and one["body"]["kind"] == "commitment"
    ]
    assert leaf["sha256"] == kept.sha256
    commitment = docx.Document(io.BytesIO(forms.make(services, class_id, "commitment")[1]))
    assert any("承担相应责任" in one.text for one in commitment.paragraphs)
    other = training.file_class(
        services,
        code="F2",
        title="二班",
        policy_id="liusu-youji-2021",
        enterprise=training.EnterpriseInput(USCC, "太仓某某机械有限公司", "城厢镇"),
        draft=True,
    )
    for kind in ASKED:
        if kind != "commitment":
            service.add_document(services, other, kind, picture(), by="clerk-1", ip="203.0.113.7")
    with pytest.raises(Conflict) as refused:
        service.submit(services, other, by="clerk-1")
    assert "承诺书" in refused.value.message()


@ONCE
def test_a_bad_document_is_refused(services):
    """Neither a kind there is not nor a file that is no picture is kept."""
    class_id = _draft(services)
    with pytest.raises(InvalidInput):
        service.add_document(services, class_id, "letter", picture(), by="c", ip="203.0.113.7")
    with pytest.raises(InvalidInput):
        service.add_document(services, class_id, "plan", b"MZ", by="c", ip="203.0.113.7")
    assert service.dossier(services, class_id).documents == {}


@ONCE
def test_the_page_leads_from_forms_to_the_bureau(services):
    """The clerk uploads, declares and files; the inspector reads and changes nothing."""
    class_id = _draft(services)
    app = make_app(services)
    own, bureau = client_for(app, clerk(USCC)), client_for(app, inspector("城厢镇"))
    base = f"/compliance/classes/{class_id}/filing"
    refused = own.post(base)
    assert refused.status_code == 409
    assert "还不能提交备案" in refused.text
    assert own.post(f"{base}/documents", data={"kind": "plan"}).status_code == 422
    assert own.post(f"{base}/declaration", data={"output_yuan": "一亿"}).status_code == 422
    assert own.get(f"{base}/pack").status_code == 409
    assert own.get(f"{base}/forms/plan").data[:2] == b"PK"
    declared = own.post(f"{base}/declaration", data={"output_yuan": "200000000", "above_scale": "yes"})
    assert declared.status_code == 303
    for number, kind in enumerate(ASKED):
        upload = {"kind": kind, "file": (io.BytesIO(picture(size=(50 + number, 20))), "s.png")}
        assert own.post(f"{base}/documents", data=upload).status_code == 303
    page = bureau.get(base).text
    assert 'name="kind"' not in page
    scan = re.search(r"filing/documents/([0-9a-f]{64})", page)[0].rpartition("/")[2]
    assert bureau.get(f"{base}/documents/{scan}").status_code == 200
    assert own.get(f"{base}/documents/{'0' * 64}").status_code == 404
    assert bureau.post(base).status_code == 403
    assert own.post(base).location.endswith("/life")
    assert client_for(app, administrator()).get(f"{base}/pack").data[:2] == b"PK"


@ONCE
@pytest.mark.parametrize(
    ("left_out", "reason", "clause"),
    [("agreement", "agreement_missing", "五.2"), ("output_proof", "output_unproven", "一")],
)
def test_T15_agreement_and_proof_are_asked_for_by_their_own_clauses(services, left_out, reason, clause):
    """Each is missed by itself."""
    class_id = _draft(services)
    for kind in ASKED:
        if kind != left_out:
            service.add_document(services, class_id, kind, picture(), by="clerk-1", ip="203.0.113.7")
    service.declare(services, class_id, output_yuan=120_000_000, above_scale=True, by="clerk-1")
    (missing,) = [one for one in service.dossier(services, class_id).verdicts if not one.met]
    assert (missing.reason, missing.clause) == (reason, f"太人社培[2021]1号 {clause}")
