"""What a class's sealed leaves and opened disclosures say, as the values a ledger is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules import essays
from lmscompliance.rules.blueprint import Part
from lmscompliance.rules.certificates import CertificateRecord
from lmscompliance.rules.claim_record import ClassClaims
from lmscompliance.rules.facts import (
    AttemptFact,
    ClassFact,
    Correction,
    LessonFact,
    MarkFact,
    PresenceFact,
    SessionFact,
    SignFact,
)
from lmscompliance.rules.identity import IdentityFact
from lmscompliance.rules.ledger_quiz_facts import QuizRecord, QuizSetRecord
from lmscompliance.rules.live import Show
from lmscompliance.rules.merging import MergeFact
from lmscompliance.rules.reported import Reported
from lmscompliance.rules.timeline import Save
from lmscompliance.tlog.leaf import Leaf

WITHHELD = "〔未披露〕"
"""Stands wherever a value was recorded as a digest but is not disclosed (withheld, or erased)."""


@dataclass(frozen=True, slots=True)
class Record:
    """A leaf together with those of its withheld values that are disclosed."""

    leaf: Leaf
    values: Mapping[str, Json] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the disclosed text ``name``: ``WITHHELD`` if not disclosed, empty if never recorded."""
        if name not in self.leaf.d:
            return ""
        value = self.values.get(name, WITHHELD)
        return value if isinstance(value, str) else "" if value is None else str(value)


@dataclass(slots=True)
class Blueprint:
    """A published exam of a class; ``topics`` are those of its plan at that moment."""

    id: str
    version: int
    full_marks: Decimal
    duration_seconds: int
    parts: tuple[Part, ...]
    published_us: int
    topics: tuple[str, ...]


@dataclass(slots=True)
class Snapshot:
    """The listing of all enrolment streams that says what a complete class is."""

    id: str
    at_us: int
    purpose: str
    pages: int
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Stream → number of entries, base64 leaf hash of the last."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A list that the teacher confirmed: each enrolment's mark as it was at that moment."""

    lesson: str
    at_us: int
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Host:
    """Who held a live lesson: the name they gave, the account, the address they started it from."""

    name: str = ""
    account: str = ""
    address: str = ""


@dataclass(slots=True)
class FilingRecord:
    """What a class was filed with: papers by kind (digest, when), and what the enterprise declared."""

    documents: dict[str, tuple[str, int]] = field(default_factory=dict)
    output_yuan: int | None = None
    above_scale: bool | None = None


@dataclass(slots=True)
class ClassRecord:
    """Everything the class's own stream says."""

    fact: ClassFact
    policy_status: str
    district: str
    enterprise_name: str
    enterprise_uscc: str
    filing_number: str = ""
    plan_version: int = 0
    lessons: tuple[LessonFact, ...] = ()
    blueprints: dict[int, Blueprint] = field(default_factory=dict)
    """By version, in the order of publishing."""
    enrolments: dict[str, int] = field(default_factory=dict)
    """Enrolment id → ordinal, in the order of ordinals."""
    platform_name: str = ""
    recognition_number: str = ""
    platforms: list[tuple[str, str]] = field(default_factory=list)
    """Each name and recognition number that the platform has had."""
    closed_us: int | None = None
    imports: int = 0
    """How often records from elsewhere were imported."""
    teachers: dict[str, str] = field(default_factory=dict)
    """Lesson → the teacher's name, where the plan states one."""
    confirmed: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Offline lesson → when its list was first confirmed, and by whom."""
    shows: dict[str, Show] = field(default_factory=dict)
    """Stretches for which live lessons were held, by id."""
    hosts: dict[str, Host] = field(default_factory=dict)
    """Who held them."""
    simulations: set[str] = field(default_factory=set)
    """Lessons that are, or once were, a simulation."""
    confirmations: list[Confirmation] = field(default_factory=list)
    quizzes: list[QuizSetRecord] = field(default_factory=list)
    """Every version of every lesson's quiz, as they were set."""
    snapshot: Snapshot | None = None

    @property
    def blueprint(self) -> Blueprint | None:
        """The blueprint that new papers are drawn by."""
        return next(reversed(self.blueprints.values()), None)

    filed: FilingRecord = field(default_factory=FilingRecord)
    claims: ClassClaims = field(default_factory=ClassClaims)


@dataclass(slots=True)
class SessionRecord:
    """A learning session with the addresses and devices it came from, in order of appearance."""

    fact: SessionFact
    addresses: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What a simulation reported in a session, and when the platform was told."""

    session: str
    name: str
    at_us: int
    detail: str


@dataclass(frozen=True, slots=True)
class ReportedRecord:
    """A session that another system reported, by which import, recorded when, from where and of whom."""

    fact: Reported
    batch: str
    recorded_us: int
    address: str
    actor: str


@dataclass(slots=True)
class CorrectionRecord:
    """A decision of staff about credited time, by whom (role and account) and why."""

    fact: Correction
    session: str
    role: str
    by: str
    reason: str
    dispute: str


@dataclass(slots=True)
class DisputeRecord:
    """An objection to time that was not credited; ``decision`` is empty while it waits."""

    session: str
    start_us: int
    end_us: int
    decision: str = ""


@dataclass(slots=True)
class ProofRecord:
    """A file handed in as a proof; ``accepted`` is ``None`` until somebody has decided."""

    kind: str
    sha256: str
    added_us: int
    taken_on: date | None
    first: date | None
    last: date | None
    accepted: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RegradeRecord:
    """A re-marking after question ``item`` (from 1) turned out to have had a wrong key.

    ``key`` is the right one, against the options as shown, or ``None`` where it is not disclosed.
    """

    item: int
    at_us: int
    score_before: Decimal
    score: Decimal
    passed: bool
    key: Json
    by: str
    why: str


@dataclass(slots=True)
class VoidRecord:
    """A request to void an attempt, and what another member of staff decided."""

    requested_us: int
    requested_by: str
    reason: str
    confirmed: bool | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class MarkRecord:
    """What one person gave for an essay."""

    points: Decimal
    at_us: int
    by: str


@dataclass(slots=True)
class AttemptRecord:
    """An exam attempt with its frozen paper; ``items`` holds ``None`` where a question is not disclosed.

    ``graded`` is what it was first marked with; ``fact`` has the score that holds after ``regrades``.
    ``saves`` is ``None`` where the timeline is not disclosed or was not kept. ``longer`` says whether the
    trainee had been granted more time when it began, ``extra_seconds`` how much was given.
    """

    fact: AttemptFact
    address: str
    items: list[Mapping[str, Json] | None]
    answers: Sequence[Json] | None = None
    graded: tuple[Decimal, bool] | None = None
    graded_us: int | None = None
    marks: dict[int, list[MarkRecord]] = field(default_factory=dict)
    """What people gave for essays, by the question's number, in order."""
    regrades: list[RegradeRecord] = field(default_factory=list)
    longer: bool = False
    extra_seconds: int = 0
    blueprint_version: int = 0
    saves: list[Save] | None = None
    flags: Mapping[str, int] = field(default_factory=dict)
    void: VoidRecord | None = None
    photos: Sequence[int] | None = None
    """The moments (µs) drawn for photos; ``None`` where they are not disclosed."""
    photographed: set[int] = field(default_factory=set)
    """Numbers of the photos that were answered."""

    def passed_at(self, instant_us: int) -> bool | None:
        """Return whether it counted as passed at an instant, ``None`` while it was not marked."""
        if self.graded is None or self.graded_us is None or self.graded_us > instant_us:
            return None
        known = [one.passed for one in self.regrades if one.at_us <= instant_us]
        return known[-1] if known else self.graded[1]

    def given(self, terms: essays.Terms) -> dict[int, Decimal]:
        """Return what the essays earned, by their numbers; without those that wait for a mark."""
        found: dict[int, Decimal] = {}
        for number, marks in self.marks.items():
            item = self.items[number - 1]
            full = Decimal(0) if item is None else Decimal(str(item.get("points")))
            points = essays.settled([one.points for one in marks], full, terms)
            if item is not None and points is not None:
                found[number] = points
        return found

    def corrected_items(self, count: int | None = None) -> list[Mapping[str, Json] | None]:
        """Return the paper with the keys of the first ``count`` re-markings (of all, if not given)."""
        items = list(self.items)
        for one in self.regrades[:count]:
            item = items[one.item - 1] if one.item <= len(items) else None
            if item is not None:
                items[one.item - 1] = {**item, "key": one.key}
        return items


@dataclass(slots=True, repr=False)
class TraineeRecord:
    """Everything one enrolment's stream says."""

    enrolment: str
    ordinal: int
    name: str = ""
    sex: str = ""
    id_number: str = ""
    phone: str = ""
    department: str = ""
    household: str = ""
    registered_us: int | None = None
    verification: tuple[str, str, int | None] = ("", "", None)
    """Method, result, instant: of the latest."""
    identity: list[IdentityFact] = field(default_factory=list)
    verified: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, result and instant of each verification after registration."""
    merges: list[MergeFact] = field(default_factory=list)
    amended: list[str] = field(default_factory=list)
    """What became of the details since registration, in words."""
    activated_us: int | None = None
    consent_version: str = ""
    address: str = ""
    sessions: dict[str, SessionRecord] = field(default_factory=dict)
    checks: dict[str, PresenceFact] = field(default_factory=dict)
    attempts: dict[str, AttemptRecord] = field(default_factory=dict)
    quizzes: dict[str, QuizRecord] = field(default_factory=dict)
    """By id, in the order they were begun."""
    corrections: list[CorrectionRecord] = field(default_factory=list)
    disputes: dict[str, DisputeRecord] = field(default_factory=dict)
    reported: list[ReportedRecord] = field(default_factory=list)
    steps: list[StepRecord] = field(default_factory=list)
    """What simulations reported, in the order it was recorded."""
    signs: list[SignFact] = field(default_factory=list)
    marks: list[MarkFact] = field(default_factory=list)
    sign_addresses: dict[str, list[str]] = field(default_factory=dict)
    """Lesson → the addresses it was signed from."""
    entries: dict[str, list[str]] = field(default_factory=dict)
    """Lesson → what the teacher entered, when, by whom and why, in words."""
    proofs: dict[str, ProofRecord] = field(default_factory=dict)
    """By id, in the order of handing in."""
    certificates: dict[str, CertificateRecord] = field(default_factory=dict)
    """By id, in the order of issuing."""
    longer: bool = False
    """Whether staff have granted more time, so far."""
    unlocked_us: int | None = None
    locked_us: int | None = None
    changed_us: int = 0
    """When the last fact that can change a verdict was recorded."""
    changes: int = 0
    """How many of those there are."""
