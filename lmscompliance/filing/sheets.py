"""Lists from spreadsheets (目录、标准、对应表): rows by field, and every fault with its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lmscompliance.documents import tables
from lmscompliance.documents.tables import Cell
from lmscompliance.identity import headings
from lmscompliance.identity.headings import Patterns
from lmscompliance.kernel.errors import InvalidInput

_MOST_FAULTS = 20


@dataclass(slots=True)
class Listing:
    """The rows of a list, each with its number in the sheet and the text of every field it has."""

    file: str
    labels: Mapping[str, str]
    rows: list[tuple[int, dict[str, str]]]
    faults: list[str] = field(default_factory=list)

    def fault(self, row: int, name: str, what: str) -> None:
        """Remember what is wrong with a field of a row."""
        self.faults.append(f"第 {row} 行{self.labels[name]}：{what}")

    def settle(self) -> None:
        """Raise ``InvalidInput`` naming every fault that was found, or that there are no rows."""
        if self.faults or not self.rows:
            shown = "；".join(self.faults[:_MOST_FAULTS]) or "没有数据行"
            raise InvalidInput("filing.list_rows", file=self.file, count=len(self.faults), faults=shown)


def read(path: Path, patterns: Patterns, labels: Mapping[str, str]) -> Listing:
    """Return the rows of the first sheet with a column for each of ``labels``, those without any text aside.

    A missing text in one of these columns is a fault. Raises ``InvalidInput`` naming the columns.
    """
    for sheet in tables.read(path):
        heading = headings.find(sheet.rows, patterns, least=len(labels))
        if heading is None or not labels.keys() <= heading.columns.keys():
            continue
        listing = Listing(path.name, labels, [])
        for index in range(heading.first_data, len(sheet.rows)):
            cells = sheet.rows[index]
            row = {name: _text(cells[at]) for name, at in heading.columns.items() if at < len(cells)}
            if heading.repeated_by(cells) or not any(row.values()):
                continue
            listing.rows.append((index + 1, row))
            for name in labels:
                if not row.get(name):
                    listing.fault(index + 1, name, "没有填写")
        return listing
    raise InvalidInput("filing.list_columns", file=path.name, columns="、".join(labels.values()))


def _text(cell: Cell) -> str:
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else " ".join(str(cell).split())
