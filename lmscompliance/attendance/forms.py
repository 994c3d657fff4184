"""Reads the teacher's form: a mark and times for each trainee."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from lmscompliance.attendance.marking import EntryInput
from lmscompliance.kernel.clock import SHANGHAI, from_micros, shanghai_day
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.rules.facts import LessonFact

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_HALF_A_DAY = timedelta(hours=12)


def entries(form: Mapping[str, str], lesson: LessonFact) -> list[EntryInput]:
    """Return an entry for each ``mark-<enrolment>`` that was chosen; times are on the lesson's day.

    Raises ``InvalidInput`` for a time that is none, and when nothing was chosen at all.
    """
    found = []
    for name, mark in form.items():
        if not name.startswith("mark-") or not mark:
            continue
        enrolment_id = name.removeprefix("mark-")
        found.append(
            EntryInput(
                enrolment_id,
                mark,
                _instant(form.get(f"in-{enrolment_id}", ""), lesson),
                _instant(form.get(f"out-{enrolment_id}", ""), lesson),
            )
        )
    if not found:
        raise InvalidInput("attendance.nothing_chosen", title=lesson.title)
    return found


def _instant(text: str, lesson: LessonFact) -> datetime | None:
    if not text.strip():
        return None
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None or lesson.starts_us is None:
        raise InvalidInput("attendance.time_unreadable", title=lesson.title)
    start = from_micros(lesson.starts_us)
    found = _at(shanghai_day(start), time(int(clock[1]), int(clock[2])))
    # A lesson may run past midnight: what lies far before its start is the next day's.
    return found + timedelta(days=1) if found < start - _HALF_A_DAY else found


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SHANGHAI)
