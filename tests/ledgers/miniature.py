"""A class small enough to add up by hand, written straight into the evidence log.

Five trainees under the demo policy (four lessons of 90 s, beats every 5 s): one diligent, one who fails and
then passes, one who fails twice, one idle, one who never comes. All people are invented.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from lmscompliance import evidence
from lmscompliance.kernel.clock import SHANGHAI, ManualClock, shanghai_day, to_micros
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.settings import Settings
from lmscompliance.policy import Catalogue
from lmscompliance.rules import essays
from lmscompliance.rules.marking import Item, mark
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.storage.models import load_all
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries, service
from lmscompliance.training.service import EnterpriseInput, LessonInput
from lmscompliance.vault import Vault
from lmscompliance.vault.sources import FileKeys
from tests.ledgers.invented import enumerated, question

TOPICS = ("岗位技能", "安全生产", "职业道德", "防疫知识")
CODE = "MINI-2021-01"
AGENT = (
    "Mozilla/5.0 (Linux; Android 10; HMA-AL00) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/88.0.4324.93 Mobile Safari/537.36 MicroMessenger/8.0.1"
)
BEAT = 5
PEOPLE = (
    ("王建国", "male", "11010519491231002X", "13800138000", "装配车间"),
    ("李晓梅", "female", "440524188001010014", "13900139001", "质检部"),
    ("=1+1", "male", "610104196209276908", "15012345678", "<r>仓库</r>"),
    ("阿不都·热合曼", "male", "830000199201300022", "18612345678", "焊接\x0b班组"),
    ("欧阳静", "female", "810000199408230021", "13712345678", ""),
)


@dataclass(slots=True)
class Miniature:
    """The class under construction; ``clock`` is the services' own."""

    services: Services
    clock: ManualClock
    class_id: str = ""
    enrolments: list[str] = field(default_factory=list)
    lessons: list[str] = field(default_factory=list)
    topics: tuple[str, ...] = TOPICS
    """The topics of the questions that papers have."""

    def record(self, stream: str, type_: str, body: dict[str, Json], **disclose: Json) -> None:
        """Record one fact as of now."""
        with transaction(self.services.database) as session:
            evidence.record(
                session,
                self.services,
                class_id=self.class_id,
                stream=stream,
                type=type_,
                at=self.clock.now(),
                body=body,
                disclose=disclose,
            )

    def now_us(self) -> int:
        """Return the clock in microseconds."""
        return to_micros(self.clock.now())

    def file(self) -> None:
        """File, approve and plan the class, and publish an exam."""
        self.class_id = service.file_class(
            self.services,
            code=CODE,
            title="留苏优技·焊工班（虚构）",
            policy_id="demo-short",
            enterprise=EnterpriseInput("91320585MA1XXXXX0N", "太仓示范精密机械有限公司（虚构）", "浏河镇"),
            window=(date(2021, 2, 1), date(2021, 2, 28)),
        )
        service.approve_class(self.services, self.class_id, "LSYJ-0001")
        service.publish_plan(
            self.services,
            self.class_id,
            [
                LessonInput(number, topic, f"{topic}课程", f"{topic}第{number}讲", "录播", Decimal(1), 90)
                for number, topic in enumerate(TOPICS, 1)
            ],
        )
        with reading(self.services.database) as session:
            self.lessons = [lesson.id for lesson in queries.lessons(session, self.class_id)]
        self.publish(1)

    def publish(self, version: int, *, essay: bool = False, topics: Sequence[str] = TOPICS) -> None:
        """Publish a blueprint of a question on each topic; the last of them may be an essay."""
        kinds = ["single"] * 3 + ["essay" if essay else "single"]
        parts: list[Json] = [
            {"topic": topic, "kind": kind, "count": 1, "points": "25"}
            for topic, kind in zip(topics, kinds, strict=False)
        ]
        self.record(
            evidence.class_stream(self.class_id),
            "exam.published",
            {
                "blueprint": "paper-a",
                "version": version,
                "full_marks": "100",
                "duration_seconds": 600,
                "parts": parts,
            },
        )

    def enrol(self) -> None:
        """Register everybody; the last one never activates."""
        for ordinal, (name, sex, number, phone, department) in enumerate(PEOPLE, 1):
            enrolment = self.services.ids.opaque()
            self.enrolments.append(enrolment)
            self.record(
                evidence.class_stream(self.class_id),
                "enrolment.created",
                {"enrolment": enrolment, "ordinal": ordinal},
            )
            stream = evidence.enrolment_stream(enrolment)
            at = self.now_us()
            self.record(
                stream,
                "trainee.registered",
                {
                    "registered_us": at,
                    "verification": {"method": "offline", "result": "passed", "at_us": at},
                },
                name=name,
                sex=sex,
                id_number=number,
                phone=phone,
                department=department,
                household="河南省周口市",
            )
            self.clock.advance(7)
            if ordinal < len(PEOPLE):
                body: dict[str, Json] = {"activated_us": self.now_us(), "consent": {"version": "1"}}
                self.record(stream, "trainee.activated", body, ip=f"10.0.0.{ordinal}")

    def watch(
        self, who: int, lesson: int, seconds: int, *, idle_at: int | None = None, end: bool = True
    ) -> str:
        """Play a lesson for ``seconds``; at ``idle_at`` say nothing for 60 s more. Two segments when long."""
        stream = evidence.enrolment_stream(self.enrolments[who])
        session = self.services.ids.new()
        opened = self.now_us()
        with reading(self.services.database) as reads:
            after = evidence.newest_head(reads)
        self.record(
            stream,
            "session.opened",
            {
                "after": after,
                "session": session,
                "lesson": self.lessons[lesson],
                "opened_us": opened,
                "content_sha256": "0" * 64,
            },
            ip=f"10.0.0.{who + 1}",
            agent=AGENT,
        )
        beats: list[list[Json]] = []
        segments, start = 0, 0
        pause = 0
        for seq, second in enumerate(range(0, seconds + 1, BEAT)):
            if idle_at is not None and second > idle_at:
                pause = 60
            beats.append([seq, (second + pause - start) * 1000, second * 1000, "playing"])
            last = second + BEAT > seconds
            if second + pause - start >= 30 or last:
                self.clock.set(
                    datetime.fromtimestamp(opened / 1e6, SHANGHAI) + timedelta(seconds=second + pause)
                )
                self.record(
                    stream,
                    "session.segment",
                    {
                        "session": session,
                        "n": segments,
                        "start_us": opened + start * 1_000_000,
                        "end_us": self.now_us(),
                        "closed_by": "end" if last else "length",
                        "beats": beats,
                    },
                    **({"ip": f"10.9.9.{who + 1}", "agent": "curl/7"} if segments == 1 and who == 1 else {}),
                )
                segments, start = segments + 1, second + pause
                beats = [[seq, 0, second * 1000, "playing"]]
        if end:
            self.record(
                stream,
                "session.closed",
                {"session": session, "closed_us": self.now_us(), "reason": "end", "segments": segments},
            )
        self.clock.advance(30)
        return session

    def ask(self, who: int, session: str, number: int, *, passed: bool | None, decide: bool = True) -> None:
        """Ask a sum; ``passed`` is whether the answer is right, ``None`` that there is none in time.

        Without ``decide`` nothing is recorded of what came of it.
        """
        stream = evidence.enrolment_stream(self.enrolments[who])
        check, issued = self.services.ids.new(), self.now_us()
        self.record(
            stream,
            "presence.issued",
            {
                "check": check,
                "number": number,
                "session": session,
                "method": "arithmetic",
                "asked": False,
                "issued_us": issued,
                "until_us": issued + 20_000_000,
            },
            question={"form": "text", "text": "17 + 4 = ?", "options": [], "key": 21, "source": ""},
        )
        if not decide:
            return
        if passed is None:
            self.clock.advance(21)
            body: dict[str, Json] = {"check": check, "until_us": issued + 20_000_000}
            self.record(stream, "presence.missed", body)
            return
        self.clock.advance(3)
        body = {"check": check, "answered_us": self.now_us(), "passed": passed}
        self.record(stream, "presence.answered", body, ip="10.0.0.1", agent=AGENT, answer=["21"])

    def unlock(self, who: int) -> None:
        """Open the exam."""
        stream = evidence.enrolment_stream(self.enrolments[who])
        self.record(stream, "exam.unlocked", {"unlocked_us": self.now_us()})

    def sit(
        self,
        who: int,
        number: int,
        right: int,
        *,
        submit: bool = True,
        graded: Decimal | None = None,
        saved: dict[str, Json] | None = None,
        seconds: int = 600,
        extra: int = 0,
        marks: Sequence[tuple[str, str]] | None = None,
        forged: Mapping[str, Mapping[str, Json]] = MappingProxyType({}),
        version: int = 1,
    ) -> str:
        """Take an attempt with ``right`` of four answers right and return its id.

        ``graded`` and ``saved`` are what a cheat would record as score and as the one save's answers,
        ``forged`` members of the paper's questions, ``version`` the blueprint's. With
        ``marks`` (who, points) the last question is an essay that got them.
        """
        stream = evidence.enrolment_stream(self.enrolments[who])
        attempt = self.services.ids.new()
        paper = {
            f"q{place + 1:03}": question(topic, place, shift=number)
            for place, topic in enumerate(self.topics)
        }
        if marks is not None:
            paper["q004"] = {**_object(paper["q004"]), "kind": "essay", "options": [], "key": ["先断电"]}
            self.publish(version := 2, essay=True)
        for name, members in forged.items():
            paper[name] = {**_object(paper[name]), **members}
        opened = self.now_us()
        self.record(
            stream,
            "attempt.opened",
            {
                "attempt": attempt,
                "number": number,
                "opened_us": opened,
                "deadline_us": opened + seconds * 1_000_000,
                "blueprint_version": version,
                "extra_seconds": extra,
            },
            ip=f"10.0.0.{who + 1}",
            agent=AGENT,
            **paper,
        )
        if not submit:
            return attempt
        self.clock.advance(240)
        answers: list[Json] = []
        for place, item in enumerate(paper.values()):
            key = item["key"] if isinstance(item, dict) else None
            answers.append(key if place < right else None)
        if marks is not None:
            answers[-1] = ["先断电，再施救"]
        self.record(
            stream,
            "attempt.submitted",
            {
                "attempt": attempt,
                "submitted_us": self.now_us(),
                "closed_by": "trainee",
                "answered": sum(answer is not None for answer in answers),
                "saves": 1,
                "flags": {"left": 1, "away_ms": 1500, "copied": 0, "pasted": 0},
            },
            answers=answers,
            timeline=[
                [
                    1,
                    self.now_us(),
                    dict(enumerated(answers)) if saved is None else saved,
                    f"10.0.0.{who + 1}",
                    {"left": 1, "away_ms": 1500},
                ]
            ],
            ip=f"10.0.0.{who + 1}",
        )
        items = [Item.from_json(item) for item in paper.values() if isinstance(item, dict)]
        terms = Catalogue.builtin().get("demo-short").exam
        for n, (by, points) in enumerate(marks or (), 1):
            self.clock.advance(60)
            told: dict[str, Json] = {"attempt": attempt, "item": 4, "n": n, "points": points}
            self.record(stream, "attempt.marked", told | {"marked_us": self.now_us()}, by=by)
        settled = essays.settled([Decimal(points) for _, points in marks or ()], Decimal(25), terms)
        score = (
            mark(items, answers, terms, {} if settled is None else {4: settled}).score
            if graded is None
            else graded
        )
        self.record(
            stream,
            "attempt.graded",
            {
                "attempt": attempt,
                "graded_us": self.now_us(),
                "score": str(score),
                "full": "100",
                "passed": score >= 60,
            },
        )
        self.clock.advance(60)
        return attempt

    def set_quiz(
        self, lesson: int, version: int = 1, use: str = "required", count: int = 2, **part: Json
    ) -> None:
        """Set a lesson's quiz of so many questions; ``part`` replaces what is asked for."""
        named = part.pop("named", [])
        asked: dict[str, Json] = {"topic": self.topics[lesson], "kind": "single", "count": count}
        parts: list[Json] = [asked | {"points": "1"} | part]
        body: dict[str, Json] = {"lesson": self.lessons[lesson], "version": version, "use": use}
        body |= {"at_us": self.now_us(), "content_sha256": "0" * 64, "named": named}
        self.record(
            evidence.class_stream(self.class_id),
            "lesson.quiz_set",
            body | {"parts": parts if count else []},
            by="institution-1",
            reason="",
        )
        self.clock.advance(1)

    def take_quiz(
        self, who: int, lesson: int, number: int, right: int, *, count: int = 2, **cheat: Json
    ) -> None:
        """Take a lesson's quiz with ``right`` answers right; ``cheat`` replaces what is recorded of it."""
        stream, quiz = evidence.enrolment_stream(self.enrolments[who]), self.services.ids.new()
        paper = {
            f"q{place + 1:03}": {**_object(question(self.topics[lesson], place, shift=number)), "points": "1"}
            for place in range(count)
        }
        body: dict[str, Json] = {"quiz": quiz, "lesson": self.lessons[lesson], "version": 1}
        self.record(
            stream,
            "quiz.opened",
            body | {"number": number, "opened_us": self.now_us()},
            ip="10.0.0.1",
            **paper,
        )
        self.clock.advance(20)
        answers: list[Json] = [one["key"] if n < right else None for n, one in enumerate(paper.values())]
        handed_in: dict[str, Json] = {"quiz": quiz, "submitted_us": self.now_us(), "score": str(right)}
        handed_in |= {"full": str(count), "passed": right * 1000 >= count * 600}
        self.record(stream, "quiz.submitted", handed_in | cheat, answers=answers, ip="10.0.0.1")
        self.clock.advance(70)

    def certify(
        self,
        who: int,
        serial: int,
        *,
        says: Mapping[str, Json] = MappingProxyType({}),
        replaces: str = "",
        **forged: Json,
    ) -> str:
        """Issue a certificate to ``who`` passed with 100 points and return its id.

        ``says`` is what a forger would change of what it says, ``forged`` of what the entry says.
        """
        name, sex, id_number = PEOPLE[who][:3]
        certificate, number = self.services.ids.new(), f"PX-2021-{serial:06}"
        content: dict[str, Json] = {"number": number, "name": name, "sex": sex, "id_number": id_number}
        content |= {"label": "", "title": "留苏优技·焊工班（虚构）", "code": CODE, "topics": [*TOPICS]}
        content |= {"enterprise": "太仓示范精密机械有限公司（虚构）", "hours": "4", "score": "100"}
        content |= {"policy": Catalogue.builtin().get("demo-short").document, "template": 1}
        content |= {"first_day": "2021-02-01", "last_day": "2021-02-28", "replaces": replaces}
        settings = self.services.settings
        content |= {"platform": settings.platform_name, "recognition_number": settings.recognition_number}
        content |= {"issued_on": shanghai_day(self.clock.now()).isoformat()}
        body: dict[str, Json] = {"certificate": certificate, "number": number, "serial": serial}
        body |= {"score": "100", "hours": "4", "template": 1, "template_sha256": "3" * 64}
        body |= {"replaces": replaces or None, "pdf_sha256": "4" * 64, "issued_us": self.now_us()}
        told = json.dumps(content | says, ensure_ascii=False, sort_keys=True)
        stream = evidence.enrolment_stream(self.enrolments[who])
        self.record(stream, "certificate.issued", body | forged, by="clerk-1", content=told)
        self.clock.advance(60)
        return certificate

    def revoke(self, who: int, certificate: str, number: str) -> None:
        """Revoke a certificate because of a wrong name."""
        body: dict[str, Json] = {"certificate": certificate, "number": number, "role": "inspector"}
        stream = evidence.enrolment_stream(self.enrolments[who])
        told = body | {"revoked_us": self.now_us()}
        self.record(stream, "certificate.revoked", told, by="bureau-1", reason="姓名有误")

    def void(self, who: int, attempt: str, by: str = "staff-2") -> None:
        """Void an attempt that ``staff-1`` asks for and ``by`` confirms."""
        stream = evidence.enrolment_stream(self.enrolments[who])
        asked = {"attempt": attempt, "requested_us": self.now_us()}
        self.record(stream, "attempt.void_requested", asked, by="staff-1", reason="考场停电")
        self.clock.advance(60)
        decided = {"attempt": attempt, "decided_us": self.now_us(), "confirmed": True}
        self.record(stream, "attempt.void_decided", decided, by=by)


def _object(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def build(services: Services, clock: ManualClock, between: Callable[[], object] = list) -> Miniature:
    """Make the whole class as of 2021-02-05; ``between`` lessons something else may be done."""
    made = Miniature(services, clock)
    made.file()
    made.enrol()
    for lesson in range(4):
        made.watch(0, lesson, 90)
        made.watch(1, lesson, 95, idle_at=40 if lesson == 2 else None)
        made.watch(2, lesson, 90)
        between()
    made.watch(0, 0, 20)  # a repeat
    made.watch(3, 0, 40)
    for who in range(3):
        made.unlock(who)
    made.sit(0, 1, 4)
    made.sit(1, 1, 2)
    made.sit(1, 2, 3)
    made.sit(2, 1, 0)
    made.sit(2, 2, 2)
    stream = evidence.enrolment_stream(made.enrolments[2])
    made.record(
        stream, "exam.locked", {"locked_us": made.now_us(), "reason": "attempts_exhausted", "clause": "五.4"}
    )
    return made


def standalone(folder: Path, clock: ManualClock) -> Services:
    """Return services over an SQLite database of their own below ``folder``."""
    settings = Settings.from_mapping(
        {
            "COMPLIANCE_DATA_DIR": folder / "data",
            "COMPLIANCE_PLATFORM_NAME": "虚构学习平台",
            "COMPLIANCE_RECOGNITION_NUMBER": "太人社网培-07",
            "SECRET_KEY": "test-secret",
        }
    )
    vault = Vault(FileKeys(folder / "data" / "vault.json"))
    database = Database(f"sqlite:///{folder / 'data' / 'test.sqlite3'}")
    load_all().metadata.create_all(database.engine)
    return Services(
        clock=clock,
        ids=Ids(clock, SystemRandomness()),
        settings=settings,
        database=database,
        vault=vault,
        policies=Catalogue.builtin(),
    )
