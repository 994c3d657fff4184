"""Claiming and deciding: each one transaction with its own leaves.

Judging thousands takes longer than a transaction may. So it is done before, and the transaction begins with
asking whether any fact came in meanwhile; then it is done again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims import judging, lines
from lmscompliance.claims.judging import Assessment, Judged
from lmscompliance.claims.models import ASKED, DECIDED, RETURNED, SUBMITTED, Claim
from lmscompliance.jobs.progress import Progress
from lmscompliance.jobs.queue import ClaimLost
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import ComplianceError, Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules import class_life, deadlines
from lmscompliance.rules.marking import plain
from lmscompliance.rules.verdict import NotMet
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import life, queries
from lmscompliance.training.models import TrainingClass

MAX_TEXT = 500
_PAYEE = "compliance_claim.payee_sealed"
_REASON = "compliance_claim.reason_sealed"
_TRIES = 5
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Payee:
    """Whom the money goes to, and who handles the claim: what sheet ⑦ prints."""

    bank: str
    holder: str
    account: str
    handler: str
    responsible: str


def prepare(session: Session, services: Services, class_id: str, payee: Payee, *, by: str) -> None:
    """Keep whom the money shall go to until ``complete`` hands the claim in; asked again, the latest holds.

    Raises ``Conflict`` unless the class is closed and the day lies within the notice's term (both with what
    to do), ``InvalidInput`` for a payee who is not told whole.
    """
    said = {name: text.strip() for name, text in asdict(payee).items()}
    if not all(text and len(text) <= MAX_TEXT for text in said.values()):
        raise InvalidInput("claims.payee_incomplete")
    now = services.clock.now()
    class_ = queries.locked_class(session, class_id)
    _require_closed(session, class_, now)
    _drop_asked(session, class_id)
    session.add(
        Claim(
            class_id=class_id,
            id=services.ids.new(),
            status=ASKED,
            submitted_at=now,
            submitted_by=by,
            payee_sealed=services.vault.seal(_PAYEE, jcs.encode(said).decode()),
            people=0,
            granted=0,
            yuan=Decimal(0),
            decided_at=None,
            decided_by="",
            reference="",
            reason_sealed=None,
        )
    )


def complete(services: Services, class_id: str, progress: Progress | None = None) -> str:
    """Judge everybody and hand in the claim that was prepared; return its id.

    Raises ``Conflict`` as ``prepare`` does, and where nobody is entitled; then it is as if it had never been
    asked for. If the process dies before the commit, it still waits to be completed; after it, completing it
    once more returns the same.
    """

    def hand_in(session: Session, class_: TrainingClass, assessed: Assessment) -> str:
        now = services.clock.now()
        claim = _asked(session, class_id)
        if claim is None:
            return _handed_in(session, class_id)
        _require_closed(session, class_, now)
        judged = judging.settled(session, assessed, claim=claim.id, submitted_at=now)
        if not any(one.decision.granted for one in judged):
            raise Conflict("claims.nobody", code=class_.code)
        claim.status, claim.submitted_at = SUBMITTED, now
        life.take(session, services, class_, class_life.CLAIMED, by=claim.submitted_by)
        body: dict[str, Json] = {"submitted_us": to_micros(now)}
        told = {"by": claim.submitted_by, **asdict(payee_of(services, claim))}
        _keep(
            session, services, claim, judged, evidence.Fact(type="claim.submitted", body=body, disclose=told)
        )
        return claim.id

    try:
        return _undisturbed(services, class_id, hand_in, progress)
    except ClaimLost:
        # Another worker judges now, and completes what still waits.
        raise
    except ComplianceError:
        with transaction(services.database) as session:
            _drop_asked(session, class_id)
        raise


def submit(
    services: Services, class_id: str, payee: Payee, *, by: str, progress: Progress | None = None
) -> str:
    """Hand in a claim at once and return its id; raises as ``prepare`` and ``complete`` do."""
    with transaction(services.database) as session:
        prepare(session, services, class_id, payee, by=by)
    return complete(services, class_id, progress)


def give_back(services: Services, class_id: str, claim_id: str, *, by: str, reason: str) -> None:
    """Return a claim to the enterprise with a reason; the class is closed again and may claim anew."""
    if not reason.strip():
        raise InvalidInput("claims.no_reason")
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        claim = _waiting(session, class_id, claim_id)
        claim.status, claim.decided_at, claim.decided_by = RETURNED, now, by
        claim.reason_sealed = services.vault.seal(_REASON, reason.strip()[:MAX_TEXT])
        life.take(session, services, class_, class_life.CLOSED, by=by, reason=reason)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="claim.returned",
            at=now,
            body={"claim": claim_id, "returned_us": to_micros(now)},
            disclose={"by": by, "reason": reason.strip()[:MAX_TEXT]},
        )


def status_of(services: Services, class_id: str, claim_id: str) -> str:
    """Return what became of a claim; raises ``NotFound``."""
    with reading(services.database) as session:
        return claim_of(session, class_id, claim_id).status


def decide(
    services: Services,
    class_id: str,
    claim_id: str,
    *,
    by: str,
    reference: str = "",
    progress: Progress | None = None,
) -> None:
    """Decide on a claim: everybody is judged once more, beside all claims that come before this one.

    So of two claims for one person that crossed, the one that was handed in first is granted, unless the
    other was decided already. ``reference`` is the bureau's own number. If the process dies before the
    commit, nothing was decided.
    """
    if status_of(services, class_id, claim_id) != SUBMITTED:
        raise Conflict("claims.settled")

    def settle(session: Session, class_: TrainingClass, assessed: Assessment) -> None:
        now = services.clock.now()
        claim = _waiting(session, class_id, claim_id)
        judged = judging.settled(session, assessed, claim=claim_id, submitted_at=claim.submitted_at)
        claim.status, claim.decided_at, claim.decided_by = DECIDED, now, by
        claim.reference = reference.strip()[:128]
        life.take(session, services, class_, class_life.DECIDED, by=by)
        body: dict[str, Json] = {"reference": claim.reference, "decided_us": to_micros(now)}
        _keep(
            session,
            services,
            claim,
            judged,
            evidence.Fact(type="claim.decided", body=body, disclose={"by": by}),
        )

    _undisturbed(services, class_id, settle, progress)


def payee_of(services: Services, claim: Claim) -> Payee:
    """Return whom a claim's money goes to, in plain text; empty once its term has run out."""
    text = services.vault.open(_PAYEE, claim.payee_sealed)
    if not text:
        return Payee("", "", "", "", "")
    value: Any = jcs.decode(text.encode())
    return Payee(**value)


def reason_of(services: Services, claim: Claim) -> str:
    """Return why a claim was returned; empty where it was not."""
    return services.vault.open(_REASON, claim.reason_sealed) if claim.reason_sealed else ""


def claim_of(session: Session, class_id: str, claim_id: str) -> Claim:
    """Return the claim; raises ``NotFound``."""
    claim = session.get(Claim, (class_id, claim_id))
    if claim is None:
        raise NotFound("web.not_found")
    return claim


def _undisturbed(
    services: Services,
    class_id: str,
    act: Callable[[Session, TrainingClass, Assessment], _Done],
    progress: Progress | None,
) -> _Done:
    """Judge everybody and call ``act`` in a transaction in which all of that still holds."""
    for _ in range(_TRIES):
        with reading(services.database) as session:
            assessed = judging.assess(session, services, class_id, progress=progress)
        with transaction(services.database) as session:
            class_ = queries.locked_class(session, class_id)
            if evidence.data_state(session, class_id) == assessed.state:
                return act(session, class_, assessed)
    raise Conflict("claims.moving")


def _keep(
    session: Session, services: Services, claim: Claim, judged: Sequence[Judged], last: evidence.Fact
) -> None:
    """Write the claim's lines and sums, and record them with ``last``, which is given the figures."""
    granted = [one for one in judged if one.decision.granted]
    claim.people, claim.granted, claim.yuan = len(judged), len(granted), judging.total(granted)
    lines.write(session, services, claim, judged)
    pages = lines.facts(claim, judged)
    figures: dict[str, Json] = {
        "claim": claim.id,
        "people": claim.people,
        "granted": claim.granted,
        "yuan": plain(claim.yuan),
        "pages": len(pages),
    }
    evidence.record_each(
        session,
        services,
        class_id=claim.class_id,
        stream=evidence.class_stream(claim.class_id),
        at=services.clock.now(),
        facts=[*pages, evidence.Fact(last.type, {**figures, **last.body}, last.disclose)],
    )


def _asked(session: Session, class_id: str) -> Claim | None:
    return session.scalars(
        select(Claim).where(Claim.class_id == class_id, Claim.status == ASKED)
    ).one_or_none()


def _drop_asked(session: Session, class_id: str) -> None:
    session.execute(delete(Claim).where(Claim.class_id == class_id, Claim.status == ASKED))


def _handed_in(session: Session, class_id: str) -> str:
    """Return the claim that a worker handed in which died before it could say so."""
    found = session.scalars(
        select(Claim.id).where(Claim.class_id == class_id, Claim.status.in_((SUBMITTED, DECIDED)))
    ).one_or_none()
    if found is None:
        raise Conflict("claims.nothing_asked")
    return found


def _require_closed(session: Session, class_: TrainingClass, now: datetime) -> None:
    if class_.status != class_life.CLOSED:
        raise Conflict("claims.class_not_closed", code=class_.code)
    notice = queries.notice_of(session, class_)
    for verdict in deadlines.claiming(shanghai_day(now), notice):
        if isinstance(verdict, NotMet):
            raise Conflict("claims.out_of_time", what=verdict, clause=notice.citation(verdict.term))


def _waiting(session: Session, class_id: str, claim_id: str) -> Claim:
    claim = claim_of(session, class_id, claim_id)
    if claim.status != SUBMITTED:
        raise Conflict("claims.settled")
    return claim
