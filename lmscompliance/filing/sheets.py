"""Lists from spreadsheets (目录、标准、对应表): rows by field, and every fault with its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lmscompliance.documents import tables
from lmscompliance.documents.tables import Cell
from lmscompliance.identity import headings
from lmscompliance.identity.headings import Patterns
from lmscompliance.kernel.errors import Fault, FaultyRows, InvalidInput
from lmscompliance.kernel.messages import Remark


@dataclass(slots=True)
class Listing:
    """The rows of a list, each with its number in the sheet and the text of every field it has.

    ``kind`` begins the codes of its columns' names.
    """

    file: str
    kind: str
    rows: list[tuple[int, dict[str, str]]]
    faults: list[Fault] = field(default_factory=list)

    def fault(self, row: int, name: str, what: str, **params: object) -> None:
        """Remember what is wrong with a field of a row: a code of this room."""
        self.faults.append(Fault(row, f"filing.{self.kind}_{name}", f"filing.{what}", params))

    def once(self, row: int, name: str, value: str, seen: dict[str, int]) -> None:
        """Remember a fault where ``value`` stood in an earlier row, as ``seen`` tells."""
        if value in seen:
            self.fault(row, name, "list_twice", first=seen[value])
        seen[value] = row

    def settle(self) -> None:
        """Raise ``InvalidInput`` naming every fault that was found, or that there are no rows."""
        if self.faults:
            raise FaultyRows("filing.list_rows", self.faults, file=self.file)
        if not self.rows:
            raise InvalidInput("documents.no_rows", file=self.file)


def read(path: Path, patterns: Patterns, needed: Sequence[str], kind: str) -> Listing:
    """Return the rows of the first sheet with a column for each of ``needed``, those without any text aside.

    A missing text in one of these columns is a fault. Raises ``InvalidInput`` naming the columns.
    """
    for sheet in tables.read(path):
        heading = headings.find(sheet.rows, patterns, least=len(needed))
        if heading is None or not set(needed) <= heading.columns.keys():
            continue
        listing = Listing(path.name, kind, [])
        for index in range(heading.first_data, len(sheet.rows)):
            cells = sheet.rows[index]
            row = {name: _text(cells[at]) for name, at in heading.columns.items() if at < len(cells)}
            if heading.repeated_by(cells) or not any(row.values()):
                continue
            listing.rows.append((index + 1, row))
            for name in needed:
                if not row.get(name):
                    listing.fault(index + 1, name, "list_missing")
        return listing
    columns = [Remark(f"filing.{kind}_{name}") for name in needed]
    raise InvalidInput("filing.list_columns", file=path.name, columns=columns)


def _text(cell: Cell) -> str:
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else " ".join(str(cell).split())
