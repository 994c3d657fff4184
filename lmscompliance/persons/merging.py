"""Uniting two records that are one person's, and taking that back: decisions of people, each a new entry.

Nothing is rewritten. The link, the notes that credit is judged by, the leaves of every enrolment concerned
and the decision of the case commit together; judging again follows, or is found by the periodic job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.identity import cases, links
from lmscompliance.identity.models import IdentityCase, Person, PersonLink
from lmscompliance.identity.people import PersonValue, open_person
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning.models import OpenSession
from lmscompliance.persons import apart
from lmscompliance.rules.merging import APART, MERGED, SECOND
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import casework, queries
from lmscompliance.training.casework import Said
from lmscompliance.training.models import Enrolment

FIRST, OTHER = "first", "second"
"""Which side of a case survives."""


@dataclass(frozen=True, slots=True)
class _Union:
    """What the leaves of a union say."""

    merge: str
    said: Said
    basis: str
    kept: PersonValue
    retired: PersonValue


def merge(services: Services, actor: Actor, case_id: str, *, keep: str, reason: str, basis: str) -> str:
    """Decide that the two records of a case are one person's; return the union's id.

    ``keep`` is the side whose details hold from here on, ``basis`` what was looked at to be sure. Where both
    records are enrolled in one class, the enrolment that was activated first counts, without any the kept
    record's. Raises ``NotFound``, ``InvalidInput`` without a reason, a basis or a side, ``Conflict`` when the
    case is settled or of another kind, while one of them is learning, and when the record that would not
    survive has others united with it.
    """
    why, seen = casework.checked_reason(reason), _checked_basis(basis)
    if keep not in {FIRST, OTHER}:
        raise InvalidInput("persons.which_survives")
    with transaction(services.database) as session:
        case = casework.open_case(session, case_id)
        if case.kind != cases.TWO_RECORDS:
            raise Conflict("persons.one_record")
        persons = casework.persons_of(session, services, case)
        kept, retired = persons if keep == FIRST else reversed(persons)
        kept = session.get_one(Person, links.holder(session, kept.id))
        _lock(session, kept, retired)
        _require_free(session, kept, retired)
        mine = casework.enrolments_of(session, [kept.id])
        theirs = casework.enrolments_of(session, [retired.id])
        said = Said(case.id, actor.account, why)
        casework.lift(session, services, case, [*mine, *theirs], said)
        union = _Union(
            services.ids.new(),
            said,
            seen,
            open_person(services.vault, kept),
            open_person(services.vault, retired),
        )
        _link(session, services, retired, kept.id, union)
        second = _second(session, mine, theirs)
        for one in mine:
            _merged(session, services, one, union, own=True, second=one.id in second)
        for one in theirs:
            _merged(session, services, one, union, own=False, second=one.id in second)
        apart.recompute(session, services, casework.enrolments_of(session, [kept.id]))
        casework.settle(services, case, casework.MERGED, said, state=cases.SETTLED)
        return union.merge


def separate(services: Services, actor: Actor, case_id: str, *, reason: str) -> None:
    """Take back that the two records of a case are one person's; the case is open again.

    A new entry everywhere: what was recorded as united stays recorded. Raises ``NotFound``, ``InvalidInput``
    without a reason, ``Conflict`` when they are not united by this case.
    """
    why = casework.checked_reason(reason)
    with transaction(services.database) as session:
        case = session.get(IdentityCase, case_id, with_for_update=True)
        if case is None:
            raise NotFound("web.not_found")
        link = _standing_link(session, case)
        if link is None or link.into_id is None:
            raise Conflict("persons.not_united")
        retired = session.get_one(Person, link.person_id)
        kept = session.get_one(Person, link.into_id)
        _lock(session, kept, retired)
        everybody = casework.enrolments_of(session, [kept.id])
        said = Said(case.id, actor.account, why)
        union = _Union(
            link.merge_id, said, "", open_person(services.vault, kept), open_person(services.vault, retired)
        )
        _link(session, services, retired, None, union)
        for one in everybody:
            _separated(session, services, one, union, own=one.person_id == retired.id)
        apart.recompute(session, services, [one for one in everybody if one.person_id != retired.id])
        apart.recompute(session, services, [one for one in everybody if one.person_id == retired.id])
        casework.settle(services, case, casework.SEPARATED, said, state=cases.OPEN)


def _checked_basis(basis: str) -> str:
    seen = basis.strip()
    if not seen or len(seen) > casework.MAX_REASON:
        raise InvalidInput("persons.basis", most=casework.MAX_REASON)
    return seen


def _lock(session: Session, *persons: Person) -> None:
    """Let nobody else unite these meanwhile; always in one order."""
    for person_id in sorted(one.id for one in persons):
        session.get_one(Person, person_id, with_for_update=True)


def _require_free(session: Session, kept: Person, retired: Person) -> None:
    if links.holder(session, retired.id) == kept.id:
        raise Conflict("persons.united_already")
    if len(links.records_of(session, retired.id)) > 1:
        raise Conflict("persons.has_others")
    records = [*links.records_of(session, kept.id), retired.id]
    if session.scalar(
        select(OpenSession.session_id).where(OpenSession.person_id.in_(records), OpenSession.active).limit(1)
    ):
        raise Conflict("persons.learning_now")


def _link(session: Session, services: Services, retired: Person, into_id: str | None, union: _Union) -> None:
    seal = services.vault.seal
    links.add(
        session,
        retired,
        into_id,
        PersonLink(
            merge_id=union.merge,
            case_id=union.said.case,
            at=services.clock.now(),
            by_account=union.said.by,
            reason_sealed=seal(links.REASON_PLACE, union.said.reason),
            basis_sealed=seal(links.BASIS_PLACE, union.basis) if union.basis else None,
        ),
    )


def _standing_link(session: Session, case: IdentityCase) -> PersonLink | None:
    """Return the link that this case made, while it holds."""
    query = select(PersonLink).where(PersonLink.case_id == case.id).order_by(PersonLink.at.desc())
    for one in session.scalars(query):
        latest = links.latest(session, one.person_id)
        if latest is not None and latest.n == one.n and one.into_id is not None:
            return one
    return None


def _second(session: Session, mine: Sequence[Enrolment], theirs: Sequence[Enrolment]) -> set[str]:
    """Return which enrolments count no longer, because the person is in their class by another."""
    second = set()
    for other in theirs:
        same = [one for one in mine if one.class_id == other.class_id]
        own = queries.standing(session, same)
        if own is not None:
            second.add(min((own, other), key=lambda one: _order(one, mine)).id)
    return second


def _order(one: Enrolment, mine: Sequence[Enrolment]) -> tuple[float, bool]:
    """Return what sorts first whichever gives way: the later activated, then the one that is not kept."""
    activated = float("-inf") if one.activated_at is None else -one.activated_at.timestamp()
    return activated, one in mine


def _merged(
    session: Session, services: Services, one: Enrolment, union: _Union, *, own: bool, second: bool
) -> None:
    now = apart.note(session, services, one, SECOND if second else MERGED, merge=union.merge)
    kept, retired = union.kept, union.retired
    if own:
        shown = {"name_other": retired.name, "id_number_other": retired.id_number}
    else:
        shown = {"name_before": retired.name, "id_number_before": retired.id_number}
        shown |= {"name": kept.name, "sex": kept.sex, "id_number": kept.id_number}
    evidence.record_for(
        session,
        services,
        one,
        type="identity.merged",
        body={
            "case": union.said.case,
            "merge": union.merge,
            "kept": own,
            "second": second,
            "at_us": to_micros(now),
        },
        disclose={**shown, "by": union.said.by, "reason": union.said.reason, "basis": union.basis},
    )
    apart.tell(session, services, one, "ledger_outdated", union.merge)


def _separated(session: Session, services: Services, one: Enrolment, union: _Union, *, own: bool) -> None:
    now = apart.note(session, services, one, APART, merge=union.merge)
    retired = union.retired
    shown = {"name": retired.name, "sex": retired.sex, "id_number": retired.id_number} if own else {}
    body: dict[str, Json] = {"case": union.said.case, "merge": union.merge, "at_us": to_micros(now)}
    evidence.record_for(
        session,
        services,
        one,
        type="identity.separated",
        body=body,
        disclose={**shown, "by": union.said.by, "reason": union.said.reason},
    )
    apart.tell(session, services, one, "ledger_outdated", f"{union.merge}-apart")
