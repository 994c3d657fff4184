"""Moodle's times, as the language of whoever exported the log writes them.

Day and month may come in either order (``date_order`` decides that); all else is read here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

ORDERS = ("dmy", "mdy", "ymd")

_MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    )
    for number, name in enumerate(names.split(), 1)
}
_SHORTEST = 3
_CLOCK = re.compile(
    r"(?P<before>上午|下午|午前|午後|오전|오후)?\s*(?P<h>\d{1,2})\s*[:h.]\s*(?P<m>\d{2})(?:[:.](?P<s>\d{2}))?"
    r"(?:\.\d+)?\s*(?P<after>[ap]\.?\s?m\.?)?\s*(?:uhr)?$",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_NUMBERS = re.compile(r"(\d{1,4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{2,4}|\d)\s*日?")
_DAY_NAME = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?\s*(?:de\s+)?([^\W\d_]{3,})\.?,?\s*(?:de\s+)?(\d{4}|\d{2})"
)
_NAME_DAY = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_ISO_T = re.compile(r"(\d{4}-\d\d-\d\d)T")
_NAME_BETWEEN = re.compile(r"(\d{4})\s+([^\W\d_]{3,})\.?\s+(\d{1,2})")
_EPOCH = re.compile(r"([1-9][0-9]{8,9})([0-9]{3})?")
_AFTERNOON = {"下午", "午後", "오후"}
_NOON = 12
_CENTURY = 2000
_TWO_DIGITS = 100
_YEARS = range(1971, 9999)
"""Everywhere on earth; at the calendar's ends an instant has no date in some zone."""


@dataclass(frozen=True, slots=True)
class Written:
    """A time as far as it can be read without knowing the order: its three numbers, or a whole date."""

    clock: tuple[int, int, int]
    date: tuple[int, int, int] | None = None
    numbers: tuple[str, str, str] | None = None
    exact: datetime | None = None
    """The instant itself, where the text names its own time zone."""

    def on(self, order: str, zone: tzinfo) -> datetime | None:
        """Return the instant by ``order``; ``None`` where that is no date."""
        if self.exact is not None:
            return self.exact if self.exact.year in _YEARS else None
        if self.date is not None:
            year, month, day = self.date
        elif self.numbers is None:
            return None
        else:
            parts = dict(zip(order, self.numbers, strict=True))
            if len(parts["y"]) not in {2, 4} or max(len(parts["d"]), len(parts["m"])) > 2:  # noqa: PLR2004  # digits
                return None
            year, month, day = int(parts["y"]), int(parts["m"]), int(parts["d"])
            year += _CENTURY if year < _TWO_DIGITS else 0
        if year not in _YEARS:
            return None
        try:
            return datetime(year, month, day, *self.clock, tzinfo=zone)
        except ValueError:
            return None


def read(cell: object) -> Written | None:
    """Return the time that a cell holds; ``None`` where it holds none."""
    if isinstance(cell, datetime):
        # A spreadsheet that knows the cell for a date has settled the order itself.
        return Written((cell.hour, cell.minute, cell.second), (cell.year, cell.month, cell.day))
    text = " ".join(unicodedata.normalize("NFKC", str(cell)).split())
    if (exact := _exact(text)) is not None:
        return Written((0, 0, 0), exact=exact)
    text = _ISO_T.sub(r"\1 ", text).casefold()
    found = _CLOCK.search(text)
    clock = None if found is None else _clock(found)
    return None if found is None or clock is None else _dated(text[: found.start()], clock)


def _dated(head: str, clock: tuple[int, int, int]) -> Written | None:
    """Return the time whose date stands in ``head``; ``None`` where none does."""
    if year_first := _YEAR_FIRST.search(head):
        year, number, day = map(int, year_first.groups())
        return Written(clock, (year, number, day))
    if numbers := _NUMBERS.search(head):
        return Written(clock, numbers=(numbers[1], numbers[2], numbers[3]))
    for pattern, order in ((_NAME_BETWEEN, (0, 1, 2)), (_DAY_NAME, (2, 1, 0)), (_NAME_DAY, (2, 0, 1))):
        named = pattern.search(head)
        month = _month(named[order[1] + 1]) if named else None
        if named and month:
            year = int(named[order[0] + 1])
            year += _CENTURY if year < _TWO_DIGITS else 0
            return Written(clock, (year, month, int(named[order[2] + 1])))
    return None


def _exact(text: str) -> datetime | None:
    """Return the instant of an ISO 8601 time with its zone, or of seconds or milliseconds since 1970."""
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if read.tzinfo is None else read


def _clock(found: re.Match[str]) -> tuple[int, int, int] | None:
    hour, minute, second = int(found["h"]), int(found["m"]), int(found["s"] or 0)
    half = (found["before"] or found["after"] or "").casefold()
    if half and 1 <= hour <= _NOON:
        late = half in _AFTERNOON or half.startswith("p")
        hour = hour % _NOON + (_NOON if late else 0)
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None  # noqa: PLR2004  # a clock


def _month(name: str) -> int | None:
    """Return the month that ``name`` is or begins; an abbreviation that fits two months is none."""
    found = {number for full, number in _MONTHS.items() if full == name} or {
        number for full, number in _MONTHS.items() if full.startswith(name) and len(name) >= _SHORTEST
    }
    return found.pop() if len(found) == 1 else None
