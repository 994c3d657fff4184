"""The XML of a sheet's rows (ECMA-376-1, 18.3.1.73), of which a ledger may have millions.

Rows of one style and length differ by their number and their values alone, and the number stands in front of
each cell's look. So a row is joined by its number from pieces that are the same in every row, and a value
that comes again (a name, a lesson, a day) has been escaped, measured and encoded already.

Every text is an inline text, so nothing that was typed becomes a formula, a link or a number, whatever it
begins with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial

from lmscompliance.documents.look import height_of, lines_of, room_of
from lmscompliance.rules.ledger_table import Cell, Column, Row, Style, column_letters, number_text

ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKS_ESCAPED = re.compile("(_x[0-9a-fA-F]{4}_)")
_KEPT = 1024
"""Values of a column that are kept ready: enough for a class's plan and one trainee's rows."""

StyleOf = Callable[[Style, int, bool, Cell], int]
"""The number of the cell format for a row's style, a column, whether that is centred, and a cell in it."""


class RowForm:
    """What rows of one style and length have in common."""

    def __init__(self, row: Row, columns: Sequence[Column], style_of: StyleOf) -> None:
        """Take over the style and length of ``row``, and which of its cells are one."""
        self.merged = row.merges(len(columns))
        first, last = self.merged or (len(columns), len(columns) - 1)
        self._given = min(len(row.cells), first + 1, len(columns))
        count = max(self._given, last + 1) if self.merged else self._given
        self._covered = (None,) * (count - self._given)
        starts = [*(f'<c r="{column_letters(index)}' for index in range(count)), "</row>"]
        self._columns: list[_Column] = []
        for index, behind in enumerate(starts[1:]):
            # The border of a joined cell is drawn by all that it covers.
            of = min(index, first)
            room = sum(map(room_of, columns[first:])) if index == first else room_of(columns[index])
            look = partial(style_of, row.style, of, columns[of].centred)
            self._columns.append(_Column(look, room, behind))
        self._style, self._start = row.style, starts[0]
        self._heads: dict[int, bytes] = {}

    def xml(self, number: int, cells: Sequence[Cell]) -> bytes:
        """Return the row ``number`` (from 1) with ``cells``."""
        if self._covered:
            cells = (*cells[: self._given], *self._covered)
        pieces, lines = [b'<row r="', b""], 1
        for column, cell in zip(self._columns, cells, strict=False):
            if cell is None or isinstance(cell, str):
                piece, needed = column[cell]
                pieces.append(piece)
                if needed > lines:  # noqa: PLR1730  # a call of max() takes three times as long
                    lines = needed
            else:
                pieces.append(column.number(cell))
        pieces[1] = self._heads.get(lines) or self._head(lines)
        return (b"%d" % number).join(pieces)

    def _head(self, lines: int) -> bytes:
        head = f'" ht="{height_of(self._style, lines):g}" customHeight="1">{self._start}'.encode()
        self._heads[lines] = head
        return head


class _Column(dict[str | None, tuple[bytes, int]]):
    """The cells of one column: texts with the lines they need, made when first asked for.

    Each is what stands between its row's number and the next one.
    """

    def __init__(self, look: Callable[[Cell], int], room: float, behind: str) -> None:
        super().__init__()
        self._look = look
        self._room = room
        self._behind = behind
        self._starts: dict[type, str] = {}

    def __missing__(self, text: str | None) -> tuple[bytes, int]:
        if len(self) >= _KEPT:
            self.clear()
        start = self._starts.get(str) or self._start(text)
        made = f"{start}{_inline(text)}{self._behind}" if text else f"{start}/>{self._behind}"
        found = self[text] = made.encode(), lines_of(text, self._room) if text else 1
        return found

    def number(self, cell: int | Decimal | Fraction) -> bytes:
        """Return the cell of a number."""
        start = self._starts.get(cell.__class__) or self._start(cell)
        return f"{start}><v>{number_text(cell)}</v></c>{self._behind}".encode()

    def _start(self, cell: Cell) -> str:
        kind = str if cell is None else cell.__class__
        return self._starts.setdefault(kind, f'" s="{self._look(cell)}"')


def _inline(text: str) -> str:
    if "&" in text or "<" in text or ">" in text:
        text = text.translate(ESCAPED)
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub(r"_x005F\1", text)
    space = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
    return f' t="inlineStr"><is><t{space}>{text}</t></is></c>'
