"""Working days on the statutory calendar (法定工作日): public holidays and make-up working days (调休).

The calendar is data: years that the State Council has published, as a library or a table of the operator
states them. A day of a year that is not among them is refused, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from lmscompliance.kernel.errors import InvalidInput

_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """Published years: the days off that holidays bring, and the weekend days that are worked for them.

    ``version`` says where they are from, for whoever checks a due date later.
    """

    version: str
    years: frozenset[int]
    off: frozenset[date]
    worked: frozenset[date]

    def is_working(self, day: date) -> bool:
        """Tell whether ``day`` is a working day; raises ``InvalidInput`` for a year not published yet."""
        if day.year not in self.years:
            known = f"{min(self.years)}–{max(self.years)}" if self.years else "—"
            raise InvalidInput("rules.calendar_unknown", year=day.year, known=known)
        return day in self.worked or (day.weekday() < _SATURDAY and day not in self.off)

    def after(self, day: date, count: int) -> date:
        """Return the ``count``-th working day after ``day``, which itself is not counted."""
        return self._walk(day, count, _DAY)

    def before(self, day: date, count: int) -> date:
        """Return the ``count``-th working day before ``day``, which itself is not counted."""
        return self._walk(day, count, -_DAY)

    def _walk(self, day: date, count: int, step: timedelta) -> date:
        while count:
            day += step
            count -= self.is_working(day)
        return day
