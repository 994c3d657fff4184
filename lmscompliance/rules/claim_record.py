"""A claim as its leaves tell it, and the decision about each trainee judged again from them.

What a trainee was judged by and other rooms or enterprises know (paid months, lists, earlier grants) is
disclosed with the line, so that whoever holds the bundle comes to the same yuan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy.notice import Notice
from lmscompliance.rules import entitlement
from lmscompliance.rules.blended import Share
from lmscompliance.rules.entitlement import Grant, PersonFact
from lmscompliance.rules.facts import ClassFact
from lmscompliance.rules.marking import exact_sum, plain
from lmscompliance.rules.settlement import Claimed, Decision, settle
from lmscompliance.rules.subsidy import Project
from lmscompliance.rules.verdict import Verdict

SUBMITTED, RETURNED, DECIDED = "submitted", "returned", "decided"
"""What becomes of a claim."""
PAID, CLAWED_BACK = "paid", "clawed_back"
"""Money that went out, and money that was asked back."""
_OWN = "this"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a trainee was judged by besides training and exam: the person, and earlier grants of theirs."""

    person: PersonFact
    earlier: tuple[Grant, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return what is disclosed. Where an earlier grant came from is nobody's business here."""
        person = self.person
        months = person.insured_months
        return {
            "months": None if months is None else list[Json](sorted(months)),
            "listed": list[Json](sorted(person.listed)),
            "category": person.category,
            "proofs": list[Json](sorted(person.proofs)),
            "birth": None if person.birth is None else person.birth.isoformat(),
            "sex": person.sex,
            "earlier": [
                [one.project, one.day.isoformat(), one.occupation, one.level, plain(one.yuan)]
                for one in self.earlier
            ],
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Json]) -> Basis:
        """Read what was disclosed; raises one of the errors of reading a value that is not there or odd."""
        months, birth, earlier = said["months"], said["birth"], said["earlier"]
        if not isinstance(earlier, list):
            msg = "'earlier' is not a list"
            raise TypeError(msg)
        person = PersonFact(
            insured_months=None if months is None else frozenset(_texts(months)),
            listed=frozenset(_texts(said["listed"])),
            category=str(said["category"]),
            proofs=frozenset(_texts(said["proofs"])),
            birth=None if birth is None else date.fromisoformat(str(birth)),
            sex=str(said["sex"]),
        )
        return cls(person, tuple(_grant(number, one) for number, one in enumerate(earlier)))


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A trainee of a claim: the decision, and what training and exam had come to when it was made.

    ``eligible`` is what these two gave; ``score`` is the best one. ``basis`` is the canonical JSON of a
    ``Basis``, ``None`` where it is not disclosed.
    """

    granted: bool
    yuan: Decimal
    share: Share
    score: Decimal | None
    eligible: bool
    first: bool
    basis: bytes | None = None

    def judged_by(self) -> Basis | None:
        """Return what was disclosed; raises ``ValueError`` where that is no basis."""
        if self.basis is None:
            return None
        said = jcs.decode(self.basis)
        try:
            return Basis.from_json(said if isinstance(said, dict) else {})
        except (KeyError, TypeError, ArithmeticError) as error:
            msg = f"what a line of the claim was judged by cannot be read: {error!r}"
            raise ValueError(msg) from error


@dataclass(frozen=True, slots=True)
class Money:
    """A payment, or yuan asked back of ``enrolment``."""

    kind: str
    yuan: Decimal
    at_us: int
    enrolment: str
    reference: str


@dataclass(slots=True)
class ClaimRecord:
    """A claim with its lines as last judged, by enrolment; ``payee`` is whom the money goes to."""

    id: str
    submitted_us: int
    judged_us: int
    people: int
    granted: int
    yuan: Decimal
    payee: Mapping[str, str]
    lines: Mapping[str, LineRecord]
    status: str = SUBMITTED
    reference: str = ""
    money: list[Money] = field(default_factory=list)

    def sum_of(self, kind: str) -> Decimal:
        """Return the yuan of all money of one kind."""
        return exact_sum(one.yuan for one in self.money if one.kind == kind)


@dataclass(slots=True)
class ClassClaims:
    """All claims of a class, the project they are made for, and pages of lines that wait for theirs."""

    project: Project | None = None
    claims: dict[str, ClaimRecord] = field(default_factory=dict)
    pending: dict[str, LineRecord] = field(default_factory=dict)
    pending_of: tuple[str, int] = ("", 0)
    """Which claim they are of, and how many pages came."""

    @property
    def current(self) -> ClaimRecord | None:
        """The claim that was not returned, if there is one; the latest, if it was."""
        claims = list(self.claims.values())
        standing = [one for one in claims if one.status != RETURNED] or claims
        return standing[-1] if standing else None


def days_of(fact: ClassFact) -> tuple[date, date]:
    """Return a class's first and last day of training."""
    # The window's end is the first instant after its last day.
    last_us = fact.window_end_us - 1
    return shanghai_day(from_micros(fact.window_start_us)), shanghai_day(from_micros(last_us))


def decision(
    line: LineRecord, basis: Basis, eligible: Verdict, made_for: tuple[ClassFact, Project], notice: Notice
) -> Decision:
    """Judge a line again; ``eligible`` is the verdict on training and exam, ``made_for`` what is claimed."""
    fact, project = made_for
    first_day, last_day = days_of(fact)
    claimed = Claimed(
        claim="",
        submitted_us=0,
        person="",
        grant=Grant(_OWN, project.name, last_day, project.occupation, project.level),
        project=project,
        share=line.share,
        verdicts=(eligible, *entitlement.of_person(basis.person, first_day, notice)),
        notice=notice,
    )
    return settle([claimed], {"": basis.earlier})["", _OWN]


def _texts(value: Json) -> list[str]:
    if not isinstance(value, list):
        msg = "a list of texts is no list"
        raise TypeError(msg)
    return [str(one) for one in value]


def _grant(number: int, value: Json) -> Grant:
    if not isinstance(value, list):
        msg = "an earlier grant is no list"
        raise TypeError(msg)
    project, day, occupation, level, yuan = value
    return Grant(
        id=str(number),
        project=str(project),
        day=date.fromisoformat(str(day)),
        occupation=str(occupation),
        level=None if level is None else int(str(level)),
        yuan=Decimal(str(yuan)),
    )
