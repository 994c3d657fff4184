"""A form as a PDF/A that looks like its Word document (``documents.docx``)."""

from __future__ import annotations

from datetime import datetime

from lmscompliance.documents.docx import STAMPED, Form
from lmscompliance.documents.font import Typeface
from lmscompliance.documents.typeset import typeset


def typeset_form(form: Form, at: datetime, typeface: Typeface) -> bytes:
    """Return ``form`` as PDF/A; raises ``InvalidInput`` as ``typeset`` does."""
    return typeset(
        "form",
        {
            "title": form.title,
            "annex": form.annex,
            "opinions": list(form.opinions),
            "stamped": STAMPED,
            "widths": list(form.widths),
            "fields": [list(pair) for pair in form.fields],
            "table": [list(row) for row in form.table],
            "paragraphs": list(form.paragraphs),
            "signatures": list(form.signatures),
        },
        at,
        typeface,
    )
