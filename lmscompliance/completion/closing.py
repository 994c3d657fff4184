"""Closing a class, and the page of its life: where it stands, how it got there, what may come next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from lmscompliance import evidence
from lmscompliance.evidence.snapshots import CLOSE
from lmscompliance.exams import service as exams
from lmscompliance.exams.models import ExamAttempt
from lmscompliance.filing import dispatches
from lmscompliance.filing import service as filing
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import Conflict, Forbidden, InvalidInput
from lmscompliance.learning.models import OpenSession
from lmscompliance.policy import Notice
from lmscompliance.rules import class_life, deadlines
from lmscompliance.rules.class_life import APPROVED, CLAIMED, CLOSED, FILED
from lmscompliance.rules.verdict import Verdict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import life, queries, workdays
from lmscompliance.training.life import Step
from lmscompliance.training.models import TrainingClass
from lmscompliance.training.service import approve_class


@dataclass(frozen=True, slots=True)
class Life:
    """A class's life as its page shows it.

    ``deadlines`` are the notice's, judged by the day the class was filed. The bureau answers until
    ``review_due``; ``review_unknown`` says why that day cannot be told.
    """

    class_: TrainingClass
    enterprise: str
    notice: Notice
    steps: Sequence[Step]
    targets: Sequence[str]
    deadlines: Sequence[Verdict]
    received_on: date
    review_due: date | None
    review_unknown: InvalidInput | None


def life_of(services: Services, actor: Actor, class_id: str) -> Life:
    """Return the life of a class; ``targets`` are the steps that the actor may take now."""
    with reading(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        notice = queries.notice_of(session, class_)
        enterprise = queries.enterprise_of(session, class_).name
        steps = life.steps(session, services, class_id)
        received_on = dispatches.received_on(session, class_)
    filed = max((one.at for one in steps if one.target == FILED), default=class_.filed_at)
    filed_on, first_day = shanghai_day(filed), shanghai_day(class_.window_start)
    judged: list[Verdict] = deadlines.filing(filed_on, notice)
    due, unknown = None, None
    try:
        calendar = workdays.calendar(services.settings.workdays_file)
        judged += deadlines.opening(filed_on, first_day, notice, calendar)
        due = deadlines.review_due(received_on, notice, calendar)
    except InvalidInput as error:
        # A year that nobody has published: the page says so instead of a day.
        unknown = error
    targets = [one for one in class_life.STEPS[class_.status] if actor.role in life.MAY.get(one, ())]
    if class_.status == CLAIMED:
        targets = []
    return Life(class_, enterprise, notice, steps, targets, judged, received_on, due, unknown)


def step(
    services: Services, actor: Actor, class_id: str, target: str, *, reason: str = "", number: str = ""
) -> None:
    """Take a step for ``actor``; ``number`` is the bureau's filing number of an approval.

    Raises ``InvalidInput`` for a state that is not reached here, ``Forbidden`` when it is not theirs to take,
    and what the step itself raises.
    """
    if target not in life.MAY:
        raise InvalidInput("training.step_unknown", states=", ".join(life.MAY))
    if actor.role not in life.MAY[target]:
        raise Forbidden("web.wrong_role")
    if target == APPROVED:
        approve_class(services, class_id, number, by=actor.account)
    elif target == FILED:
        filing.submit(services, class_id, by=actor.account, reason=reason)
    elif target == CLOSED:
        close_class(services, class_id, by=actor.account, reason=reason)
    else:
        life.move(services, class_id, target, by=actor.account, reason=reason)


def close_class(services: Services, class_id: str, *, by: str, reason: str = "") -> None:
    """Close a class, and list the head of every trainee's stream with it, so that nothing can go missing.

    What time should have ended is ended first. Raises ``Conflict`` while somebody learns or sits an exam:
    a close must not decide over what is not handed in. A session that opens in the same instant is kept
    and counts by its window as any other.
    """
    exams.close_overdue(services, class_id)
    life.advance_due(services)
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        learning = select(func.count()).where(OpenSession.class_id == class_id)
        sitting = select(func.count()).where(
            ExamAttempt.class_id == class_id, ExamAttempt.submitted_at.is_(None)
        )
        counts = session.scalar(learning) or 0, session.scalar(sitting) or 0
        if any(counts):
            raise Conflict("completion.class_busy", code=class_.code, sessions=counts[0], attempts=counts[1])
        life.take(session, services, class_, CLOSED, by=by, reason=reason)
        evidence.snapshot(session, services, class_id, CLOSE)
