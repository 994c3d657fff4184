"""Says of a column what is sealed in it, so that a change of keys finds every value there is.

A column named ``…_sealed`` is bound to ``table.column`` unless it says otherwise with ``sealed``; a column
that holds a blind index says so with ``blind``. Both go into the ``info`` of ``mapped_column``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

PLACE = "compliance_place"
WITHIN = "compliance_within"
BLIND = "compliance_blind"
OF = "compliance_of"
EXPIRES = "compliance_expires"
AFTER = "compliance_after"
LASTING = "compliance_lasting"
FILE = "compliance_file"


def sealed(place: str) -> dict[str, Any]:
    """Return the ``info`` of a column whose values are sealed for ``place``."""
    return {PLACE: place}


def sealed_within(place: str) -> dict[str, Any]:
    """Return the ``info`` of a text column of JSON that holds strings sealed for ``place``, in base64."""
    return {WITHIN: place}


def blind(
    domain: str,
    *,
    of: str | None = None,
    expires: str | None = None,
    after: timedelta = timedelta(),
    lasting: bool = False,
) -> dict[str, Any]:
    """Return the ``info`` of a column that holds a blind index in ``domain``.

    ``of`` names the sealed column of the same table that holds the value itself, so that the index can be
    made anew. Without one, ``expires`` names a column: so long ``after`` its instant (or while it is empty)
    nobody has to find the row; a ``lasting`` index is known to its holder alone and keeps its key; with none
    of these the index only saves work and may be emptied.
    """
    return {BLIND: domain, OF: of, EXPIRES: expires, AFTER: after, LASTING: lasting}


def file_digest() -> dict[str, Any]:
    """Return the ``info`` of a column that names an uploaded file without a foreign key to it."""
    return {FILE: True}


def place_of(table: str, column: str, info: dict[str, Any]) -> str | None:
    """Return what the values of a column are sealed for; ``None`` where they are not."""
    if PLACE in info:
        return str(info[PLACE])
    if column == "sealed" or column.endswith("_sealed"):
        return f"{table}.{column}"
    return None
