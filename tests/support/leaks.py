"""Finds plain ID numbers and phones of the tests' people in whatever a test left behind.

A pytest plugin: each test that stored, printed or logged one fails and names the place. Files that a test
hands in, and exports that are meant for the bureau, hold numbers by right; they are known by their endings.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, select, table, text
from sqlalchemy.exc import OperationalError

from lmscompliance.identity.numbers import check_digit

_NUMBER = re.compile(rb"(?=(3205[0-9]{2}(?:19|20)[0-9]{9}[0-9X]))")
"""Anywhere, because a database file puts one column right behind the other; the date and the check digit,
too, must be right, so that no digest looks like a number."""
_PHONE = re.compile(rb"(?<![0-9A-Za-z+/=_.-])13[89][0-9]{8}(?![0-9A-Za-z+/=_.-])")
"""Standing alone, because digests and tokens are full of digits; in a database it is looked for by cell."""
_BY_RIGHT = {".csv", ".xls", ".txt", ".tsv", ".py", ".html", ".zip"}
"""What a test hands in, and bundles: those hold the whole numbers for the bureau, packed with or without
compression."""


def found(data: bytes) -> list[str]:
    """Return what looks like a whole ID number or a phone of the tests' rosters."""
    numbers = [one.decode() for one in _NUMBER.findall(data)]
    return [one for one in numbers if _possible(one)] + [one.decode() for one in _PHONE.findall(data)]


def cells(url: str) -> bytes:
    """Return every cell of every table of the database at ``url``, if it is there, a NUL between them."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            names = inspect(connection).get_table_names()
            queries = (select(text("*")).select_from(table(name)) for name in names)
            rows = (row for query in queries for row in connection.execute(query))
            return b"\0".join(_bytes(cell) for row in rows for cell in row)
    except OperationalError:
        return b""
    finally:
        engine.dispose()


def in_files(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each file below ``folder`` that holds any, with them; databases, their logs and server logs."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _BY_RIGHT and (leaked := found(path.read_bytes())):
            yield str(path.relative_to(folder)), leaked


def _possible(number: str) -> bool:
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return check_digit(number[:17]) == number[17]


def _bytes(cell: object) -> bytes:
    return bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail whatever gave somebody away."""
    report = yield
    if report.when != "call" or report.outcome != "passed":
        return report
    places = [(title, found(text.encode())) for title, text in report.sections]
    given = getattr(item, "funcargs", {})
    if "tmp_path" in given:
        places += in_files(given["tmp_path"])
    if "database_url" in given:
        places.append(("database", found(cells(given["database_url"]))))
    leaked = [f"{place}: {what[:3]}" for place, what in places if what]
    if leaked:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} gives people away in {'; '.join(leaked)}"
    return report
