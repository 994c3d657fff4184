"""One class under 太人社培〔2021〕1号, from filing to the last exam, played through HTTP in February 2021.

Used by ``headless`` (any roster, plan and banks) and by ``serve`` (the finished class of ``make demo``).
What an administrator does by the command line is done by the same functions here; what trainees do goes
through the interface.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from lmscompliance import Compliance
from lmscompliance.demo.accounts import HostStore
from lmscompliance.demo.attention import Attention
from lmscompliance.demo.cast import Behaviour, Player, assign
from lmscompliance.demo.client import Browser
from lmscompliance.demo.exam import AnswerSheet, Examinee
from lmscompliance.demo.people import invent, write_roster
from lmscompliance.demo.stage import Script, play
from lmscompliance.demo.watching import Lesson
from lmscompliance.exams.service import default_blueprint, publish_blueprint
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.kernel.ids import Ids
from lmscompliance.questions.service import QuestionValue, drawable, import_paths
from lmscompliance.rules.marking import KINDS
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.plan_file import read as read_plan
from lmscompliance.training.registration import import_roster
from lmscompliance.training.service import EnterpriseInput, approve_class, file_class, publish_plan

POLICY = "liusu-youji-2021"
CODE = "S1-2021-02"
ENTERPRISE = EnterpriseInput("91320585MA0DEM001R", "太仓示范精密机械有限公司（虚构）", "城厢镇")
PASSWORD = "demo"  # noqa: S105  # the password of people who do not exist
DATA = Path(__file__).parent / "data"

FILED = datetime(2021, 1, 29, 9, 0, tzinfo=SHANGHAI)
APPROVED = datetime(2021, 1, 30, 15, 0, tzinfo=SHANGHAI)
FIRST_DAY = date(2021, 2, 1)
CURTAIN = datetime(2021, 3, 1, 8, 0, tzinfo=SHANGHAI)
_LATEST_START = 8
_SLIPS = 10
# When the periodic jobs run if anybody has done anything since, and at the first of them in any case; a real
# server never pauses, but where nothing happened its rounds change nothing.
_JOB_HOURS = (0, 8, 12, 18, 19, 20, 21, 22, 23)
_QUESTIONS = 20

Progress = Callable[[str, int, int], None]
"""Told the phase (``roster``, ``month``, then those of the ledger), what is done and what there is to do."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a class is made of; ``None`` takes the demo's own files and the built-in policies alone."""

    roster: Path | None = None
    plan: Path | None = None
    questions: Path | None = None
    policy: str = POLICY
    policy_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """A finished month."""

    class_id: str
    refused_rows: int
    behaviours: Counter[str]
    refusals: Counter[str]


@dataclass(frozen=True, slots=True)
class Theatre:
    """The app, its hand-moved clock and the source of chance that the cast draws from."""

    app: Flask
    compliance: Compliance
    clock: ManualClock
    chance: Ids

    @property
    def services(self) -> Services:
        """The extension's services."""
        return self.compliance.services(self.app)


def perform(
    theatre: Theatre, material: Material, trainees: int | None, work_dir: Path, progress: Progress
) -> Played:
    """Play the month and return what came of it; ``trainees`` caps the roster."""
    services, clock = theatre.services, theatre.clock
    clock.set(FILED)
    progress("roster", 0, 1)
    class_id = file_class(
        services, code=CODE, title="“留苏优技”项目制培训", policy_id=material.policy, enterprise=ENTERPRISE
    )
    publish_plan(services, class_id, read_plan(material.plan or DATA / "plan.xlsx"))
    import_paths(services, [material.questions or DATA / "questions"])
    publish_blueprint(services, class_id, default_blueprint(services, class_id, _QUESTIONS))
    clock.set(APPROVED)
    approve_class(services, class_id, "太人培-2021-示范-001")
    roster = material.roster or _own_roster(theatre.chance, trainees or 30, work_dir)
    imported = import_roster(services, CODE, roster, limit=trainees)
    progress("roster", 1, 1)
    players = _cast(theatre, class_id, material.policy, imported.codes)
    total = sum(player.scenes for player in players)

    def told() -> int:
        played = sum(player.played for player in players)
        progress("month", played, total)
        return played

    scripts: list[Script] = [
        player.script(FIRST_DAY, timedelta(days=theatre.chance.below(_LATEST_START))) for player in players
    ]
    told()
    play(clock, [*scripts, _jobs(theatre, told)], until=CURTAIN)
    theatre.compliance.run_jobs(theatre.app)
    return Played(
        class_id=class_id,
        refused_rows=len(imported.report.refused),
        behaviours=Counter(player.behaviour.value for player in players),
        refusals=Counter(code for player in players for code in player.refused),
    )


def _own_roster(chance: Ids, count: int, work_dir: Path) -> Path:
    path = work_dir / "花名册.xlsx"
    write_roster(path, invent(chance, count))
    return path


def _cast(theatre: Theatre, class_id: str, policy: str, codes: dict[str, str]) -> list[Player]:
    """Give every enrolled person an account of the host, two devices and a behaviour."""
    services = theatre.services
    store: HostStore = theatre.app.extensions["demo_store"]
    with reading(services.database) as session:
        entries = queries.open_roster(session, services.vault, class_id)
        lessons = [
            Lesson(class_id, lesson.id, lesson.planned_seconds)
            for lesson in queries.lessons(session, class_id)
        ]
        sheet = AnswerSheet(_bank(session, services, policy))
    behaviours = assign(theatre.chance, len(entries))
    players = []
    for entry, behaviour in zip(entries, behaviours, strict=True):
        login = f"s1-{entry.ordinal:03d}"
        store.add_user(login, name=entry.person.name, password=PASSWORD, role="trainee")
        players.append(
            Player(
                login=login,
                password=PASSWORD,
                code=codes[entry.enrolment_id],
                behaviour=behaviour,
                phone=Browser(theatre.app, _address(entry.ordinal), _PHONE),
                computer=Browser(theatre.app, "180.101.49.11", _COMPUTER),
                lessons=lessons,
                examinee=Examinee(sheet, theatre.chance, class_id),
                attention=Attention(sheet, theatre.chance, slips=_SLIPS),
                ids=theatre.chance,
                clock=theatre.clock,
            )
        )
    return players


def _bank(session: Session, services: Services, policy: str) -> list[QuestionValue]:
    topics = services.policies.get(policy).topics.required
    return [known for topic in topics for kind in KINDS for known in drawable(session, topic, kind)]


def _jobs(theatre: Theatre, told: Callable[[], int]) -> Iterator[datetime]:
    seen = 0
    day = APPROVED.date()
    while day <= CURTAIN.date():
        for hour in _JOB_HOURS:
            yield datetime.combine(day, time(hour), tzinfo=SHANGHAI)
            played = told()
            if played != seen or hour == _JOB_HOURS[0]:
                theatre.compliance.run_jobs(theatre.app)
            seen = played
        day += timedelta(days=1)


def _address(ordinal: int) -> str:
    # A third of the cast shares the factory's address, the others have one of their own.
    if ordinal % 3 == 0:
        return "58.211.0.18"
    return f"223.104.{(ordinal // 200) % 250}.{ordinal % 200 + 10}"


_PHONE = (
    "Mozilla/5.0 (Linux; Android 10; M2004J7AC) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0"
)
_COMPUTER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/88.0 Safari/537.36"

__all__ = ["CODE", "ENTERPRISE", "PASSWORD", "Behaviour", "Material", "Played", "Theatre", "perform"]
