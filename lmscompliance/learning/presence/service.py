"""What a page does with checks: learn how it stands, answer, ask for a make-up. All by the session token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning import limits, tokens
from lmscompliance.learning.instants import instant
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.models import ClosedSession, OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.presence import posing, watch
from lmscompliance.learning.presence.facts import presence_facts
from lmscompliance.learning.presence.methods import ARITHMETIC, named
from lmscompliance.learning.presence.models import PresenceCheck, PresenceWatch
from lmscompliance.rules.presence import asked_on
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit, reading, transaction

RESTORED = "learning.presence_restored"
"""Notice sent after a passed check has ended a void; its subject is ``<class id>/<enrolment id>``."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A check as the page shows it; nothing in it says what is right."""

    id: str
    method: str
    form: str
    text: str
    options: tuple[str, ...]
    seconds: int
    seconds_left: float
    longer: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trainee stands: ``due``, ``missed`` or nothing; the open check, and the make-ups left today.

    ``restores_seconds`` is how long a make-up still gives back what the miss took.
    """

    standing: str
    check: Shown | None
    make_ups_left: int
    restores_seconds: int

    def to_json(self) -> dict[str, object]:
        """Return it as it is answered."""
        shown = None
        if self.check is not None:
            shown = {name: getattr(self.check, name) for name in self.check.__slots__}
        return {
            "standing": self.standing,
            "check": shown,
            "make_ups_left": self.make_ups_left,
            "restores_seconds": self.restores_seconds,
        }


def current(services: Services, token: str) -> Standing:
    """Return how the session's trainee stands now; an overdue check is written down as missed first."""
    claims = tokens.read(services, token)
    held_to = limits.of_class(services, claims.class_id)
    now = instant(services)
    if not held_to.presence.per_day:
        return Standing("", None, 0, 0)
    with transaction(services.database) as session:
        locked = watch.lock(session, claims.class_id, claims.enrolment_id)
        watch.settle(session, services, locked, now)
        return _standing(session, locked, held_to, now)


def answer(services: Services, token: str, check_id: str, given: Json, sender: Origin) -> Standing:
    """Judge the answer to the open check by the moment it was received, and return how it stands then.

    The first answer counts. Raises ``Unauthenticated`` for a token that is not ours and ``Conflict`` when
    that check is not open (any more). An answer that comes too late changes nothing: the check was missed.
    """
    claims = tokens.read(services, token)
    held_to = limits.of_class(services, claims.class_id)
    now = instant(services)
    with reading(services.database) as session:
        check = session.get(PresenceCheck, (claims.enrolment_id, check_id))
        if check is None or check.decided_at is not None:
            raise Conflict("learning.no_open_check")
        asking = posing.asking_of(session, services, claims.class_id, claims.enrolment_id, check.lesson_id)
    method = named(services, check.method) or ARITHMETIC
    # Judged outside of any transaction, for a plug-in may ask a machine far away.
    passed = now <= check.until_at and method.passes(asking, json.loads(check.posed)["key"], given)
    with transaction(services.database) as session:
        locked = watch.lock(session, claims.class_id, claims.enrolment_id)
        late = watch.settle(session, services, locked, now)
        if late:
            return _standing(session, locked, held_to, now)
        open_check = watch.check_of(session, locked)
        if open_check is None or open_check.check_id != check_id:
            raise Conflict("learning.no_open_check")
        restores = passed and locked.missed_at is not None
        watch.decide(locked, open_check, at=max(now, open_check.issued_at), passed=passed)
        session.flush()
        _record_answer(session, services, open_check, given, sender)
        if restores:
            subject = f"{claims.class_id}/{claims.enrolment_id}"
            after_commit(session, lambda: services.events.send(RESTORED, subject))
        return _standing(session, locked, held_to, now)


def ask(services: Services, token: str) -> Standing:
    """Raise a make-up check because the trainee asks for one after a miss.

    Raises ``Conflict`` when nothing was missed, a check is open already, or today's make-ups are used up.
    """
    claims = tokens.read(services, token)
    held_to = limits.of_class(services, claims.class_id)
    now = instant(services)
    if not held_to.presence.per_day:
        raise Conflict("learning.nothing_missed")
    with transaction(services.database) as session:
        locked = watch.lock(session, claims.class_id, claims.enrolment_id)
        watch.settle(session, services, locked, now)
        if locked.open_check is None:
            if locked.missed_at is None:
                raise Conflict("learning.nothing_missed")
            if not _make_ups_left(session, locked, held_to, now):
                raise Conflict("learning.make_ups_used", count=held_to.presence.make_up_per_day)
            place = (claims.session_id, _lesson_of(session, claims))
            watch.issue(session, services, locked, place, now=now, terms=held_to.presence, asked=True)
        return _standing(session, locked, held_to, now)


def close_unanswered(services: Services) -> int:
    """Write down every check whose time is over without an answer; return how many.

    Each is a transaction of its own: if the process dies in between, the rest is found the next time.
    """
    now = instant(services)
    with reading(services.database) as session:
        overdue = session.execute(
            select(PresenceCheck.class_id, PresenceCheck.enrolment_id).where(
                PresenceCheck.decided_at.is_(None), PresenceCheck.until_at < now
            )
        ).all()
    closed = 0
    for class_id, enrolment_id in overdue:
        with transaction(services.database) as session:
            locked = watch.lock(session, class_id, enrolment_id)
            closed += watch.settle(session, services, locked, now)
    return closed


def _standing(session: Session, locked: PresenceWatch, held_to: Limits, now: datetime) -> Standing:
    check = watch.check_of(session, locked)
    terms, restores = held_to.presence, 0
    if locked.missed_at is not None:
        until = locked.missed_at + timedelta(seconds=terms.make_up_seconds)
        restores = max(0, int((until - now).total_seconds()))
    left = _make_ups_left(session, locked, held_to, now) if locked.missed_at is not None else 0
    return Standing(
        watch.standing(locked), None if check is None else _shown(check, held_to, now), left, restores
    )


def _shown(check: PresenceCheck, held_to: Limits, now: datetime) -> Shown:
    posed: Mapping[str, Json] = json.loads(check.posed)
    options = posed["options"]
    seconds = int((check.until_at - check.issued_at).total_seconds())
    return Shown(
        id=check.check_id,
        method=check.method,
        form=str(posed["form"]),
        text=str(posed["text"]),
        options=tuple(map(str, options)) if isinstance(options, list) else (),
        seconds=seconds,
        seconds_left=max(0.0, (check.until_at - now).total_seconds()),
        longer=seconds > held_to.presence.answer_seconds,
    )


def _make_ups_left(session: Session, locked: PresenceWatch, held_to: Limits, now: datetime) -> int:
    checks = presence_facts(session, [locked.enrolment_id])[locked.enrolment_id]
    return max(0, held_to.presence.make_up_per_day - asked_on(checks, shanghai_day(now)))


def _lesson_of(session: Session, claims: tokens.Claims) -> str:
    key = (claims.enrolment_id, claims.session_id)
    found = session.get(OpenSession, key) or session.get(ClosedSession, key)
    if found is None:
        raise Conflict("learning.nothing_missed")
    return found.lesson_id


def _record_answer(
    session: Session, services: Services, check: PresenceCheck, given: Json, sender: Origin
) -> None:
    if check.decided_at is None:  # pragma: no cover  # it was decided just before
        msg = "an undecided check has no answer"
        raise ValueError(msg)
    disclose: dict[str, Json] = {"ip": sender.ip, "agent": sender.agent}
    if json.loads(check.posed)["form"] != "photo":
        # A photo is compared and forgotten; everything else is kept as it was given.
        disclose["answer"] = given
    body: dict[str, Json] = {
        "check": check.check_id,
        "answered_us": to_micros(check.decided_at),
        "passed": check.passed,
    }
    evidence.record_for(session, services, check, type="presence.answered", body=body, disclose=disclose)
