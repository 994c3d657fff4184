"""A small class under the notice S1 with enrolled trainees, and a hand on the clock to learn with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select

from lmscompliance.evidence.models import Entry
from lmscompliance.identity import uscc
from lmscompliance.identity.accounts import bind
from lmscompliance.identity.models import Account
from lmscompliance.identity.people import PersonValue, find_or_create
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.learning import beats, service
from lmscompliance.learning.beats import BeatAck
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.sent import SentBeat
from lmscompliance.learning.service import Ended, Started
from lmscompliance.rules import credit
from lmscompliance.rules.account import Account as CreditAccount
from lmscompliance.rules.facts import PresenceFact, SessionFact
from lmscompliance.rules.presence import voids
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.training import queries
from lmscompliance.training import service as training
from lmscompliance.training.models import Enrolment, Lesson
from tests.identity import sheets
from tests.learning import attention

TOPICS = ("岗位技能", "安全生产", "职业道德", "防疫知识")
LESSON_SECONDS = 1800
BODY = "91320585MA1MABCD1"
PHONE = Origin("203.0.113.7", "Phone/1.0")
DESKTOP = Origin("198.51.100.9", "Desktop/2.0")

Accept = Callable[[Services, str, SentBeat, str, str], BeatAck]


@dataclass(frozen=True)
class School:
    """A filed and approved class with its lessons' ids; ``trainees`` maps an account to its enrolment."""

    services: Services
    class_id: str
    lessons: list[str]
    trainees: dict[str, str]
    accept: Accept = beats.accept
    """How beats arrive: straight at the service, or over HTTP (``tests.learning.lanes``)."""

    @property
    def clock(self) -> ManualClock:
        """The hand-moved clock everything runs on."""
        clock = self.services.clock
        assert isinstance(clock, ManualClock)
        return clock

    def actor(self, account: str = "trainee-1") -> Actor:
        """Return the host's user with ``account``."""
        return Actor(account=account, role=Role.TRAINEE)

    def start(
        self, account: str = "trainee-1", lesson: int = 0, sender: Origin = PHONE, *, takeover: bool = False
    ) -> Started:
        """Open a session of ``account`` in its n-th lesson."""
        return service.start(
            self.services, self.actor(account), self.lessons[lesson], sender, takeover=takeover
        )

    def facts(self, account: str = "trainee-1") -> list[SessionFact]:
        """Return the sessions of ``account`` as the rules see them."""
        enrolment = self.trainees[account]
        with reading(self.services.database) as session:
            return service.session_facts(session, self.class_id, [enrolment])[enrolment]

    def checks(self, account: str = "trainee-1") -> list[PresenceFact]:
        """Return the presence checks of ``account`` as the rules see them."""
        enrolment = self.trainees[account]
        with reading(self.services.database) as session:
            return service.presence_facts(session, [enrolment])[enrolment]

    def account(self, account: str = "trainee-1") -> CreditAccount:
        """Return what counts of them."""
        with reading(self.services.database) as session:
            class_fact, lessons = queries.class_facts(session, self.class_id)
            notice = queries.notice_of(session, queries.class_by_id(session, self.class_id))
        taken = voids(self.checks(account), notice.presence)
        return credit.account(self.facts(account), lessons, notice.credit, class_fact, taken)

    def leaves(self, account: str = "trainee-1") -> list[Leaf]:
        """Return the evidence of ``account``, decoded, in order."""
        stream = f"enrolment/{self.trainees[account]}"
        with reading(self.services.database) as session:
            rows = session.scalars(select(Entry.leaf).where(Entry.stream == stream).order_by(Entry.n))
            return [Leaf.decode(row) for row in rows]


@dataclass(frozen=True)
class AtSchool:
    """What another room's tests put around a school."""

    school: School

    @property
    def services(self) -> Services:
        """The school's services."""
        return self.school.services

    @property
    def class_id(self) -> str:
        """The class's id."""
        return self.school.class_id

    @property
    def clock(self) -> ManualClock:
        """The hand on the clock."""
        return self.school.clock

    def enrolment(self, account: str = "trainee-1") -> str:
        """Return an account's enrolment."""
        return self.school.trainees[account]


class Player:
    """Somebody's page: sends beats at the clock's time, as the tracker would."""

    def __init__(self, school: School, started: Started, sender: Origin = PHONE) -> None:
        self.school = school
        self.services = school.services
        self.started = started
        self.sender = sender
        self.seq = 0
        self.attentive = True
        self.position_ms = started.resume_position_ms
        self.nonces = {0: started.nonce}
        """What was answered to each number."""

    @property
    def clock(self) -> ManualClock:
        """The school's clock."""
        return self.school.clock

    def beat(self, state: str = "playing", *, seq: int | None = None) -> BeatAck:
        """Send one beat now; if it raises a presence check, somebody attentive passes it at once."""
        if seq is None:
            self.seq += 1
        ack = self.school.accept(
            self.services, self.started.token, self._beat(state, seq), self.sender.ip, self.sender.agent
        )
        self.nonces[ack.seq] = ack.nonce
        if self.attentive and ack.presence == "due":
            attention.answer(self.services, self.started.token, sender=self.sender)
        return ack

    def play(self, seconds: int, *, every: int = 60, speed: float = 1.0) -> BeatAck:
        """Play on for ``seconds``, with a beat each ``every``."""
        ack = None
        while seconds > 0:
            step = min(every, seconds)
            self.wait(step, speed=speed)
            seconds -= step
            ack = self.beat()
        assert ack is not None
        return ack

    def wait(self, seconds: float, *, speed: float = 1.0) -> None:
        """Let time pass and the lesson with it."""
        self.clock.advance(seconds)
        self.position_ms += int(seconds * 1000 * speed)

    def end(self, state: str = "paused") -> Ended:
        """End the session now."""
        self.seq += 1
        return service.end(self.services, self.started.token, self._beat(state), self.sender)

    def _beat(self, state: str, seq: int | None = None) -> SentBeat:
        number = seq or self.seq
        return SentBeat(number, self.position_ms, state, self.nonces.get(number - 1, ""))


def open_school(
    services: Services,
    *,
    trainees: int = 2,
    lessons: int = 24,
    policy: str = "liusu-youji-2021",
    window: tuple[date, date] | None = None,
    lesson_seconds: int = LESSON_SECONDS,
) -> School:
    """File and approve a class under ``policy`` and enrol invented people who are activated already."""
    class_id = training.file_class(
        services,
        code=f"TC-{services.ids.code(6)}",
        title="设备操作工班",
        policy_id=policy,
        window=window,
        enterprise=training.EnterpriseInput(
            BODY + uscc.check_character(BODY), "太仓某某精密机械有限公司", "太仓高新区"
        ),
    )
    training.approve_class(services, class_id, "太人社备(2021)第1号")
    training.publish_plan(
        services,
        class_id,
        [
            training.LessonInput(
                ordinal=number + 1,
                topic=TOPICS[number % 4],
                course="岗位培训",
                title=f"第 {number + 1} 课",
                delivery="录播",
                class_hours=Decimal(1),
                planned_seconds=lesson_seconds,
                content_url="/media/clip.mp4",
            )
            for number in range(lessons)
        ],
    )
    accounts = {f"trainee-{number + 1}": services.ids.opaque() for number in range(trainees)}
    with transaction(services.database) as session:
        for ordinal, (account, enrolment) in enumerate(accounts.items(), start=1):
            enrol(session, services, class_id, account, enrolment, ordinal=ordinal)
        ids = list(
            session.scalars(select(Lesson.id).where(Lesson.class_id == class_id).order_by(Lesson.ordinal))
        )
    return School(services, class_id, ids, accounts)


def enrol(
    session,
    services: Services,
    class_id: str,
    account: str,
    enrolment_id: str,
    *,
    ordinal: int,
    activated: bool = True,
) -> None:
    """Put a person with an account into the class, past registration."""
    now: datetime = services.clock.now()
    known = session.get(Account, account)
    if known is None:
        person = find_or_create(session, services, _person(services, account, ordinal))
        bind(session, services, account=account, person_id=person.id, ip=PHONE.ip, consent_version="1")
        known = session.get_one(Account, account)
    session.add(
        Enrolment(
            class_id=class_id,
            id=enrolment_id,
            person_id=known.person_id,
            ordinal=ordinal,
            department_sealed=services.vault.seal(f"{Enrolment.__tablename__}.department_sealed", "车间"),
            household_sealed=services.vault.seal(f"{Enrolment.__tablename__}.household_sealed", "江苏"),
            registered_at=now,
            verification_method="structure",
            verification_result="passed",
            verified_at=now,
            activated_at=now if activated else None,
            consent_version="1" if activated else None,
        )
    )
    session.flush()


def _person(services: Services, account: str, ordinal: int) -> PersonValue:
    """Return somebody whose number follows from the account."""
    seed = int(hashlib.sha256(account.encode()).hexdigest(), 16)
    birth = date(1960 + seed % 41, 1 + seed % 12, 1 + seed // 12 % 28)
    # Of thousands, some would have one number if all came from one place.
    area = "320522" if ordinal <= 1000 else f"3205{seed // 10**9 % 100:02d}"
    id_number = sheets.number(seed // 1000 % 1000, f"{birth:%Y%m%d}", area)
    phone = f"139{seed % 10**8:08d}"
    return PersonValue(
        services.ids.new(), f"员{ordinal}", "男", birth, "resident", id_number, id_number, phone
    )
