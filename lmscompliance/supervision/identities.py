"""Brings suspicions of fraud and failed verifications of identity before those who supervise.

Both are decided elsewhere, by people or a provider, and stand in the facts that credit is judged by; here
they become lines of the worklist, once each.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import select

from lmscompliance.kernel.clock import to_micros
from lmscompliance.rules.finding import HIGH, MEDIUM, Finding
from lmscompliance.rules.identity import CLEARED, FAILED, PASSED, SUSPECTED
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision.findings import keep_of_people
from lmscompliance.training.models import IdentityNote, TrainingClass

LOOK_BACK = timedelta(days=60)
"""For so long after its window a class is looked at."""


def scan(services: Services) -> int:
    """Keep a finding for whoever is suspected or not verified now; return how many people that is.

    Nothing is remembered: what is found again is the same line, and what was decided about stays decided. A
    suspicion that is raised anew after it was lifted is a line of its own.
    """
    troubled = (
        select(IdentityNote.class_id, IdentityNote.enrolment_id)
        .join(TrainingClass, TrainingClass.id == IdentityNote.class_id)
        .where(
            IdentityNote.kind.in_([FAILED, SUSPECTED]),
            TrainingClass.window_end > services.clock.now() - LOOK_BACK,
        )
        .distinct()
        .subquery()
    )
    theirs = select(IdentityNote).join(
        troubled,
        (IdentityNote.class_id == troubled.c.class_id)
        & (IdentityNote.enrolment_id == troubled.c.enrolment_id),
    )
    notes: defaultdict[tuple[str, str], list[IdentityNote]] = defaultdict(list)
    with reading(services.database) as session:
        for one in session.scalars(theirs.order_by(IdentityNote.n)):
            notes[one.class_id, one.enrolment_id].append(one)
    found = {place: findings for place, of_one in notes.items() if (findings := _findings(of_one))}
    keep_of_people(services, [(*place, findings) for place, findings in found.items()])
    return len(found)


def _findings(notes: list[IdentityNote]) -> list[Finding]:
    found = []
    suspected: IdentityNote | None = None
    failed: list[IdentityNote] = []
    for one in notes:
        if one.kind in {SUSPECTED, CLEARED}:
            suspected = one if one.kind == SUSPECTED else None
        elif one.kind == FAILED:
            failed.append(one)
        elif one.kind == PASSED:
            failed.clear()
    if suspected is not None:
        at_us = to_micros(suspected.at)
        found.append(Finding("identity_suspected", HIGH, str(suspected.n), at_us, at_us, ()))
    if failed:
        first_us, last_us = to_micros(failed[0].at), to_micros(failed[-1].at)
        facts = {"failed": len(failed)}
        found.append(Finding("identity_failed", MEDIUM, str(failed[0].n), first_us, last_us, (), facts))
    return found
