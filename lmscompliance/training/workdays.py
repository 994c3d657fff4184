"""Where the statutory calendar comes from: a library that follows the State Council, and a table of our own.

The table (``COMPLIANCE_WORKDAYS_FILE``) is TOML with one table a year, ``off`` and ``worked`` being its days;
a year it states replaces the library's. So a year is known on the day it is published, without an upgrade.
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.rules.workdays import Calendar

_LIBRARY = "chinesecalendar"
_MEMBERS = {"off", "worked"}


def calendar(table: Path | None = None) -> Calendar:
    """Return the calendar, years of ``table`` above the library's; ``Misconfigured`` for a bad table."""
    if table is None:
        return _published()
    try:
        data = table.read_bytes()
        years = _years(tomllib.loads(data.decode("utf-8")))
    except (OSError, ValueError) as error:
        raise Misconfigured("training.workdays_file", file=table, detail=error) from error
    base = _published()
    own = frozenset(years)
    return Calendar(
        version=f"{base.version} + {table.name} sha256:{hashlib.sha256(data).hexdigest()[:16]}",
        years=base.years | own,
        off=_outside(base.off, own) | {day for off, _ in years.values() for day in off},
        worked=_outside(base.worked, own) | {day for _, worked in years.values() for day in worked},
    )


@lru_cache(maxsize=1)
def _published() -> Calendar:
    from chinese_calendar.constants import holidays, workdays  # noqa: PLC0415  # only where days are counted

    return Calendar(
        version=f"{_LIBRARY} {version(_LIBRARY)}",
        years=frozenset(day.year for day in holidays),
        off=frozenset(holidays),
        worked=frozenset(workdays),
    )


def _outside(days: frozenset[date], years: frozenset[int]) -> frozenset[date]:
    return frozenset(day for day in days if day.year not in years)


def _years(content: dict[str, object]) -> dict[int, tuple[set[date], set[date]]]:
    found: dict[int, tuple[set[date], set[date]]] = {}
    for name, entry in content.items():
        if not name.isdecimal() or not isinstance(entry, dict) or entry.keys() != _MEMBERS:
            msg = f"[{name}] must be a year with 'off' and 'worked'"
            raise ValueError(msg)
        year = int(name)
        found[year] = _days(year, "off", entry), _days(year, "worked", entry)
    return found


def _days(year: int, name: str, entry: dict[str, object]) -> set[date]:
    listed = entry[name]
    if not isinstance(listed, list):
        msg = f"{year}.{name} must be a list of days"
        raise ValueError(msg)  # noqa: TRY004  # one kind of refusal for a bad table
    for day in listed:
        if not isinstance(day, date) or isinstance(day, datetime) or day.year != year:
            msg = f"{year}.{name}: {day} is not a day of {year}"
            raise ValueError(msg)
    return set(listed)
