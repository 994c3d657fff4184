"""Whose the pictures of a row are: the question's, or one of its options' that has a column of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lmscompliance.questions.draft import Reason, reason
from lmscompliance.questions.formats.columns import Columns
from lmscompliance.questions.formats.workbook import Row


@dataclass(frozen=True, slots=True)
class RowPictures:
    """The pictures of a row; none at all unless every one of them can be had (``complete``)."""

    stem: tuple[bytes, ...] = ()
    options: dict[int, bytes] = field(default_factory=dict)
    """By column."""
    complete: bool = True


def share_out(
    row: Row, columns: Columns, floating: Sequence[tuple[int, bytes]], *, pictured: bool
) -> RowPictures | Reason:
    """Return the pictures of ``row`` by what they belong to, or why that cannot be told.

    A picture in an option's cell is that option's, and so is one that floats over the cell of an option
    without a text: over a text it only has its place there. ``pictured`` says that something floats over the
    row, whether it can be had or not.
    """
    own = {at for _, at in columns.letters}
    within = [(at, cell.picture) for at, cell in enumerate(row.cells) if cell.oddity == "picture"]
    lost = next((at for at, data in within if at in own and not data), None)
    if lost is not None:
        return reason("picture_missing", name=row.at(lost).text)
    if (pictured and not floating) or any(not data for _, data in within):
        return RowPictures(complete=False)
    options: dict[int, bytes] = {}
    stem: list[bytes] = []
    for at, data in (*floating, *within):
        if at not in own or (row.at(at).text and row.at(at).oddity != "picture"):
            stem.append(data)
        elif at in options:
            return reason("option_has_pictures")
        else:
            options[at] = data
    return RowPictures(tuple(stem), options)
