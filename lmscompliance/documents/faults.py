"""Everything wrong with a list, as a table that its makers can mend it by."""

from __future__ import annotations

from lmscompliance.documents import layouts
from lmscompliance.documents.layouts import SEPARATED, Field, Layout
from lmscompliance.kernel.errors import FaultyRows
from lmscompliance.kernel.messages import text


def report(error: FaultyRows, locale: str) -> bytes:
    """Return every fault, not the first ones alone, as a CSV that a spreadsheet opens."""
    fields = tuple(
        Field(text(f"documents.fault_{name}", locale), source=name) for name in ("row", "field", "what")
    )
    rows = [
        {
            "row": str(one.row),
            "field": text(one.field, locale),
            "what": text(one.what, locale, **one.params),
        }
        for one in error.faults
    ]
    return layouts.write(Layout("faults", "faults", SEPARATED, fields), rows)
