"""The table of clauses is what the tests are named after."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from tests.house.sources import ROOT

_NAMED = re.compile(r"^def test_((?:[TW][0-9]+_)+)", re.MULTILINE)
_ROW = re.compile(r"^\| ([TW][0-9]+) \|", re.MULTILINE)


def _rows() -> list[str]:
    return _ROW.findall((ROOT / "docs" / "clauses.md").read_text(encoding="utf-8"))


def _tested() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(Path(ROOT, "tests").rglob("test_*.py")):
        for names in _NAMED.findall(path.read_text(encoding="utf-8")):
            for row in names.strip("_").split("_"):
                found.setdefault(row, []).append(path.relative_to(ROOT).as_posix())
    return found


def test_every_row_of_the_table_of_clauses_has_a_test_that_bears_its_name() -> None:
    """A promise of docs/clauses.md that nothing checks is none; name the test after the row."""
    tested = _tested()
    assert [row for row in _rows() if row not in tested] == []


def test_every_test_that_is_named_after_a_clause_has_its_row() -> None:
    """Whoever adds ``test_T23_…`` says in docs/clauses.md where the clause is met."""
    rows = set(_rows())
    assert {row: files for row, files in _tested().items() if row not in rows} == {}


def test_every_golden_case_has_its_test() -> None:
    """A case of docs/clauses.md names a test that is there."""
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / "clauses.md").read_text(encoding="utf-8"))
    there = {
        name
        for path in Path(ROOT, "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named
    assert set(named) <= there


def test_the_table_of_clauses_is_in_order() -> None:
    """Each row stands once, T before W, by number."""
    keys = [(row[0], int(row[1:])) for row in _rows()]
    assert all(first < second for first, second in pairwise(keys))
