"""Puts the facts of a claim before ``rules``: training and exam, what was imported, earlier grants.

In two steps. ``assess`` reads what concerns the class alone; that takes a few ms for each trainee and locks
nothing. ``settled`` looks at all claims for the same people, holding their records, and takes no time.
"""

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

from lmscompliance import evidence
from lmscompliance.claims.lists import PLACE
from lmscompliance.claims.models import (
    CATEGORY,
    DECIDED,
    INSURED,
    LISTED,
    RETURNED,
    SUBSIDISED,
    Claim,
    ClaimFact,
    ClaimLine,
    ClaimList,
)
from lmscompliance.claims.projects import project_of
from lmscompliance.completion.judging import Course, course_of, judge
from lmscompliance.identity import links
from lmscompliance.identity.models import Person
from lmscompliance.jobs.progress import Progress
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import to_micros
from lmscompliance.proofs.models import ACCEPTED, Proof
from lmscompliance.rules import entitlement
from lmscompliance.rules.blended import Share
from lmscompliance.rules.claim_record import Basis, LineRecord, days_of
from lmscompliance.rules.entitlement import Grant, PersonFact
from lmscompliance.rules.marking import exact_sum
from lmscompliance.rules.settlement import Claimed, Decision, settle
from lmscompliance.rules.subsidy import Project
from lmscompliance.rules.verdict import Verdict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.queries import RosterEntry

_AT_ONCE = 500
_SEXES = {"男": "male", "女": "female"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trainee with everything that the class itself knows of them."""

    entry: RosterEntry
    person: PersonFact
    imported: tuple[Grant, ...]
    share: Share
    score: Decimal | None
    eligible: Verdict


@dataclass(frozen=True, slots=True)
class Assessment:
    """A class as its facts stood at ``state``."""

    course: Course
    project: Project
    candidates: Sequence[Candidate]
    state: evidence.DataState


@dataclass(frozen=True, slots=True)
class Judged:
    """A trainee of a claim with the decision and what it rests on.

    ``line.first``: nothing of this person was subsidised before, as far as this platform and its lists know.
    """

    entry: RosterEntry
    grant: Grant
    decision: Decision
    basis: Basis
    line: LineRecord


def assess(
    session: Session,
    services: Services,
    class_id: str,
    supposing: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """Judge everybody's training and exam and gather what was imported about them.

    ``supposing`` asks what other terms of the notice would give.
    """
    state = evidence.data_state(session, class_id)
    course = course_of(session, class_id)
    if supposing:
        other = course.notice.supposing(supposing)
        # A verdict refuses a policy that is not the class's; here another one is the question.
        course = replace(course, notice=other, fact=replace(course.fact, policy_digest=other.digest))
    people = queries.open_roster(session, services.vault, class_id)
    known = _imported(session, services, class_id, course.notice.subsidy.project or "")
    proofs = _proofs(session, class_id)
    candidates: list[Candidate] = []
    # One status at a time: each holds every beat of the trainee.
    for entry, status in zip(
        people, judge(session, course, [one.enrolment_id for one in people]), strict=True
    ):
        fact, grants = known[entry.enrolment_id]
        person = replace(
            fact,
            proofs=frozenset(proofs[entry.enrolment_id]),
            birth=entry.person.birth,
            sex=_SEXES.get(entry.person.sex, ""),
        )
        candidates.append(
            Candidate(entry, person, grants, status.training.actual, status.exam.best, status.eligibility)
        )
        if progress is not None:
            progress(len(candidates), len(people))
    return Assessment(course, project_of(session, class_id, course.notice), candidates, state)


def settled(
    session: Session, assessment: Assessment, *, claim: str = "", submitted_at: datetime
) -> list[Judged]:
    """Decide about everybody, beside all claims for the same people that come first.

    That is what was handed in before ``submitted_at``, and whatever has been decided: what the bureau has
    granted once it does not grant again, whichever claim was first. Where there is a ``claim``, the people's
    records stay locked until the commit, so that two claims for one person are settled one after the other.
    """
    course, project = assessment.course, assessment.project
    first_day, last_day = days_of(course.fact)
    united = links.current(session)
    holders = {
        one.entry.enrolment_id: united.get(one.entry.person.id, one.entry.person.id)
        for one in assessment.candidates
    }
    here = set(holders.values())
    records = sorted(here | {one for one, into in united.items() if into in here})
    history = _history(session, _Before(claim, course.fact.id, submitted_at), united, records)
    claimed = []
    for one in assessment.candidates:
        person = holders[one.entry.enrolment_id]
        history[person] += one.imported
        claimed.append(
            Claimed(
                claim=claim,
                submitted_us=to_micros(submitted_at),
                person=person,
                grant=Grant(
                    one.entry.enrolment_id, project.name, last_day, project.occupation, project.level
                ),
                project=project,
                share=one.share,
                verdicts=(one.eligible, *entitlement.of_person(one.person, first_day, course.notice)),
                notice=course.notice,
            )
        )
    decided = settle(claimed, history)
    return [
        _judged(one, whole.grant, decided[claim, one.entry.enrolment_id])
        for one, whole in zip(assessment.candidates, claimed, strict=True)
    ]


def preview(services: Services, class_id: str, supposing: Mapping[str, object] | None = None) -> list[Judged]:
    """Return what a claim handed in now would come to; ``supposing`` asks the same of other terms.

    Takes a few ms for each trainee.
    """
    with reading(services.database) as session:
        return settled(
            session,
            assess(session, services, class_id, supposing),
            submitted_at=services.clock.now(),
        )


def total(lines: Iterable[Judged]) -> Decimal:
    """Return the yuan of everybody together."""
    return exact_sum(one.decision.amount.yuan for one in lines)


def _judged(one: Candidate, grant: Grant, decision: Decision) -> Judged:
    line = LineRecord(
        granted=decision.granted,
        yuan=decision.amount.yuan,
        share=one.share,
        score=one.score,
        eligible=one.eligible.met,
        first=not decision.earlier,
    )
    return Judged(one.entry, grant, decision, Basis(one.person, decision.earlier), line)


def _imported(
    session: Session, services: Services, class_id: str, project: str
) -> dict[str, tuple[PersonFact, tuple[Grant, ...]]]:
    values: defaultdict[str, list[tuple[ClaimFact, dict[str, Any]]]] = defaultdict(list)
    rows = select(ClaimFact).where(ClaimFact.class_id == class_id).order_by(ClaimFact.kind, ClaimFact.n)
    for row in session.scalars(rows):
        value: Any = jcs.decode(services.vault.open(PLACE, row.value_sealed).encode())
        values[row.enrolment_id].append((row, value))
    insurance = session.get(ClaimList, (class_id, INSURED, "")) is not None
    return {
        one.id: _known(values[one.id], project, insurance=insurance)
        for one in queries.roster(session, class_id)
    }


def _known(
    values: Sequence[tuple[ClaimFact, dict[str, Any]]], project: str, *, insurance: bool
) -> tuple[PersonFact, tuple[Grant, ...]]:
    months = frozenset(value["month"] for row, value in values if row.kind == INSURED)
    categories = [value["category"] for row, value in values if row.kind == CATEGORY]
    grants = tuple(
        Grant(
            # What a list says of a training, and not its row: the same training in two lists is one.
            id=f"list/{value['project']}/{value['day']}/{value['occupation']}/{value['level']}",
            # Lists write “留苏优技”项目制培训 where the notice's project is 留苏优技.
            project=project if project and project in value["project"] else value["project"],
            day=date.fromisoformat(value["day"]),
            occupation=value["occupation"],
            level=value["level"],
            yuan=Decimal(value["yuan"]),
        )
        for row, value in values
        if row.kind == SUBSIDISED
    )
    fact = PersonFact(
        insured_months=months if insurance else None,
        listed=frozenset(row.name for row, _ in values if row.kind == LISTED),
        category=categories[-1] if categories else "",
    )
    return fact, grants


def _proofs(session: Session, class_id: str) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    rows = select(Proof.enrolment_id, Proof.kind).where(Proof.class_id == class_id, Proof.status == ACCEPTED)
    for enrolment_id, kind in session.execute(rows):
        found[enrolment_id].add(kind)
    return found


@dataclass(frozen=True, slots=True)
class _Before:
    """What a claim is judged beside: claims that come before it, for the same records of people."""

    claim: str
    class_id: str
    at: datetime


def _history(
    session: Session, before: _Before, united: Mapping[str, str], records: Iterable[str]
) -> defaultdict[str, list[Grant]]:
    """Return what other claims were granted, or stand to be, with the people's records locked."""
    same_instant = Claim.submitted_at == before.at
    earlier = or_(
        Claim.status == DECIDED,
        Claim.submitted_at < before.at,
        (same_instant & (Claim.id < before.claim)) if before.claim else same_instant,
    )
    statement = (
        select(ClaimLine)
        .join(Claim, (Claim.class_id == ClaimLine.class_id) & (Claim.id == ClaimLine.claim_id))
        .where(ClaimLine.granted, Claim.status != RETURNED, ClaimLine.class_id != before.class_id, earlier)
    )
    found: defaultdict[str, list[Grant]] = defaultdict(list)
    waiting = iter(records)
    while some := list(islice(waiting, _AT_ONCE)):
        # Always in one order, so that two claims that share people wait and never block each other.
        if before.claim:
            held = select(Person.id).where(Person.id.in_(some)).order_by(Person.id).with_for_update()
            session.execute(held)
        for line in session.scalars(statement.where(ClaimLine.person_id.in_(some))):
            person = united.get(line.person_id, line.person_id)
            grant = Grant(line.enrolment_id, line.project, line.day, line.occupation, line.level, line.yuan)
            found[person].append(grant)
    return found
