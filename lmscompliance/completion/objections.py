"""What can be objected to, and until when: pure questions about a judged record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.kernel.errors import Conflict
from lmscompliance.rules.account import Interval
from lmscompliance.rules.credit import LIMITS

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Objection:
    """A stretch somebody wants to object to."""

    session_id: str
    start_us: int
    end_us: int


def last_day(status: TraineeStatus, end_us: int) -> date:
    """Return the last Shanghai day on which time that ended at ``end_us`` can be objected to."""
    # The last second before the end decides: what ends at midnight belongs to the day before.
    day = shanghai_day(from_micros(end_us - SECOND_US))
    return day + timedelta(days=status.course.notice.dispute.days)


def disputable(reason: str) -> bool:
    """Tell whether a reason can be in error; a limit cannot, so no objection restores what is beyond it."""
    return reason not in LIMITS


def excluded_interval(status: TraineeStatus, objection: Objection, today: date) -> Interval:
    """Return the excluded interval that the objected stretch lies in.

    Raises ``Conflict`` where it is not one (any more), where its reason is a limit nobody can lift, where the
    session still runs, or where the days to object are over.
    """
    found = next(
        (
            one
            for one in status.account.intervals
            if one.session == objection.session_id
            and one.start_s * SECOND_US <= objection.start_us < objection.end_us <= one.end_s * SECOND_US
        ),
        None,
    )
    if found is None or found.reason is None:
        raise Conflict("completion.dispute_no_interval")
    if any(one.session == found.session and one.closed_us is None for one in status.sessions):
        raise Conflict("completion.dispute_running")
    if not disputable(found.reason):
        raise Conflict("completion.dispute_limit")
    last = last_day(status, objection.end_us)
    if today > last:
        raise Conflict(
            "completion.dispute_too_late", last=last.isoformat(), days=status.course.notice.dispute.days
        )
    return found
