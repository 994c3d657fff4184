"""Two classes that know nothing of each other, with every kind of object a path can name."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import segno
from sqlalchemy import select

from lmscompliance.attendance import sheets
from lmscompliance.attendance.signing import Reader
from lmscompliance.certificates.content import Content
from lmscompliance.certificates.issuing import CONTENT_PLACE, PDF_PLACE
from lmscompliance.certificates.models import Certificate
from lmscompliance.claims.models import SUBMITTED, Claim
from lmscompliance.completion import disputes
from lmscompliance.completion.objections import Objection
from lmscompliance.exams import essays
from lmscompliance.exams import service as exams
from lmscompliance.exams.models import ExamAttempt, ExamPhoto
from lmscompliance.exams.service import Sitter
from lmscompliance.extension.signing import signer_of
from lmscompliance.files import service as files
from lmscompliance.filing import dispatches, notices
from lmscompliance.filing.dispatches import Sending
from lmscompliance.filing.models import FilingDocument
from lmscompliance.identity import cases, numbers, uscc
from lmscompliance.identity.verification import MANUAL
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import SHANGHAI, ManualClock, shanghai_day, to_micros
from lmscompliance.learning import service as learning
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.sent import SentBeat
from lmscompliance.ledgers.service import export_for_download
from lmscompliance.persons import requests
from lmscompliance.proofs import service as proofs
from lmscompliance.questions.service import import_paths
from lmscompliance.retention import holds
from lmscompliance.rules.finding import Finding
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.supervision import findings, networks
from lmscompliance.supervision.models import Anomaly
from lmscompliance.training import activation, queries, service, verifying
from lmscompliance.training.registration import import_roster
from tests.files.samples import picture
from tests.support.app import administrator, auditor, clerk, inspector, institution, trainee
from tests.support.erasure import erase
from tests.training.school import plan

HEADING = "姓名,性别,身份证号,联系电话"
NAMES = ("张一", "王二")


@dataclass(frozen=True)
class Party:
    """One class, what belongs to its first trainee, and who may see it."""

    objects: dict[str, str]
    neighbours: dict[str, str]
    """The same arguments, with what belongs to another trainee of the same class."""
    trainee: Actor
    clerk: Actor
    institution: Actor
    inspector: Actor
    auditor: Actor

    @property
    def everybody(self) -> tuple[Actor, ...]:
        """Return whoever has to do with this class and no other."""
        return (self.trainee, self.clerk, self.institution, self.inspector, self.auditor)


@dataclass(frozen=True)
class World:
    """Two parties and one administrator."""

    mine: Party
    theirs: Party
    administrator: Actor


def build(services: Services, folder: Path) -> World:
    """File, register and begin two classes through the rooms' public functions."""
    folder.mkdir()
    bank = folder / "bank.gift.txt"
    for topic in ("岗位技能", "安全生产", "职业道德", "防疫知识"):
        bank.write_text(
            "\n\n".join(f"{topic}第{n}题 {{ =对 ~错{n} ~误{n} }}" for n in range(8)), encoding="utf-8"
        )
        import_paths(services, [bank], topic=topic)
    return World(
        mine=_party(services, folder, "MINE", "城厢镇", 1),
        theirs=_party(services, folder, "THEIRS", "沙溪镇", 2),
        administrator=administrator(),
    )


def _party(services: Services, folder: Path, code: str, district: str, number: int) -> Party:
    body = f"9132058{number}MA1MABCD1"
    owner = service.EnterpriseInput(body + uscc.check_character(body), f"企业{number}", district)
    class_id = service.file_class(
        services, code=code, title=f"班级{code}", policy_id="liusu-youji-2021", enterprise=owner
    )
    service.approve_class(services, class_id)
    service.publish_plan(services, class_id, [_offline(first) for first in plan()[:1]] + plan()[1:])
    exams.publish_blueprint(services, class_id, exams.default_blueprint(services, class_id, 10))
    issued = import_roster(services, code, write_roster(folder / f"{code}.csv", number)).issued
    with reading(services.database) as session:
        lesson_id, recorded = (one.id for one in queries.lessons(session, class_id)[:2])
    teacher = Reader(clerk(owner.uscc), "198.51.100.9", "Test/1")
    sheet_id = sheets.print_sheet(services, teacher, class_id, lesson_id)
    picture = io.BytesIO()
    segno.make(code).save(picture, kind="png")
    scan = sheets.keep_scan(services, teacher, class_id, lesson_id, sheet_id, data=picture.getvalue())
    people = []
    for one in issued:
        account = f"{code}-{one.ordinal}"
        activation.activate(services, account=account, code=one.code, ip="198.51.100.7", consent_version=None)
        exams.unlock(services, class_id, one.enrolment_id)
        attempt_id = exams.start(
            services,
            class_id=class_id,
            enrolment_id=one.enrolment_id,
            sitter=Sitter(account, "198.51.100.7", "Test/1"),
        )
        people.append(
            {
                "class_id": class_id,
                "lesson_id": lesson_id,
                "enrolment_id": one.enrolment_id,
                "attempt_id": attempt_id,
                "sheet_id": sheet_id,
                "sha256": scan,
                "file": "workbook",
                "fact": "graded",
                "photo_n": "1",
                "grant": "unsigned",
                "link": "unsigned",
                "name": "clip.mp4",
                "tile": "0/000.p/1",
                "bundle": "000.p/1",
                "number": "0",
            }
        )
    found = Finding("lockstep", "high", people[0]["enrolment_id"], 0, 1, (), {"persons": 3, "sessions": 15})
    with transaction(services.database) as session:
        findings.keep(session, services, class_id, [found])
    networks.declare(services, administrator(), class_id, f"203.0.{number}.0/24", "厂区出口")
    with transaction(services.database) as session:
        side = {"name": "某人", "id_number": "1", "file": "a.xlsx", "row": 1}
        case_id = cases.open_case(
            session,
            services,
            kind=cases.OTHER_NAME,
            finding=code,
            origin=f"class/{class_id}",
            person_id=None,
            sides=(side, side),
        )
    with reading(services.database) as session:
        anomaly_id = session.scalars(select(Anomaly.id).where(Anomaly.class_id == class_id)).one()
    (network,) = networks.listed(services, class_id)
    with transaction(services.database) as session:
        for objects in people:
            now = services.clock.now()
            place = {name: objects[name] for name in ("class_id", "attempt_id", "enrolment_id")}
            given = {"outcome": "taken", "verdict": "", "sha256": scan, "asked_at": now, "answered_at": now}
            session.add(ExamPhoto(**place, n=1, due_at=now, **given))
    for objects in people:
        objects["marking_id"] = _marking(services, objects)
        objects["proof_id"] = _proof(services, objects, f"{code}-{people.index(objects) + 1}")
        objects["verification_id"] = _verification(services, objects)
        objects["request_id"] = requests.ask(
            services,
            trainee(f"{code}-{people.index(objects) + 1}"),
            class_id,
            field="other",
            wanted="部门改为质检部",
            reason="调岗",
        )
        objects["dispute_id"] = _object(services, objects, f"{code}-{people.index(objects) + 1}", recorded)
    purge_id, hold_id = _retained(services, class_id)
    claim_id = _claim(services, class_id)
    with transaction(services.database) as session:
        row = FilingDocument(
            class_id=class_id, kind="plan", n=0, sha256=scan, by="clerk", at=services.clock.now()
        )
        session.add(row)
    dispatches.send(services, class_id, _sending(services), by="clerk")
    notices.publish(services, class_id, title="培训通知", text="请按时学习。", by="clerk")
    export_id = export_for_download(services, signer_of(services), class_id).id
    for number_of, objects in enumerate(people, 1):
        objects.update(_certificate(services, objects, f"{code}-{number_of}"))
        objects |= {
            "case_id": case_id,
            "claim_id": claim_id,
            "kind": "plan",
            "export_id": export_id,
            "anomaly_id": anomaly_id,
            "network_id": network.id,
            "purge_id": purge_id,
            "hold_id": hold_id,
        }
    return Party(
        objects=people[0],
        neighbours=people[1],
        trainee=trainee(f"{code}-1"),
        clerk=clerk(owner.uscc, f"clerk-{code}"),
        institution=institution(class_id, account=f"institution-{code}"),
        auditor=auditor(class_id, account=f"auditor-{code}"),
        inspector=inspector(district, account=f"inspector-{code}"),
    )


def _sending(services: Services) -> Sending:
    """Return what somebody says of a pack that they mailed today."""
    return Sending("受理单位", "email", shanghai_day(services.clock.now()), "office@example.org")


def _claim(services: Services, class_id: str) -> str:
    """Put a claim on record; handing one in would close the class."""
    payee = dict.fromkeys(("bank", "holder", "account", "handler", "responsible"), "某")
    with transaction(services.database) as session:
        row = Claim(
            class_id=class_id,
            id=services.ids.new(),
            status=SUBMITTED,
            submitted_at=services.clock.now(),
            submitted_by="clerk",
            payee_sealed=services.vault.seal(
                "compliance_claim.payee_sealed",
                json.dumps(payee, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
            ),
            people=0,
            granted=0,
            yuan=Decimal(0),
            decided_by="",
            reference="",
        )
        session.add(row)
        return row.id


def _certificate(services: Services, objects: dict[str, str], number: str) -> dict[str, str]:
    """Put a certificate on record; earning one would end the trainee's exam."""
    content = Content(
        *(number, "某人", "male", "11010519491231002X", "", "班", number, "企业", "通知"),
        *("2021-02-01", "2021-02-28", "24", (), "60", "2021-03-01", "平台", ""),
    )
    vault = services.vault
    with transaction(services.database) as session:
        row = Certificate(
            class_id=objects["class_id"],
            enrolment_id=objects["enrolment_id"],
            n=1,
            id=services.ids.new(),
            number=number,
            code=services.ids.opaque(),
            issued_at=services.clock.now(),
            issued_by="clerk",
            recorded_n=0,
            pdf_sha256="0" * 64,
            content_sealed=vault.seal(CONTENT_PLACE, content.encode()),
            pdf_sealed=vault.seal(PDF_PLACE, "JVBERg=="),
        )
        session.add(row)
        return {"certificate_id": row.id, "code": row.code, "part": "pdf"}


def _object(services: Services, objects: dict[str, str], account: str, lesson_id: str) -> str:
    """Let the trainee leave a lesson open too long, and object to the gap."""
    actor, sender = trainee(account), Origin("198.51.100.7", "Test/1")
    clock = services.clock
    assert isinstance(clock, ManualClock)
    began = clock.now()
    started = learning.start(services, actor, lesson_id, sender)
    clock.advance(200)
    learning.end(services, started.token, SentBeat(1, 200_000, "paused"), sender)
    start_us = to_micros(began)
    gap = Objection(started.session, start_us, start_us + 200_000_000)
    return disputes.raise_objection(services, actor, objects["class_id"], gap, "网络中断，我一直在学习。")


def _marking(services: Services, objects: dict[str, str]) -> str:
    """Put a question of the trainee's paper before people."""
    class_id, attempt_id = objects["class_id"], objects["attempt_id"]
    with transaction(services.database) as session:
        wanted = select(ExamAttempt).where(ExamAttempt.class_id == class_id, ExamAttempt.id == attempt_id)
        essays.ask(session, services, session.scalars(wanted).one(), [1])
        return essays.of_attempt(session, class_id, attempt_id)[0].id


def _proof(services: Services, objects: dict[str, str], account: str) -> str:
    """Hand in an itinerary of the trainee's."""
    return proofs.add(
        services,
        trainee(account),
        objects["class_id"],
        objects["enrolment_id"],
        data=picture(),
        handed=proofs.Handed("itinerary", shanghai_day(services.clock.now())),
        consent="1",
        ip="198.51.100.7",
    )


def _verification(services: Services, objects: dict[str, str]) -> str:
    """Open a verification with a photo of the trainee's."""
    with transaction(services.database) as session:
        one = queries.enrolment(session, objects["class_id"], objects["enrolment_id"])
        row = verifying.begin(session, services, one, verifying.REVIEW, MANUAL)
        row.photo = files.keep(session, services, files.prepare(services, picture()))
        return row.id


def _retained(services: Services, class_id: str) -> tuple[str, str]:
    """Carry a purge out that destroys nothing, and place a hold; return their ids."""
    with transaction(services.database) as session:
        purge_id = erase(session, services, class_id, [])
    return purge_id, holds.place(services, administrator("admin-hold"), class_id, "审计")


def _offline(lesson: service.LessonInput) -> service.LessonInput:
    start = datetime(2021, 2, 8, 9, tzinfo=SHANGHAI)
    return replace(
        lesson, mode="offline", delivery="线下", starts_at=start, ends_at=start + timedelta(hours=2)
    )


def write_roster(path: Path, number: int) -> Path:
    """Write a roster of two invented people; ``number`` keeps classes' people apart."""
    rows = [HEADING]
    for index, name in enumerate(NAMES):
        body = f"3205851990010{number}{index + 1}0{1 + 2 * index}"
        rows.append(f"{name},男,{body}{numbers.check_digit(body)},138{number}000000{index}")
    path.write_text("\n".join(rows), encoding="utf-8")
    return path
