"""When a check is due, and what happens to it: everything inside the caller's transaction.

The moment of the next check is drawn when the one before is issued and kept with the open session
(``check_at``); between sessions the learning time that is left stands in the watch. So neither a restart nor
a new session draws again. Whoever issues or decides a check holds the lock of the enrolment's watch, so there
is one open check at most and it is decided once. If the process dies before the commit, restart finds the
check as it was, and the next beat, answer or job goes on from there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.clock import day_end, day_start, shanghai_day, to_micros
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.models import OpenSession
from lmscompliance.learning.presence import posing
from lmscompliance.learning.presence.models import PresenceCheck, PresenceWatch
from lmscompliance.policy.terms import PresenceTerms
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert

DUE = "due"
MISSED = "missed"


def begin(
    session: Session, services: Services, class_id: str, enrolment_id: str, *, now: datetime, limits: Limits
) -> tuple[datetime | None, str]:
    """Return when a session that opens ``now`` is first checked, and how its trainee stands."""
    terms = limits.presence
    if not terms.per_day:
        return None, ""
    watch = lock(session, class_id, enrolment_id)
    settle(session, services, watch, now)
    left = None if watch.left_ms is None else timedelta(milliseconds=watch.left_ms)
    if left is not None:
        # What was left for the next day, once today has had its number, is not carried into that day.
        left = min(left, timedelta(seconds=terms.max_interval_seconds))
    return _next(session, services, enrolment_id, terms, now=now, left=left), standing(watch)


def attend(session: Session, services: Services, row: OpenSession, limits: Limits) -> str:
    """Raise the check that is due after a beat of the locked ``row``; return how the trainee stands.

    Also says when the next beat must come this way again. A check is raised only while the lesson plays:
    whoever has paused is not asked whether they are there.
    """
    ends = row.segment_start + limits.segment
    if row.check_at is None or not row.active:
        row.slow_at = ends
        return ""
    now = row.last_at
    watch = lock(session, row.class_id, row.enrolment_id)
    settle(session, services, watch, now)
    if watch.open_check is None and now >= row.check_at and row.last_state == "playing":
        issue(session, services, watch, (row.session_id, row.lesson_id), now=now, terms=limits.presence)
        row.check_at = _next(session, services, row.enrolment_id, limits.presence, now=now)
    # While a check is open every beat says so, should the page not have heard.
    row.slow_at = now if watch.open_check else ends if row.check_at <= now else min(ends, row.check_at)
    return standing(watch)


def leave(session: Session, row: OpenSession) -> None:
    """Keep what learning time is left until the next check, because the locked ``row`` takes no more."""
    if row.check_at is None or not row.active:
        return
    watch = lock(session, row.class_id, row.enrolment_id)
    watch.left_ms = max(0, (row.check_at - row.last_at) // timedelta(milliseconds=1))
    row.check_at = None


def lock(session: Session, class_id: str, enrolment_id: str) -> PresenceWatch:
    """Return the enrolment's watch, locked until the transaction ends; makes it if there is none yet."""
    query = select(PresenceWatch).where(PresenceWatch.enrolment_id == enrolment_id).with_for_update()
    # The row may be known to this session as it was before somebody else changed it.
    query = query.execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        row = {"enrolment_id": enrolment_id, "class_id": class_id}
        session.execute(upsert(session, PresenceWatch).values(row).on_conflict_do_nothing())
        found = session.scalars(query).one()
    return found


def standing(watch: PresenceWatch) -> str:
    """Return ``due`` while a check is open, ``missed`` while a missed one waits, else nothing."""
    return DUE if watch.open_check else MISSED if watch.missed_at else ""


def check_of(session: Session, watch: PresenceWatch) -> PresenceCheck | None:
    """Return the open check of a watch."""
    if watch.open_check is None:
        return None
    return session.get_one(PresenceCheck, (watch.enrolment_id, watch.open_check))


def settle(session: Session, services: Services, watch: PresenceWatch, now: datetime) -> bool:
    """Write down that the open check was missed if its time is over; return whether it was."""
    check = check_of(session, watch)
    if check is None or now <= check.until_at:
        return False
    decide(watch, check, at=check.until_at, passed=False)
    session.flush()
    body: dict[str, Json] = {"check": check.check_id, "until_us": to_micros(check.until_at)}
    evidence.record_for(session, services, check, type="presence.missed", body=body)
    return True


def decide(watch: PresenceWatch, check: PresenceCheck, *, at: datetime, passed: bool) -> None:
    """Close ``check`` and say how the trainee stands now."""
    check.decided_at, check.passed = at, passed
    watch.open_check = None
    watch.missed_at = None if passed else watch.missed_at or at


def issue(
    session: Session,
    services: Services,
    watch: PresenceWatch,
    place: tuple[str, str],
    *,
    now: datetime,
    terms: PresenceTerms,
    asked: bool = False,
) -> PresenceCheck:
    """Ask the trainee in ``place`` (session and lesson) something, from ``now`` on."""
    session_id, lesson_id = place
    asking = posing.asking_of(session, services, watch.class_id, watch.enrolment_id, lesson_id)
    method, posed = posing.pose(session, services, asking, terms)
    check = PresenceCheck(
        enrolment_id=watch.enrolment_id,
        check_id=services.ids.new(),
        class_id=watch.class_id,
        number=watch.checks,
        session_id=session_id,
        lesson_id=lesson_id,
        method=method,
        asked=asked,
        posed=posing.kept(posed),
        source=posed.source,
        issued_at=now,
        until_at=now + posing.time_to_answer(session, watch.enrolment_id, terms),
        decided_at=None,
        passed=False,
    )
    session.add(check)
    watch.open_check = check.check_id
    watch.checks += 1
    session.flush()
    body: dict[str, Json] = {
        "check": check.check_id,
        "number": check.number,
        "session": session_id,
        "method": method,
        "asked": asked,
        "issued_us": to_micros(now),
        "until_us": to_micros(check.until_at),
    }
    posing.send_after_commit(session, posed)
    question = posing.disclosed(posed)
    evidence.record_for(session, services, check, type="presence.issued", body=body, disclose=question)
    return check


def _next(
    session: Session,
    services: Services,
    enrolment_id: str,
    terms: PresenceTerms,
    *,
    now: datetime,
    left: timedelta | None = None,
) -> datetime:
    """Return when the next check is due; a day that has had its number waits for the next day."""
    if left is None:
        spread = (terms.max_interval_seconds - terms.min_interval_seconds) * 1000
        drawn = terms.min_interval_seconds * 1000 + services.ids.below(spread + 1)
        left = timedelta(milliseconds=drawn)
    today = shanghai_day(now)
    if shanghai_day(now + left) != today:
        return now + left
    came = select(func.count()).where(
        PresenceCheck.enrolment_id == enrolment_id,
        PresenceCheck.issued_at >= day_start(today),
        PresenceCheck.asked.is_(False),
    )
    if session.scalars(came).one() < terms.per_day:
        return now + left
    return day_end(today) + left
