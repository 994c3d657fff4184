"""Everything that is held about the person who asks, over all classes and rooms, as one value to hand out.

The evidence of each enrolment is the fullest record there is, so it is handed out whole, with the person's
own withheld values opened. What belongs to others stays out: who of the staff acted, and the questions and
keys of exams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.certificates import reading as certificates
from lmscompliance.claims.held import held
from lmscompliance.completion import service as completion
from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.evidence.models import Entry
from lmscompliance.evidence.streams import stream_disclosures
from lmscompliance.identity import consent, links, looks
from lmscompliance.kernel import jcs
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import from_micros, shanghai_text
from lmscompliance.kernel.errors import NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning import history, segments
from lmscompliance.learning.models import OpenSession
from lmscompliance.learning.whereabouts import addresses
from lmscompliance.persons.models import CorrectionRequest
from lmscompliance.persons.own_exams import examined
from lmscompliance.persons.own_learning import learnt
from lmscompliance.persons.requests import RequestLine, line_of
from lmscompliance.proofs.models import Proof, ProofView
from lmscompliance.retention.terms import terms_of
from lmscompliance.rules.reasons import label
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.supervision.models import Anomaly
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, TrainingClass, Verification

_OF_OTHERS = frozenset({"by", "reviewer", "host", "account", "draw", "key", "photos", "question"})
"""Names of withheld values that are not the person's: of staff, and what exams and checks ask and when."""
_PAPER = "q"
"""Questions of a paper are withheld as ``q001`` and so on."""


@dataclass(frozen=True, slots=True)
class Own:
    """The person's classes, each with its enrolment and from when what is destroyed, and their requests."""

    classes: tuple[tuple[TrainingClass, Enrolment, Mapping[str, date]], ...]
    requests: tuple[RequestLine, ...]


def own(services: Services, actor: Actor) -> Own:
    """Return the actor's classes and requests; raises ``NotFound`` when the account is nobody's."""
    with reading(services.database) as session:
        found = [
            (class_, one, terms_of(session, class_).due_on) for class_, one in _enrolments(session, actor)
        ]
        ids = [one.id for _, one, _ in found]
        asked = select(CorrectionRequest).where(CorrectionRequest.enrolment_id.in_(ids))
        rows = session.scalars(asked.order_by(CorrectionRequest.asked_at.desc())).all()
        return Own(tuple(found), tuple(line_of(services, row) for row in rows))


def collect(
    services: Services, actor: Actor, locale: str, further: Mapping[str, Json] | None = None
) -> dict[str, Json]:
    """Return everything held about the actor as JSON; that it was handed out is recorded for each class.

    ``further`` is what whoever signs the actor in holds.
    Raises ``NotFound`` when the account is nobody's.
    """
    with transaction(services.database) as session:
        found = _enrolments(session, actor)
        for class_, one in found:
            place = (class_.id, one.id)
            looks.record(session, services, actor, place, what=looks.DETAILS, occasion=looks.OWN)
    classes: list[Json] = []
    for class_, one in found:
        judged = completion.status(services, class_.id, one.id)
        with reading(services.database) as session:
            classes.append(_class(session, services, class_, one, judged=judged, locale=locale))
    requests: list[Json] = [
        {
            "asked": shanghai_text(line.row.asked_at),
            "field": line.row.field,
            "wanted": line.wanted,
            "reason": line.reason,
            "state": line.row.state,
            "answer": line.answer,
        }
        for line in own(services, actor).requests
    ]
    made = shanghai_text(services.clock.now())
    rest = {"classes": classes, "correction_requests": requests, **(further or {})}
    return {"made": made, "account": actor.account, **rest}


def of_enrolment(
    services: Services, actor: Actor, class_id: str, enrolment_id: str, *, purpose: str, locale: str
) -> dict[str, Json]:
    """Return what ``collect`` does of one class, for staff; that, and what for, is recorded.

    Who else looked is between the person and those. Raises ``NotFound``, and ``InvalidInput`` without a
    purpose.
    """
    words = looks.checked_purpose(purpose)
    with transaction(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        one = queries.enrolment(session, class_id, enrolment_id)
        place = (class_id, enrolment_id)
        looks.record(session, services, actor, place, what=looks.DETAILS, occasion=looks.FILE, purpose=words)
    judged = completion.status(services, class_id, enrolment_id)
    with reading(services.database) as session:
        found = _class(session, services, class_, one, judged=judged, locale=locale)
    if isinstance(found, dict):
        del found["looks"]
    return {"made": shanghai_text(services.clock.now()), "classes": [found], "correction_requests": []}


def withdraw_learning(services: Services, actor: Actor, class_id: str) -> None:
    """Take back what learning and exams in a class rest on: sessions that run end, none begins any more.

    What was recorded stays, for as long as the notice demands. Raises ``NotFound`` when the actor is not in
    the class. Safe to repeat.
    """
    with transaction(services.database) as session:
        mine = _mine(session, actor, class_id)
        consent.withdraw_learning(session, services, (class_id, mine.id), _given(mine))
        running = select(OpenSession.session_id).where(OpenSession.enrolment_id == mine.id)
        for session_id in session.scalars(running).all():
            row = segments.lock(session, mine.id, session_id)
            if row is not None:
                history.close_session(session, services, row, "end")


def give_learning(services: Services, actor: Actor, class_id: str) -> None:
    """Give that consent again, to the text of the class; raises ``NotFound``."""
    with transaction(services.database) as session:
        mine = _mine(session, actor, class_id)
        notice = queries.notice_of(session, queries.class_by_id(session, class_id))
        consent.give(session, services, (class_id, mine.id), consent.LEARNING, notice.consent.version)


def _given(mine: Enrolment) -> tuple[str, datetime]:
    return mine.consent_version or "", mine.activated_at or mine.registered_at


def _mine(session: Session, actor: Actor, class_id: str) -> Enrolment:
    mine = queries.enrolment_of(session, class_id, actor.account)
    if mine is None:
        raise NotFound("web.not_found")
    return mine


def _enrolments(session: Session, actor: Actor) -> list[tuple[TrainingClass, Enrolment]]:
    """Return every enrolment of all records of the person, those not activated and second ones included."""
    rows = session.execute(
        select(TrainingClass, Enrolment)
        .join(Enrolment, Enrolment.class_id == TrainingClass.id)
        .where(Enrolment.person_id.in_(links.records_of_account(actor.account)))
        .order_by(TrainingClass.filed_at.desc(), TrainingClass.id, Enrolment.ordinal)
    )
    found = [(class_, one) for class_, one in rows]
    if not found:
        raise NotFound("web.not_found")
    return found


def _class(
    session: Session,
    services: Services,
    class_: TrainingClass,
    one: Enrolment,
    *,
    judged: TraineeStatus,
    locale: str,
) -> Json:
    place = (class_.id, one.id)
    notice = queries.notice_of(session, class_)
    entry = queries.open_enrolment(session, services.vault, *place)
    person = entry.person
    return {
        "class": {"code": class_.code, "title": class_.title, "district": class_.district},
        "enterprise": queries.enterprise_of(session, class_).name,
        "notice": notice.document,
        "kept_years": notice.retention.years,
        "person": {
            "name": person.name,
            "sex": person.sex,
            "birth": person.birth.isoformat(),
            "id_kind": person.id_kind,
            "id_number": person.id_number,
            "id_number_as_handed_in": person.given_number,
            "phone": person.phone,
            "department": entry.department,
            "household": entry.household,
        },
        "registered": shanghai_text(one.registered_at),
        "activated": shanghai_text(one.activated_at),
        "consent_version": one.consent_version,
        "consents": [
            {
                "purpose": row.purpose,
                "version": row.version,
                "given": shanghai_text(row.given_at),
                "withdrawn": shanghai_text(row.withdrawn_at),
            }
            for row in consent.all_of(session, place)
        ],
        "verifications": _verifications(session, place),
        "sessions": _sessions(judged, locale, addresses(session, services, [one.id])),
        "verdict": _verdict(judged, locale),
        "subsidy": held(session, services, *place),
        **examined(session, place, judged),
        **learnt(session, services, place, judged),
        "files": _files(session, place),
        "certificates": [
            {
                "certificate": one.number,
                "issued": shanghai_text(one.issued_at),
                "revoked": shanghai_text(one.revoked_at),
                "reason": one.reason,
                "sha256": one.pdf_sha256,
            }
            for one in certificates.of_enrolment(session, services, *place)
        ],
        "anomalies": _anomalies(session, place),
        "looks": [
            {
                "at": shanghai_text(look.at),
                "role": look.role,
                "what": look.what,
                "purpose": looks.purpose_of(services, look),
            }
            for look in looks.of_person(session, *place)
        ],
        "evidence": _evidence(session, services, place),
    }


def _verifications(session: Session, place: tuple[str, str]) -> list[Json]:
    rows = select(Verification).where(
        Verification.class_id == place[0], Verification.enrolment_id == place[1]
    )
    return [
        {
            "purpose": row.purpose,
            "method": row.method,
            "result": row.result,
            "asked": shanghai_text(row.asked_at),
            "decided": shanghai_text(row.decided_at),
            "photo_sha256": row.photo,
        }
        for row in session.scalars(rows.order_by(Verification.id))
    ]


def _sessions(judged: TraineeStatus, locale: str, seen: Mapping[str, list[str]]) -> list[Json]:
    lessons = {one.id: one.title for one in judged.course.lessons}
    return [
        {
            "session": one.session,
            "lesson": lessons.get(one.lesson, one.lesson),
            "start": _second(one.start_s),
            "end": _second(one.end_s),
            "credited_seconds": one.credited_seconds,
            "excluded_seconds": {label(reason, locale): seconds for reason, seconds in one.excluded.items()},
            "addresses": [*seen.get(one.session, [])],
        }
        for one in judged.account.sessions()
    ]


def _verdict(judged: TraineeStatus, locale: str) -> Json:
    return {
        "credited_seconds": judged.account.credited_seconds,
        "excluded_seconds": {
            label(reason, locale): seconds for reason, seconds in judged.account.excluded.items()
        },
        "class_hours": str(judged.training.total_hours),
        "training_met": judged.training.met,
        "exam": judged.exam.state.value,
        "attempts": [
            {
                "number": one.number,
                "opened": shanghai_text(from_micros(one.opened_us)),
                "submitted": None
                if one.submitted_us is None
                else shanghai_text(from_micros(one.submitted_us)),
                "score": None if one.score is None else str(one.score),
                "voided": one.voided_us is not None,
            }
            for one in judged.attempts
        ],
        "subsidy_possible": judged.eligibility.met,
    }


def _files(session: Session, place: tuple[str, str]) -> list[Json]:
    rows = select(Proof).where(Proof.class_id == place[0], Proof.enrolment_id == place[1])
    proofs = session.scalars(rows.order_by(Proof.id)).all()
    seen: dict[str, list[Json]] = {one.id: [] for one in proofs}
    views = select(ProofView).where(ProofView.class_id == place[0], ProofView.proof_id.in_(seen))
    for view in session.scalars(views.order_by(ProofView.at)):
        seen[view.proof_id].append({"at": shanghai_text(view.at), "role": view.role})
    return [
        {
            "kind": one.kind,
            "sha256": one.sha256,
            "added": shanghai_text(one.added_at),
            "status": one.status,
            "opened_by": seen[one.id],
        }
        for one in proofs
    ]


def _anomalies(session: Session, place: tuple[str, str]) -> list[Json]:
    rows = select(Anomaly).where(Anomaly.class_id == place[0], Anomaly.enrolment_id == place[1])
    return [
        {
            "kind": one.kind,
            "first": shanghai_text(one.first_at),
            "last": shanghai_text(one.last_at),
            "status": one.status,
        }
        for one in session.scalars(rows.order_by(Anomaly.id))
    ]


def _evidence(session: Session, services: Services, place: tuple[str, str]) -> list[Json]:
    class_id, stream = place[0], evidence.enrolment_stream(place[1])
    rows = session.scalars(
        select(Entry.leaf).where(Entry.class_id == class_id, Entry.stream == stream).order_by(Entry.n)
    ).all()
    values: dict[int, dict[str, Json]] = {}
    for n, name, _, value in stream_disclosures(session, services, class_id, stream, len(rows)):
        if is_own(name):
            values.setdefault(n, {})[name] = value
    found: list[Json] = []
    for n, raw in enumerate(rows):
        leaf = jcs.decode(raw)
        found.append({"entry": leaf, "values": values.get(n, {})})
    return found


def is_own(name: str) -> bool:
    """Tell whether a withheld value of that name is the person's, and not of staff or of an exam."""
    return name not in _OF_OTHERS and not (name.startswith(_PAPER) and name[1:].isdigit())


def _second(at_s: int) -> str | None:
    return shanghai_text(from_micros(at_s * 1_000_000))


def by_class(data: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the classes of what ``collect`` made, typed for whoever renders them."""
    classes = data["classes"]
    return [one for one in classes if isinstance(one, dict)] if isinstance(classes, list) else []
