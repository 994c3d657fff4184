"""Handing in proofs, reviewing them, and looking at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.files import service as files
from lmscompliance.files.service import Content
from lmscompliance.identity import consent as consents
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import ProofTerms
from lmscompliance.proofs.models import ACCEPTED, PENDING, REFUSED, Proof, ProofView
from lmscompliance.rules.itinerary import Days, gaps, period, shown
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

ITINERARY = "itinerary"
MOST = 60
"""Files one enrolment may hand in; an honest one needs a handful."""
MAX_REASON = 500
_PLACE = "compliance_proof.reason_sealed"


@dataclass(frozen=True, slots=True)
class Handed:
    """What somebody says about the file they hand in. ``covers`` may be left to the policy's rule."""

    kind: str
    taken_on: date | None = None
    covers: Days | None = None


def add(
    services: Services,
    actor: Actor,
    class_id: str,
    enrolment_id: str,
    *,
    data: bytes,
    handed: Handed,
    consent: str,
    ip: str,
) -> str:
    """Keep a file as a proof of the enrolment and return the proof's id.

    ``consent`` is the version of the separate consent that was given with it. Raises ``InvalidInput`` for a
    file that may not be kept, a kind the class does not ask for, or days that cannot be; ``Conflict`` when
    another consent text holds now or too many files were handed in.
    """
    terms = _terms(services, class_id)
    if consent != terms.consent_version:
        raise Conflict("proofs.consent_changed")
    today = shanghai_day(services.clock.now())
    ready = files.prepare(services, data)
    if handed.taken_on is None and services.day_reader is not None:
        # Only where nobody typed a day; a reviewer sees the picture beside what was read.
        handed = replace(
            handed, taken_on=services.day_reader.day(ready.cleaned.kind.value, ready.cleaned.data)
        )
    covers = _covers(handed, terms, today)
    with transaction(services.database) as session:
        queries.enrolment(session, class_id, enrolment_id)
        mine = (Proof.class_id == class_id) & (Proof.enrolment_id == enrolment_id)
        if (session.scalar(select(func.count()).where(mine)) or 0) >= MOST:
            raise Conflict("proofs.too_many", most=MOST)
        doubled = select(Proof.id).where(mine, Proof.sha256 == ready.sha256, Proof.status != REFUSED)
        if session.scalar(doubled.limit(1)) is not None:
            raise Conflict("proofs.twice")
        consents.give(session, services, (class_id, enrolment_id), consents.PROOFS, consent)
        digest = files.keep(session, services, ready)
        now = services.clock.now()
        proof = Proof(
            class_id=class_id,
            enrolment_id=enrolment_id,
            id=services.ids.new(),
            kind=handed.kind,
            sha256=digest,
            taken_on=handed.taken_on,
            covers_from=covers.first if covers else None,
            covers_to=covers.last if covers else None,
            added_at=now,
            added_by="trainee" if actor.role is Role.TRAINEE else "staff",
            status=PENDING,
        )
        session.add(proof)
        body: dict[str, Json] = {
            "proof": proof.id,
            "kind": proof.kind,
            "sha256": digest,
            "original_sha256": ready.original_sha256,
            "media_type": ready.cleaned.kind.value,
            "size": len(ready.cleaned.data),
            "added_us": to_micros(now),
            "by": proof.added_by,
            "consent": {"version": consent},
        }
        if handed.taken_on:
            body["taken_on"] = str(handed.taken_on)
        if covers:
            body |= {"from": str(covers.first), "to": str(covers.last)}
        evidence.record_for(
            session,
            services,
            evidence.Owner(class_id, enrolment_id),
            type="proof.added",
            at=now,
            body=body,
            disclose={"ip": ip},
        )
        return proof.id


def review(
    services: Services, actor: Actor, class_id: str, proof_id: str, *, accepted: bool, reason: str = ""
) -> None:
    """Decide on a proof, once. A refusal needs a reason, which the trainee reads.

    Raises ``NotFound``, ``Conflict`` when it was decided already, ``InvalidInput`` for a missing reason.
    """
    reason = reason.strip()[:MAX_REASON]
    if not accepted and not reason:
        raise InvalidInput("proofs.no_reason")
    with transaction(services.database) as session:
        proof = _proof(session, class_id, proof_id, lock=True)
        if proof.status != PENDING:
            raise Conflict("proofs.decided")
        proof.status = ACCEPTED if accepted else REFUSED
        proof.decided_at = services.clock.now()
        proof.reason_sealed = services.vault.seal(_PLACE, reason)
        evidence.record_for(
            session,
            services,
            proof,
            type="proof.reviewed",
            at=proof.decided_at,
            body={"proof": proof.id, "accepted": accepted, "reviewed_us": to_micros(proof.decided_at)},
            disclose={"reviewer": actor.account, "reason": reason},
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A proof as pages list it."""

    proof: Proof
    reason: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One enrolment's proofs and the days that accepted itineraries leave open."""

    lines: tuple[Line, ...]
    missing: tuple[Days, ...]


def folders(
    session: Session, services: Services, class_id: str, enrolment_ids: Sequence[str]
) -> dict[str, Folder]:
    """Return each enrolment's folder; every id is a key."""
    class_ = queries.class_by_id(session, class_id)
    terms = queries.notice_of(session, class_).proofs
    fact, _ = queries.class_facts(session, class_id)
    lines: dict[str, list[Line]] = {one: [] for one in enrolment_ids}
    found = select(Proof).where(Proof.class_id == class_id, Proof.enrolment_id.in_(enrolment_ids))
    for proof in session.scalars(found.order_by(Proof.added_at, Proof.id)):
        reason = services.vault.open(_PLACE, proof.reason_sealed) if proof.reason_sealed else ""
        lines[proof.enrolment_id].append(Line(proof, reason))
    asked = period(fact, terms) if ITINERARY in terms.kinds else None
    return {
        enrolment: Folder(tuple(mine), gaps(_accepted(mine), asked) if asked else ())
        for enrolment, mine in lines.items()
    }


def look(services: Services, actor: Actor, class_id: str, proof_id: str) -> tuple[Proof, Content]:
    """Return a proof's file and log who looked; raises ``NotFound``. The scope is the caller's."""
    with transaction(services.database) as session:
        proof = _proof(session, class_id, proof_id)
        content = files.read(session, services, proof.sha256)
        session.add(
            ProofView(
                class_id=class_id,
                proof_id=proof_id,
                id=services.ids.new(),
                account=actor.account,
                role=actor.role.value,
                at=services.clock.now(),
            )
        )
        return proof, content


def _terms(services: Services, class_id: str) -> ProofTerms:
    with reading(services.database) as session:
        return queries.class_notice(session, class_id).proofs


def _covers(handed: Handed, terms: ProofTerms, today: date) -> Days | None:
    if handed.kind not in terms.kinds:
        raise InvalidInput("proofs.kind")
    if handed.kind != ITINERARY:
        return None
    if handed.taken_on is None:
        raise InvalidInput("proofs.no_day")
    if handed.taken_on > today:
        raise InvalidInput("proofs.future", day=handed.taken_on)
    covers = handed.covers or shown(handed.taken_on, terms)
    longest = timedelta(days=terms.itinerary_days)
    if covers.last > handed.taken_on or covers.first > covers.last or covers.last - covers.first >= longest:
        raise InvalidInput("proofs.days", days=terms.itinerary_days)
    return covers


def _accepted(lines: Sequence[Line]) -> list[Days]:
    return [
        Days(one.proof.covers_from, one.proof.covers_to)
        for one in lines
        if one.proof.status == ACCEPTED and one.proof.covers_from and one.proof.covers_to
    ]


def _proof(session: Session, class_id: str, proof_id: str, *, lock: bool = False) -> Proof:
    query = select(Proof).where(Proof.class_id == class_id, Proof.id == proof_id)
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound("web.not_found")
    return found
