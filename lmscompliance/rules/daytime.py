"""Times of day as a policy writes them, on the Shanghai clock, in whole seconds since the epoch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from lmscompliance.kernel.clock import SHANGHAI

DAY_SECONDS = 86_400
_MINUTE = 60
_HOUR = 3_600
_AHEAD = (SHANGHAI.utcoffset(None) or timedelta(0)) // timedelta(seconds=1)
_FORM = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})(?:/([0-9]+))?")


@dataclass(frozen=True, slots=True)
class DayTime:
    """A stretch of every day: ``length_s`` seconds from ``start_s`` after midnight, perhaps into the next.

    ``cap_s`` is how much of each such stretch is credited at most; ``None`` where nothing was said.
    """

    start_s: int
    length_s: int
    cap_s: int | None = None

    @classmethod
    def parse(cls, text: str) -> DayTime:
        """Read ``06:00-22:00`` or ``22:00-06:00``, with a cap ``18:00-22:00/7200``; raises ``ValueError``.

        Equal times mean a whole day from that time on.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            msg = f"{text!r} is no time of day"
            raise ValueError(msg)
        hour, minute, to_hour, to_minute = map(int, found.groups()[:4])
        start = hour * _HOUR + minute * _MINUTE
        length = (to_hour * _HOUR + to_minute * _MINUTE - start) % DAY_SECONDS or DAY_SECONDS
        return cls(start % DAY_SECONDS, length, None if found[5] is None else int(found[5]))

    def occurrences(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield each day's ``[from, until)`` that touches ``[start, end)``, whole, in order."""
        day = (start + _AHEAD - self.start_s - self.length_s) // DAY_SECONDS
        while (low := day * DAY_SECONDS - _AHEAD + self.start_s) < end:
            if low + self.length_s > start:
                yield low, low + self.length_s
            day += 1


WHOLE_DAY = DayTime(0, DAY_SECONDS)
"""The Shanghai calendar day."""
