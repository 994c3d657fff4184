"""Keeps the rows of a workbook on disk, sheet by sheet, and cuts them into pieces for typesetting.

Rows of all sheets come in one pass and mixed; paper wants one sheet after the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import IO

from lmscompliance.documents.font import Typeface
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.ledger_table import SPANNING, Cell, Row, Sheet, Style

PIECE_ROWS = 600
"""Rows of one piece: a process that typesets more grows by 100 MiB for each further six hundred."""

_FOOTER = re.compile(r"&([LCR])")
_CENT = Decimal("0.01")
_LONG_WORD = re.compile(r"[!-~]{9,}")
_BREAK = "\u200b"
"""A place where a line may end."""
_JOINED = frozenset(style.value for style in SPANNING)


class Spool:
    """Rows on disk while a workbook is made."""

    def __init__(self, folder: Path, sheets: Sequence[Sheet], typeface: Typeface) -> None:
        """Keep the rows of ``sheets`` in ``folder``, which must exist, in characters of ``typeface``."""
        self.typeface = typeface
        self.sheets = tuple(sheets)
        self.rows = 0
        self._paths = [folder / f"sheet-{number:03}.ndjson" for number in range(len(sheets))]
        self._files: list[IO[str] | None] = [path.open("x", encoding="utf-8") for path in self._paths]
        self._kinds: list[list[set[bool]]] = [[set() for _ in sheet.columns] for sheet in sheets]
        """Of each column: whether it has numbers, and whether it has texts."""

    def through(self, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
        """Yield ``rows`` unchanged and keep each."""
        for number, row in rows:
            self.add(number, row)
            yield number, row

    def add(self, number: int, row: Row) -> None:
        """Keep the next row of sheet ``number`` (from 0)."""
        file = self._files[number]
        if file is None:
            raise ValueError("rows were added after the pieces were asked for")
        if row.style is Style.DATA:
            for kinds, cell in zip(self._kinds[number], row.cells, strict=False):
                if cell is not None and cell != "":
                    kinds.add(isinstance(cell, int | Decimal | Fraction))
        self.rows += 1
        texts = [shown(cell, self.typeface) for cell in row.cells]
        file.write(json.dumps([row.style.value, *texts], ensure_ascii=False, separators=(",", ":")) + "\n")

    def close(self) -> None:
        """End the writing."""
        for number, file in enumerate(self._files):
            if file is not None:
                file.close()
                self._files[number] = None

    def pieces(self, size: int = PIECE_ROWS) -> Iterator[Piece]:
        """Yield everything in the order of the sheets, ``size`` rows at a time."""
        self.close()
        piece = Piece()
        for number in range(len(self.sheets)):
            for block in self._blocks(number, size):
                piece.add(number, block)
                if piece.rows >= size:
                    yield piece
                    piece = Piece()
        if piece.blocks:
            yield piece

    def _blocks(self, number: int, size: int) -> Iterator[dict[str, Json]]:
        sheet = self.sheets[number]
        before: list[Json] = []
        head: Json = None
        rows: list[Json] = []
        first = True
        for place, row in enumerate(self._read(number), 1):
            fitted: Json = _fitted(row, sheet)
            if sheet.head_row is not None and place <= sheet.head_row:
                if place < sheet.head_row:
                    before.append(fitted)
                else:
                    head = fitted
                continue
            rows.append(fitted)
            if len(rows) == size:
                yield self._block(number, before if first else [], head, rows)
                first, rows = False, []
        if rows or first:
            yield self._block(number, before if first else [], head, rows)

    def _block(self, number: int, before: list[Json], head: Json, rows: list[Json]) -> dict[str, Json]:
        sheet = self.sheets[number]
        left, right = _edges(sheet.footer)
        aligns: list[Json] = [
            "c" if column.centred else "r" if kinds == {True} else "l"
            for column, kinds in zip(sheet.columns, self._kinds[number], strict=True)
        ]
        return {
            "name": self.typeface.spelled(sheet.name),
            "left": self.typeface.spelled(left),
            "right": self.typeface.spelled(right),
            "widths": [column.width for column in sheet.columns],
            "aligns": aligns,
            "before": before,
            "head": head,
            "rows": rows,
        }

    def _read(self, number: int) -> Iterator[list[str]]:
        with self._paths[number].open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


@dataclass(slots=True)
class Piece:
    """What one process typesets: blocks of rows, each of one sheet."""

    blocks: list[Json] = field(default_factory=list)
    sheets: list[int] = field(default_factory=list)
    """The sheet of each block."""
    rows: int = 0

    def add(self, sheet: int, block: dict[str, Json]) -> None:
        """Add a block."""
        self.blocks.append(block)
        self.sheets.append(sheet)
        rows = block["rows"]
        self.rows += len(rows) if isinstance(rows, list) else 0


def shown(cell: Cell, typeface: Typeface) -> str:
    """Return what a spreadsheet shows for ``cell``, in characters ``typeface`` has."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return typeface.spelled(cell)
    if isinstance(cell, Fraction):
        exact = Decimal(cell.numerator) / Decimal(cell.denominator)
        return str(exact.quantize(_CENT, ROUND_HALF_UP))
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def _fitted(row: list[str], sheet: Sheet) -> list[Json]:
    """Return ``row`` with places to break in long words, which a narrow column needs."""
    style, *cells = row
    if style in _JOINED:
        return [style, *cells]
    width = len(sheet.columns)
    cells = [*cells, *[""] * (width - len(cells))][:width]
    last = len(sheet.columns) - 1
    out: list[Json] = [style]
    for index, cell in enumerate(cells):
        joined = style == Style.FIELD.value and index > 0
        room = sheet.columns[min(index, last)].width
        if joined:
            room = sum(column.width for column in sheet.columns[index:])
        out.append(_breakable(cell, room) if len(cell) > room * _FULL else cell)
    return out


_FULL = 0.93
"""Share of a column's width in characters up to which a word of digits and small letters fits."""


def _breakable(text: str, room: int) -> str:
    limit = max(4, int(room * _FULL))

    def broken(found: re.Match[str]) -> str:
        word = found[0]
        return word if len(word) <= limit else _BREAK.join(word)

    return _LONG_WORD.sub(broken, text)


def _edges(footer: str) -> tuple[str, str]:
    """Return what a spreadsheet's footer (``&L…&C…&R…``) says left and right; the page comes by itself."""
    parts = _FOOTER.split(footer.replace("&&", "\0"))
    named = dict(zip(parts[1::2], parts[2::2], strict=True))
    return (
        named.get("L", "").replace("\0", "&").strip(),
        named.get("R", "").replace("\0", "&").strip(),
    )
