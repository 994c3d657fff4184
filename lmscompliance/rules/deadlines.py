"""Deadlines of a notice: for applying, for the bureau's answer, for claiming (notice T7, T13, T30)."""

from __future__ import annotations

from datetime import date

from lmscompliance.policy.notice import Notice
from lmscompliance.rules.verdict import Verdict, met, not_met
from lmscompliance.rules.workdays import Calendar


def filing(filed_on: date, notice: Notice) -> list[Verdict]:
    """Judge whether a class that is filed on this Shanghai day is filed in time; the last day is in time."""
    rule, last = "filing.apply_until", notice.filing.apply_until
    if last is None:
        return []
    if filed_on <= last:
        return [met(notice, rule, day=str(filed_on), last=str(last))]
    return [not_met(notice, rule, "filed_late", day=str(filed_on), last=str(last))]


def opening(filed_on: date, first_day: date, notice: Notice, calendar: Calendar) -> list[Verdict]:
    """Judge whether a class was filed early enough before its first day of training.

    Raises ``InvalidInput`` when the calendar does not know a year that decides.
    """
    rule, days = "filing.opening_working_days", notice.filing.opening_working_days
    if not days:
        return []
    last = calendar.before(first_day, days)
    params = {"day": str(filed_on), "first": str(first_day), "last": str(last), "days": str(days)}
    if filed_on <= last:
        return [met(notice, rule, **params)]
    return [not_met(notice, rule, "filed_short", **params)]


def review_due(received_on: date, notice: Notice, calendar: Calendar) -> date | None:
    """Return the last day for the bureau's answer; ``None`` where the notice sets no term.

    The day of receipt is not counted. Raises ``InvalidInput`` when the calendar does not know the year.
    """
    days = notice.filing.review_working_days
    return None if days is None else calendar.after(received_on, days)


def claiming(day: date, notice: Notice) -> list[Verdict]:
    """Judge whether a claim can be made on this Shanghai day; first and last day are in time."""
    first, last = notice.subsidy.claim_from, notice.subsidy.claim_until
    if first is None and last is None:
        return []
    params = {"day": str(day), "first": str(first or "—"), "last": str(last or "—")}
    if first and day < first:
        return [not_met(notice, "subsidy.claim_from", "claimed_early", **params)]
    if last and day > last:
        return [not_met(notice, "subsidy.claim_until", "claimed_late", **params)]
    return [met(notice, "subsidy.claim_from", **params)]
