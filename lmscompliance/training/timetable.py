"""How a lesson of a plan is taught, and when it takes place, out of what people write into cells."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from lmscompliance.documents.tables import Cell
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.rules.facts import LIVE, OFFLINE, ONLINE

_LIVE = re.compile(r"直播|实时|\blive\b", re.IGNORECASE)
_OFFLINE = re.compile(r"线下|面授|面对面|实操|实训|现场|集中授课|offline|classroom", re.IGNORECASE)
_ONLINE = re.compile(r"线上|在线|网络|网上|录播|视频|仿真|模拟|online|video", re.IGNORECASE)

_DAY = re.compile(r"(?P<y>20[0-9]{2})[-/.年](?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})日?")
_TIMES = re.compile(
    r"(?<![0-9])(?P<h>2[0-3]|[01]?[0-9])"
    r"(?:[:：](?P<min>[0-5][0-9])(?:[:：](?P<s>[0-5][0-9]))?|[时点](?:(?P<min2>[0-5]?[0-9])分?)?)"
)
_BETWEEN = re.compile(r"\s*(?:-|—|–|~|～|至|到)+\s*")


def mode_of(delivery: str) -> str:
    """Return the mode that a plan's 授课形式 says: live before offline before recorded.

    What names both online and offline words (线上实操演示) is online unless it says 线下.
    """
    if _LIVE.search(delivery) and "线下" not in delivery:
        return LIVE
    if _OFFLINE.search(delivery) and ("线下" in delivery or not _ONLINE.search(delivery)):
        return OFFLINE
    return ONLINE


def meeting(
    day: Cell, starts: Cell, ends: Cell, length: timedelta
) -> tuple[datetime | None, datetime | None] | None:
    """Return when a lesson starts and ends on the Shanghai clock; ``None`` for cells nobody can read.

    ``(None, None)`` when all three are empty. ``starts`` may hold the day and a range
    (``2027-05-06 09:00-11:30``), or the day may stand by itself; without an end the lesson takes ``length``.
    """
    if not any(_written(cell) for cell in (day, starts, ends)):
        return None, None
    first, rest = _range(starts)
    begin_day = _day(first) or _day(day)
    begin = _time(first)
    if begin_day is None or begin is None:
        return None
    start = datetime.combine(begin_day, begin, SHANGHAI)
    last: Cell = ends if _written(ends) else rest
    if not _written(last):
        return start, start + length
    finish = _time(last)
    if finish is None:
        return None
    end = datetime.combine(_day(last) or begin_day, finish, SHANGHAI)
    return (start, end) if end > start else None


def _written(cell: Cell) -> bool:
    return bool(str(cell).strip())


def _range(cell: Cell) -> tuple[Cell, str]:
    """Return the two ends of ``2027-05-06 09:00-11:30``; the second is empty where there is but one."""
    if not isinstance(cell, str):
        return cell, ""
    found = _TIMES.search(_DAY.sub(lambda day: " " * len(day[0]), cell))
    if found is None:
        return cell, ""
    head, tail = cell[: found.end()], cell[found.end() :]
    between = _BETWEEN.match(tail)
    return head, tail[between.end() :] if between else ""


def _day(cell: Cell) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = _DAY.search(str(cell))
    if found is None:
        return None
    try:
        return date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return None


def _time(cell: Cell) -> time | None:
    if isinstance(cell, datetime):
        return cell.time()
    if isinstance(cell, time):
        return cell
    found = _TIMES.search(_DAY.sub(" ", str(cell)))
    if found is None:
        return None
    return time(int(found["h"]), int(found["min"] or found["min2"] or 0), int(found["s"] or 0))
