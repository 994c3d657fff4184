"""What of a class's filing somebody is to be reminded of on a day, and whom (notice T7, T13, T30, W5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from lmscompliance.kernel.messages import text
from lmscompliance.policy.notice import Notice
from lmscompliance.rules import deadlines
from lmscompliance.rules.class_life import CLOSED, DRAFT, FILED, OVER
from lmscompliance.rules.workdays import Calendar

RUNNERS, BUREAU = "runners", "bureau"
"""Who is reminded: whoever acts for the class, or the bureau that decides about it."""


@dataclass(frozen=True, slots=True)
class ClassDays:
    """What reminders of a class go by. ``received_on`` is when the bureau received the filing."""

    status: str
    first_day: date
    received_on: date | None = None
    licence_until: date | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """``kind`` names a text of this room, ``term`` the parameter whose day ``due`` is."""

    kind: str
    due: date
    audience: str
    term: str

    def message(self, locale: str = "zh_CN") -> str:
        """Return what is due when, in a sentence."""
        return text(f"rules.remind_{self.kind}", locale, due=str(self.due))


KINDS = {
    "apply": (RUNNERS, "filing.apply_until"),
    "opening": (RUNNERS, "filing.opening_working_days"),
    "review": (BUREAU, "filing.review_working_days"),
    "review_overdue": (BUREAU, "filing.review_working_days"),
    "claim_open": (RUNNERS, "subsidy.claim_from"),
    "claim_closing": (RUNNERS, "subsidy.claim_until"),
    "licence": (RUNNERS, "filing.remind_licence_days"),
}
"""Every kind, whom it is for, and the parameter behind it."""


def reminder(kind: str, due: date) -> Reminder:
    """Return the reminder of this kind."""
    audience, term = KINDS[kind]
    return Reminder(kind, due, audience, term)


def due_reminders(days: ClassDays, notice: Notice, calendar: Calendar, today: date) -> list[Reminder]:
    """Return what is to be reminded of on ``today``, whatever was reminded of before.

    A deadline is reminded of from ``filing.remind_days`` before it until it has passed; the bureau's term
    from one working day before it on, and once more when it has passed. Raises ``InvalidInput`` when the
    calendar does not know a year that decides.
    """
    lead = timedelta(days=notice.filing.remind_days)
    found: list[Reminder | None] = []
    if days.status == DRAFT:
        found.append(_ahead("apply", notice.filing.apply_until, lead, today))
        if notice.filing.opening_working_days:
            opening = calendar.before(days.first_day, notice.filing.opening_working_days)
            found.append(_ahead("opening", opening, lead, today))
    elif days.status == FILED:
        found.append(_review(days.received_on, notice, calendar, today))
    elif days.status == CLOSED:
        found += [
            _claims_open(notice, today),
            _ahead("claim_closing", notice.subsidy.claim_until, lead, today),
        ]
    if days.status not in OVER:
        licence = timedelta(days=notice.filing.remind_licence_days)
        found.append(_ahead("licence", days.licence_until, licence, today))
    return [one for one in found if one is not None]


def _ahead(kind: str, due: date | None, lead: timedelta, today: date) -> Reminder | None:
    return reminder(kind, due) if due is not None and due - lead <= today <= due else None


def _review(received_on: date | None, notice: Notice, calendar: Calendar, today: date) -> Reminder | None:
    due = None if received_on is None else deadlines.review_due(received_on, notice, calendar)
    if due is None or today < calendar.before(due, 1):
        return None
    return reminder("review" if today <= due else "review_overdue", due)


def _claims_open(notice: Notice, today: date) -> Reminder | None:
    first, last = notice.subsidy.claim_from, notice.subsidy.claim_until
    if first is None or today < first or (last is not None and today > last):
        return None
    return reminder("claim_open", first)
