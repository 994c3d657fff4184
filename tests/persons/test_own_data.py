"""What is held about somebody: handed out whole, corrected on request, and no longer added to on request."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from lmscompliance.certificates import issuing
from lmscompliance.certificates import reading as certificates
from lmscompliance.completion import service as completion
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.identity import people
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.ledgers.assemble import trust_text
from lmscompliance.persons import merging, own_data, requests
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries, verifying
from lmscompliance.training.models import Enrolment
from lmscompliance.verifier import Verdict
from lmscompliance.verifier.receipt import verify_receipt
from tests.completion.classroom import open_classroom, publish_exam
from tests.documents.pdfa import assert_pdfa
from tests.identity.sheets import number
from tests.learning.school import PHONE
from tests.persons.two_classes import learn_at_once, twice
from tests.support.app import administrator, client_for, inspector, make_app, trainee
from tests.support.poppler import words_of
from tests.training.school import leaves

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TRAINEE = trainee("trainee-1")
ADMIN = administrator()


def _person(room):
    with reading(room.services.database) as session:
        return queries.open_enrolment(session, room.services.vault, room.class_id, room.enrolment()).person


def _ask(room, field: str, wanted: str) -> str:
    return requests.ask(
        room.services, TRAINEE, room.class_id, field=field, wanted=wanted, reason="身份证为准"
    )


def _accept(room, request: str) -> None:
    requests.decide(room.services, ADMIN, room.class_id, request, accepted=True, reason="核对身份证")


def test_the_archive_holds_everything_and_nothing_of_others(services, tmp_path):
    """All of it for people and for programs, without staff's accounts; taking a copy is a look, too."""
    made = twice(services, tmp_path)
    learn_at_once(made)
    publish_exam(made.right, tmp_path)
    app = make_app(services)
    client = client_for(app, trainee("right-1"))
    details = f"/compliance/classes/{made.right.class_id}/trainees/{made.right.enrolment('right-1')}/details"
    client_for(app, ADMIN).post(details, data={"purpose": "电话核实"})
    assert client.get("/compliance/mine").status_code == 200
    answer = client.post("/compliance/mine/export")
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        names = {"my-data.html", "my-data.json", "my-data.pdf", "sessions.csv"}
        assert set(archive.namelist()) == names, "nothing is sealed yet, so there is no receipt"
        page = archive.read("my-data.html").decode()
        data = json.loads(archive.read("my-data.json"))
        table = archive.read("sessions.csv").decode("utf-8-sig").splitlines()
    (mine,) = data["classes"]
    assert (mine["class"]["code"], mine["person"]["id_number"]) == ("B", number(1))
    assert [one["credited_seconds"] for one in mine["sessions"]] == [60]
    assert [one["addresses"] for one in mine["sessions"]] == [[PHONE.ip]]
    assert len(table) == 2
    assert table[1].endswith(PHONE.ip)
    assert {one["purpose"] for one in mine["looks"]} == {"", "电话核实"}
    assert [one["entry"]["t"] for one in mine["evidence"]][:3] == [
        "trainee.registered",
        "trainee.activated",
        "session.opened",
    ]
    assert mine["evidence"][0]["values"]["id_number"] == number(1)
    assert ADMIN.account not in json.dumps(data)
    assert number(1) in page
    assert "电话核实" in page
    with reading(services.database):
        told = [leaf for _, kind, leaf in leaves(services, made.right.class_id) if kind == "details.revealed"]
    assert [one["body"]["occasion"] for one in told] == ["details", "own"]
    merging.merge(services, ADMIN, made.case_id, keep="second", reason="录错", basis="身份证")
    own_data.withdraw_learning(services, trainee("right-1"), made.right.class_id)
    with transaction(services.database) as session:
        key = (made.right.class_id, made.right.enrolment("right-1"))
        verifying.begin(session, services, session.get_one(Enrolment, key), verifying.REVIEW, "manual")
    both = client_for(app, trainee("wrong-1")).post("/compliance/mine/export")
    with zipfile.ZipFile(io.BytesIO(both.data)) as archive:
        page = archive.read("my-data.html").decode()
    assert all(words in page for words in ("(A)", "(B)", "撤回时间", "照片摘要值", "最早"))
    assert client_for(app, trainee("nobody")).post("/compliance/mine/export").status_code == 404


def test_what_is_accepted_is_corrected_everywhere_with_both_values(services, tmp_path):
    """Name, phone and number change the record and leave both in the evidence; a refusal changes nothing."""
    room = open_classroom(services, tmp_path)
    for field, wanted in (("name", "张叁"), ("phone", "13912345678"), ("id_number", number(3))):
        request = _ask(room, field, wanted)
        with pytest.raises(Conflict):
            _ask(room, field, wanted)
        _accept(room, request)
        with pytest.raises(Conflict):
            _accept(room, request)
    person = _person(room)
    assert (person.name, person.phone, person.id_number) == ("张叁", "13912345678", number(3))
    with reading(services.database) as session:
        assert people.person_by_number(session, services.vault, number(3)).id == person.id
    told = [
        set(leaf["d"]) for _, kind, leaf in leaves(services, room.class_id) if kind == "identity.corrected"
    ]
    assert told == [{f"{field}_before", field, "by", "reason"} for field in ("name", "phone", "id_number")]
    requests.decide(
        services, ADMIN, room.class_id, _ask(room, "name", "张四"), accepted=False, reason="证件不符"
    )
    assert _person(room).name == "张叁"
    other = _ask(room, "id_number", number(2))
    with pytest.raises(Conflict, match="on record already"):
        _accept(room, other)
    for field, wanted in (("name", "="), ("id_number", "12"), ("phone", "1"), ("age", "3"), ("other", " ")):
        with pytest.raises(InvalidInput):
            _ask(room, field, wanted)


def test_staff_decide_on_a_page_that_masks(services, tmp_path):
    """What is wanted is shown whole for a purpose alone; inspectors look, the administrator decides."""
    room = open_classroom(services, tmp_path)
    app = make_app(services)
    own = client_for(app, TRAINEE)
    path = f"/compliance/classes/{room.class_id}"
    form = {"field": "phone", "wanted": "13912345678", "reason": "换号"}
    assert own.post(f"{path}/mine/corrections", data=form).status_code == 303
    assert "待处理" in own.get("/compliance/mine").text
    admin = client_for(app, ADMIN)
    assert "13912345678" not in admin.get("/compliance/corrections").text
    (line,) = requests.worklist(services, ADMIN)
    one = f"{path}/corrections/{line.line.row.id}"
    assert admin.post(f"{one}/reveal").status_code == 422
    assert "13912345678" in admin.post(f"{one}/reveal", data={"purpose": "回拨核实"}).text
    answer = {"decision": "accept", "reason": "已回拨"}
    assert client_for(app, inspector("城厢镇")).post(one, data=answer).status_code == 403
    assert admin.post(one, data=answer).status_code == 303
    assert "已回拨" in own.get("/compliance/mine").text
    assert _person(room).phone == "13912345678"


def test_without_consent_nothing_more_is_recorded(services, tmp_path):
    """The running session ends and no other begins until the consent is given again; both are evidence."""
    room = open_classroom(services, tmp_path)
    player = room.player(0)
    player.play(20, every=5)
    client = client_for(make_app(services), TRAINEE)
    path = f"/compliance/classes/{room.class_id}/mine/learning"
    assert client.post(path, data={"decision": "withdraw"}).status_code == 303
    (leaf,) = [leaf for _, kind, leaf in leaves(services, room.class_id) if kind == "consent.withdrawn"]
    assert leaf["body"]["purpose"] == "learning"
    assert "session.closed" in [kind for _, kind, _ in leaves(services, room.class_id)]
    with pytest.raises(Conflict):
        room.player(1)
    assert "重新同意" in client.get(f"/compliance/classes/{room.class_id}/mine").text
    own_data.withdraw_learning(services, TRAINEE, room.class_id)
    assert client.post(path, data={"decision": "give"}).status_code == 303
    room.player(1).play(10, every=5)


def test_staff_take_ones_file_with_certificate_and_proofs(services, tmp_path):
    """One class's file: a PDF that says it all, the certificate as issued, a receipt for each own entry."""
    room = open_classroom(services, tmp_path, 3)
    publish_exam(room, tmp_path)
    room.learn_all()
    completion.refresh(services, room.class_id, room.enrolment())
    room.hall.sit(80)
    issuing.issue_all(services, ADMIN, room.class_id, "https://peixun.example.com")
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    seal_all(services, signer)
    app = make_app(services)
    at = f"/compliance/classes/{room.class_id}/trainees/{room.enrolment()}/file"
    client = client_for(app, inspector("城厢镇"))
    assert client.post(at).status_code == 422
    answer = client.post(at, data={"purpose": "抽查"})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    (certificate,) = [name for name in files if name.startswith("certificates/")]
    assert files[certificate] == certificates.own_document(services, TRAINEE, room.class_id)
    path = tmp_path / "file.pdf"
    path.write_bytes(files["my-data.pdf"])
    assert_pdfa(path, "2", "U")
    words = words_of(path)
    assert all(
        text in words for text in ("一人一档", "张三", number(1), "PX-2021-000001", "演示班", "示范企业")
    )
    receipts = sorted(name for name in files if name.endswith(".tlog-proof"))
    assert len(receipts) == len(room.hall.told())
    trust = trust_text(signer, services)
    found = [verify_receipt(files[name], trust) for name in receipts]
    assert {one.report.verdict for one in found} == {Verdict.VALID}
    assert [one.leaf.t for one in found if one.leaf] == [leaf.t for leaf in room.hall.told()]
    assert {name for one in found for name in one.values if not own_data.is_own(name)} == set()
    assert ADMIN.account not in files["my-data.json"].decode()
    (mine,) = own_data.collect(services, TRAINEE, "zh_CN")["classes"]
    assert "抽查" in {one["purpose"] for one in mine["looks"]}
    assert "looks" not in json.loads(files["my-data.json"])["classes"][0]
