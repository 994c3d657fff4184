"""Finds a list's heading row by its column names, wherever it stands and however the columns are ordered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmscompliance.documents.tables import Cell

_SEARCHED_ROWS = 40
"""Titles, notes and filling instructions above a heading are shorter than this."""
_LONGEST = 200
"""Characters of a cell that may still be a column's name."""

Patterns = Mapping[str, re.Pattern[str]]
"""For each field the column names it goes by, matched against the whole cleaned name."""


@dataclass(frozen=True, slots=True)
class Heading:
    """``first_data`` is the index of the first row below; ``columns`` maps each field to a column index."""

    first_data: int
    columns: dict[str, int]
    cells: tuple[str, ...]

    def repeated_by(self, row: Sequence[Cell]) -> bool:
        """Tell whether ``row`` is the heading once more, as on each page of a printed list."""
        return len(row) == len(self.cells) and all(
            label(cell) == known for cell, known in zip(row, self.cells, strict=True)
        )


def find(rows: Sequence[Sequence[Cell]], patterns: Patterns, least: int = 2) -> Heading | None:
    """Return the heading that names the most fields (at least ``least``), the earliest of equals.

    A heading may be two rows high: cells merged downwards stand in the upper row, the parts of a group
    (身份信息: 姓名, 身份证号) in the lower one.
    """
    best: Heading | None = None
    for index, row in enumerate(rows[:_SEARCHED_ROWS]):
        upper = tuple(label(cell) for cell in row)
        candidates = [Heading(index + 1, _columns(upper, patterns), upper)]
        if index + 1 < len(rows):
            lower = tuple(label(cell) for cell in rows[index + 1])
            merged = tuple(
                low if _field(low, patterns) else up for up, low in zip(upper, lower, strict=False)
            )
            candidates.append(Heading(index + 2, _columns(merged, patterns), lower))
        for candidate in candidates:
            if len(candidate.columns) >= max(least, len(best.columns) + 1 if best else 0):
                best = candidate
    return best


def label(cell: Cell) -> str:
    """Return a column name without spaces, line breaks, marks of obligation and remarks in brackets."""
    text = "".join(unicodedata.normalize("NFKC", str(cell)[:_LONGEST]).split()).strip("*★:·")
    return re.sub(r"[(\[【].*?[)\]】]", "", text).strip("*:").lower()


def _columns(labels: Sequence[str], patterns: Patterns) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, text in enumerate(labels):
        field = _field(text, patterns)
        if field is not None:
            columns.setdefault(field, index)
    return columns


def _field(text: str, patterns: Patterns) -> str | None:
    if not text:
        return None
    return next((field for field, pattern in patterns.items() if pattern.fullmatch(text)), None)
