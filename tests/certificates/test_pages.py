"""The pages: staff issue, trainees take theirs on the phone, anybody's phone reads the code and checks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdfium2
import pytest

from lmscompliance.certificates import jobs
from lmscompliance.certificates.content import Content, typeset_certificate
from lmscompliance.completion import service as completion
from lmscompliance.documents.font import BUILT_IN
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.policy import Catalogue
from tests.completion.classroom import open_classroom, publish_exam
from tests.support.app import administrator, auditor, clerk, client_for, inspector, make_app, trainee
from tests.support.poppler import words_of
from tests.training.school import USCC

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADDRESS = "https://peixun.example.com/compliance/certificates/qnmmt3kzv2plohjdkxd7qk3g5u"


def _words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text[page.text.index("<main") :]).split())


def _file(page) -> tuple[str, bytes]:
    """Return the name under which a browser keeps it, and what it holds."""
    return page.headers["Content-Disposition"], page.data


@sqlite_only
def test_from_issuing_to_the_check_of_a_revoked_one(services, tmp_path):
    """The clerk issues; the trainee downloads; a stranger checks; the bureau revokes, which shows."""
    room = open_classroom(services, tmp_path, 3)
    publish_exam(room, tmp_path)
    room.learn_all()
    completion.refresh(services, room.class_id, room.enrolment())
    app = make_app(services)
    own, bureau = client_for(app, clerk(USCC)), client_for(app, inspector("城厢镇"))
    learner, stranger = client_for(app, trainee()), client_for(app, None)
    base = f"/compliance/classes/{room.class_id}/certificate"
    assert "还没有证书" in _words(learner.get(base))
    room.hall.sit(70)
    assert base in learner.get(f"/compliance/classes/{room.class_id}").text
    assert bureau.post(f"{base}s").status_code == 403
    assert own.post(f"{base}s").status_code == 303
    assert "正在颁发" in _words(own.get(f"{base}s"))
    jobs.issue_asked(services)
    assert "最近一次颁发：1 张" in _words(own.get(f"{base}s"))
    page = learner.get(base)
    assert "证书有效" in _words(page)
    taken = learner.get(f"{base}/pdf")
    assert (taken.mimetype, taken.headers["Cache-Control"]) == ("application/pdf", "no-store")
    assert learner.get(f"{base}/receipt").status_code == 409
    assert learner.get(f"{base}/other").status_code == 404
    path = tmp_path / "own.pdf"
    path.write_bytes(taken.data)
    address = scanned(path, tmp_path)
    assert address.startswith("http://localhost/compliance/certificates/")
    checked = stranger.get(urlsplit(address).path)
    number = re.search(r"\d{17}[\dX]", words_of(path))[0]
    assert "证书有效" in _words(checked)
    assert all(text in _words(checked) for text in ("PX-2021-000001", "张三", "70", number[:6] + "********"))
    assert number not in checked.text
    listed = own.get(f"{base}s")
    certificate = re.search(r"certificates/(\w+)/pdf", listed.text)[1]
    assert own.post(f"{base}s/{certificate}/pdf").status_code == 422
    assert _file(own.post(f"{base}s/{certificate}/pdf", data={"purpose": "归档"})) == _file(taken)
    assert own.post(f"{base}s/{certificate}/revoke", data={"reason": "代考"}).status_code == 403
    assert bureau.post(f"{base}s/{certificate}/revoke", data={"reason": ""}).status_code == 422
    assert bureau.post(f"{base}s/{certificate}/revoke", data={"reason": "代考"}).status_code == 303
    assert all(text in _words(bureau.get(f"{base}s")) for text in ("证书已撤销", "代考"))
    _found_and_issued_again(services, app, f"{base}s", certificate)
    _told_of_each_other(stranger, urlsplit(address).path)
    assert all(text in _words(stranger.get(urlsplit(address).path)) for text in ("证书已撤销", "代考"))
    assert client_for(app, auditor(room.class_id)).get(f"{base}s").status_code == 200
    english = stranger.get(urlsplit(address).path, headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert all(
        text in _words(english) for text in ("Revoked", "Class hours", "verify-receipt PX-2021-000001")
    )
    assert "证书已撤销" in _words(
        stranger.get(f"{urlsplit(address).path}?lang=zh_CN", headers={"Accept-Language": "en"})
    )
    assert "<script" not in english.text
    unknown = stranger.get("/compliance/certificates/nothing")
    assert (unknown.status_code, "没有这张证书" in _words(unknown)) == (404, True)


def _found_and_issued_again(services, app, page, certificate):
    """Search the list of one revoked certificate, then issue another in its place."""
    own, office = client_for(app, clerk(USCC)), client_for(app, administrator())
    for words, state, there in (
        ("张", "", True),
        ("000001", "revoked", True),
        ("李", "", False),
        ("", "valid", False),
    ):
        searched = own.post(f"{page}/search", data={"words": words, "state": state})
        assert ("PX-2021-000001" in searched.text) is there
        assert ("没有符合条件的证书" in searched.text) is not there
    own.post(page)
    jobs.issue_asked(services)
    assert "最近一次颁发：0 张。没有新的可颁发学员" in _words(own.get(page))
    assert own.post(f"{page}/{certificate}/reissue").status_code == 403
    assert "重新颁发" in _words(office.get(page))
    assert office.post(f"{page}/{certificate}/reissue").status_code == 303
    assert "替换的原证书编号： PX-2021-000001" in _words(office.get(f"{page}?state=valid"))
    assert "替代本证书的新证书编号： PX-2021-000002" in _words(office.get(f"{page}?state=revoked"))
    assert "重新颁发" not in _words(office.get(f"{page}?state=revoked")).replace("须逐张重新颁发", "")
    assert office.post(f"{page}/{certificate}/reissue").status_code == 409


def _told_of_each_other(stranger, path):
    """Go from the revoked one's check page to its successor's and back, as a person and as a program."""
    page = stranger.get(path)
    assert "已由 PX-2021-000002 号证书替代" in _words(page)
    after = re.search(r'href="([^"]+)">PX-2021-000002', page.text)[1]
    back = stranger.get(after)
    assert "证书有效" in _words(back)
    assert re.search(r'href="([^"]+)">PX-2021-000001', back.text)[1] == path
    told, other = (stranger.get(one, query_string={"format": "json"}).json for one in (path, after))
    assert (told["valid"], told["replaced_by"], told["replaces"]) == (
        False, {"number": "PX-2021-000002", "url": after}, None,
    )  # fmt: skip
    assert (other["valid"], other["replaces"]["url"], other["replaced_by"]) == (True, path, None)
    assert (other["name"], other["number"], "********" in other["id_number"]) == (
        "张三",
        "PX-2021-000002",
        True,
    )
    unknown = stranger.get("/compliance/certificates/nothing?format=json")
    assert (unknown.status_code, unknown.json["code"]) == (404, "certificates.unknown")


def _content(**changes: Any) -> Content:
    """Return what a certificate of S2 may say, with ``changes``."""
    s2 = Catalogue.builtin().get("wudi-gongjiang-draft")
    content = Content(
        number=f"{s2.certificate.number_prefix}-2021-000001",
        name="阿依古丽·买买提",
        sex="female",
        id_number="11010519491231002X",
        label=s2.certificate.label,
        title="焊工班",
        code="S2-1",
        enterprise="虚构机构",
        policy=s2.document,
        first_day="2021-02-01",
        last_day="2021-02-28",
        hours="35",
        topics=("岗位技能",),
        score="92.5",
        issued_on="2021-03-03",
        platform="虚构平台",
        recognition_number="",
    )
    return replace(content, **changes)


def test_W38_the_label_of_the_notice_is_on_it(tmp_path: Path) -> None:
    """Notice W38: S2's mark stands on the certificate; S1 asks for none, so none is there."""
    catalogue = Catalogue.builtin()
    s1, s2 = catalogue.get("liusu-youji-2021"), catalogue.get("wudi-gongjiang-draft")
    assert (s1.certificate.label, s2.certificate.label) == ("", "“吴地工匠”项目制培训")
    assert s2.source("certificate.label").clause == "八.4"
    content = _content()
    assert Content.decode(content.encode()) == content
    path = tmp_path / "s2.pdf"
    path.write_bytes(typeset_certificate(content, ADDRESS, datetime(2021, 3, 3, tzinfo=SHANGHAI), BUILT_IN))
    assert "“吴地工匠”项目制培训" in words_of(path)
    assert scanned(path, tmp_path) == ADDRESS


def test_long_and_rare_names_and_long_titles_stay_whole_on_one_page(tmp_path: Path) -> None:
    """What people are called and what courses are called fits, and the code still reads."""
    content = _content(
        name="阿卜杜热西提·麦麦提依明·吐尔逊江·㛃䶮𬱟",
        title="2021年第三批高新技术产业开发区智能制造装备数字化车间焊接机器人操作与维护高技能人才培训班" * 2,
        enterprise="太仓市中德先进职业技术创新发展与高技能人才联合培训示范中心股份有限公司（虚构）",
        policy="《苏州市“吴地工匠”项目制培训实施细则》（征求意见稿，2022年12月）",
        topics=(
            "岗位技能与焊接机器人操作",
            "安全生产与职业健康",
            "职业道德与工匠精神",
            "防疫知识",
            "绿色制造",
        ),
        platform="苏州市职业技能提升行动线上培训公共服务示范平台（虚构）",
        recognition_number="苏人社平台〔2021〕0007号",
        replaces="WDGJ-2021-000002",
    )
    path = tmp_path / "long.pdf"
    path.write_bytes(typeset_certificate(content, ADDRESS, datetime(2021, 3, 3, tzinfo=SHANGHAI), BUILT_IN))
    with pypdfium2.PdfDocument(path) as document:
        assert len(document) == 1
    said = "".join(words_of(path).split())
    assert all(text in said for text in (content.name, content.title, content.enterprise, content.replaces))
    assert scanned(path, tmp_path) == ADDRESS


def scanned(path: Path, folder: Path) -> str:
    """Return what a scanner reads off the document as it is printed."""
    if shutil.which("zbarimg") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("zbarimg is missing (apt-get install zbar-tools)")
        pytest.skip("zbarimg is missing (apt-get install zbar-tools)")
    with pypdfium2.PdfDocument(path) as document:
        document[0].render(scale=2).to_pil().save(folder / "page.png")
    command = ["zbarimg", "-q", "--raw", folder / "page.png"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
