"""Puts the facts of a claim before ``rules``: training and exam, what was imported, earlier grants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lmscompliance.claims.lists import PLACE
from lmscompliance.claims.models import (
    CATEGORY,
    INSURED,
    LISTED,
    RETURNED,
    SUBSIDISED,
    Claim,
    ClaimFact,
    ClaimLine,
    ClaimList,
    ClassProject,
)
from lmscompliance.completion.judging import Course, TraineeStatus, course_of, judge
from lmscompliance.identity import links
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import from_micros, shanghai_day, to_micros
from lmscompliance.policy import Notice
from lmscompliance.proofs.models import ACCEPTED, Proof
from lmscompliance.rules import entitlement
from lmscompliance.rules.entitlement import Grant, PersonFact
from lmscompliance.rules.marking import exact_sum
from lmscompliance.rules.settlement import Claimed, Decision, settle
from lmscompliance.rules.subsidy import Project, Rates
from lmscompliance.services import Services
from lmscompliance.training import queries
from lmscompliance.training.queries import RosterEntry

_AT_ONCE = 500
_SEXES = {"男": "male", "女": "female"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A trainee of a claim: the person, the training as judged, what was claimed, and the decision.

    ``first``: nothing of this person was subsidised before, as far as this platform and its lists know.
    """

    entry: RosterEntry
    status: TraineeStatus
    claimed: Claimed
    decision: Decision
    insured: tuple[str, ...]
    first: bool


def project_of(session: Session, class_id: str, notice: Notice) -> Project:
    """Return what was agreed about the class's project; its name is the notice's until another is set."""
    row = session.get(ClassProject, class_id)
    if row is None:
        return Project(notice.id)
    return Project(
        name=row.name,
        occupation=row.occupation,
        level=row.level,
        approved=Rates(row.approved_online, row.approved_offline),
        overlap=Rates(row.overlap_online, row.overlap_offline),
        overlap_per_person=row.overlap_per_person,
    )


def judged(
    session: Session,
    services: Services,
    class_id: str,
    *,
    claim: str = "",
    submitted_at: datetime,
    supposing: Mapping[str, object] | None = None,
) -> list[Judged]:
    """Judge everybody of a class as of ``submitted_at``, beside all that was claimed before that instant.

    ``supposing`` asks what other terms of the notice would give.
    """
    course = course_of(session, class_id)
    if supposing:
        other = course.notice.supposing(supposing)
        # A verdict refuses a policy that is not the class's; here another one is the question.
        course = replace(course, notice=other, fact=replace(course.fact, policy_digest=other.digest))
    people = queries.open_roster(session, services.vault, class_id)
    project = project_of(session, class_id, course.notice)
    known = _imported(session, services, class_id)
    proofs = _proofs(session, class_id)
    united = links.current(session)
    holders = {one.enrolment_id: united.get(one.person.id, one.person.id) for one in people}
    here = set(holders.values())
    records = here | {one for one, into in united.items() if into in here}
    history = _history(session, _Before(claim, class_id, submitted_at), united, records)
    statuses = {one.enrolment_id: one for one in judge(session, course, list(holders))}
    claimed = []
    for entry in people:
        one = known[entry.enrolment_id]
        history[holders[entry.enrolment_id]] += one.grants
        person = replace(
            one.fact,
            proofs=frozenset(proofs[entry.enrolment_id]),
            birth=entry.person.birth,
            sex=_SEXES.get(entry.person.sex, ""),
        )
        status = statuses[entry.enrolment_id]
        claimed.append(
            Claimed(
                claim=claim,
                submitted_us=to_micros(submitted_at),
                person=holders[entry.enrolment_id],
                grant=Grant(
                    entry.enrolment_id, project.name, _last_day(course), project.occupation, project.level
                ),
                project=project,
                share=status.training.actual,
                verdicts=(
                    status.eligibility,
                    *entitlement.of_person(person, _first_day(course), course.notice),
                ),
                notice=course.notice,
            )
        )
    decided = settle(claimed, history)
    return [
        Judged(
            entry=entry,
            status=statuses[entry.enrolment_id],
            claimed=one,
            decision=decided[claim, entry.enrolment_id],
            insured=tuple(sorted(known[entry.enrolment_id].fact.insured_months or ())),
            first=not history[one.person],
        )
        for entry, one in zip(people, claimed, strict=True)
    ]


@dataclass(slots=True)
class _Known:
    fact: PersonFact
    grants: list[Grant]


def _imported(session: Session, services: Services, class_id: str) -> dict[str, _Known]:
    values: defaultdict[str, list[tuple[ClaimFact, dict[str, Any]]]] = defaultdict(list)
    for row in session.scalars(select(ClaimFact).where(ClaimFact.class_id == class_id)):
        value: Any = jcs.decode(services.vault.open(PLACE, row.value_sealed).encode())
        values[row.enrolment_id].append((row, value))
    insurance = session.get(ClaimList, (class_id, INSURED, "")) is not None
    return {one.id: _known(values[one.id], insurance=insurance) for one in queries.roster(session, class_id)}


def _known(values: Sequence[tuple[ClaimFact, dict[str, Any]]], *, insurance: bool) -> _Known:
    months = frozenset(value["month"] for row, value in values if row.kind == INSURED)
    categories = [value["category"] for row, value in values if row.kind == CATEGORY]
    grants = [
        Grant(
            # What a list says of a training, and not its row: the same training in two lists is one.
            id=f"list/{value['project']}/{value['day']}/{value['occupation']}/{value['level']}",
            project=value["project"],
            day=date.fromisoformat(value["day"]),
            occupation=value["occupation"],
            level=value["level"],
            yuan=Decimal(value["yuan"]),
        )
        for row, value in values
        if row.kind == SUBSIDISED
    ]
    fact = PersonFact(
        insured_months=months if insurance else None,
        listed=frozenset(row.name for row, _ in values if row.kind == LISTED),
        category=categories[-1] if categories else "",
    )
    return _Known(fact, grants)


def _proofs(session: Session, class_id: str) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    rows = select(Proof.enrolment_id, Proof.kind).where(Proof.class_id == class_id, Proof.status == ACCEPTED)
    for enrolment_id, kind in session.execute(rows):
        found[enrolment_id].add(kind)
    return found


@dataclass(frozen=True, slots=True)
class _Before:
    """What a claim is judged beside: claims handed in before it, for the same records of people."""

    claim: str
    class_id: str
    at: datetime


def _history(
    session: Session, before: _Before, united: Mapping[str, str], records: Iterable[str]
) -> defaultdict[str, list[Grant]]:
    """Return what other claims were granted, or stand to be."""
    same_instant = Claim.submitted_at == before.at
    earlier = or_(
        Claim.submitted_at < before.at,
        (same_instant & (Claim.id < before.claim)) if before.claim else same_instant,
    )
    statement = (
        select(ClaimLine)
        .join(Claim, (Claim.class_id == ClaimLine.class_id) & (Claim.id == ClaimLine.claim_id))
        .where(ClaimLine.granted, Claim.status != RETURNED, ClaimLine.class_id != before.class_id, earlier)
    )
    found: defaultdict[str, list[Grant]] = defaultdict(list)
    waiting = iter(sorted(records))
    while some := list(islice(waiting, _AT_ONCE)):
        for line in session.scalars(statement.where(ClaimLine.person_id.in_(some))):
            person = united.get(line.person_id, line.person_id)
            grant = Grant(line.enrolment_id, line.project, line.day, line.occupation, line.level, line.yuan)
            found[person].append(grant)
    return found


def _first_day(course: Course) -> date:
    return shanghai_day(from_micros(course.fact.window_start_us))


def _last_day(course: Course) -> date:
    # The window's end is the first instant after its last day.
    return shanghai_day(from_micros(course.fact.window_end_us - 1))


def total(lines: Iterable[Judged]) -> Decimal:
    """Return the yuan of everybody together."""
    return exact_sum(one.decision.amount.yuan for one in lines)
