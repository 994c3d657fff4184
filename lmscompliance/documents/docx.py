"""Writes a form as a Word document: a title, fields, tables and paragraphs, and where to sign and stamp."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.table import Table

_FONT = "宋体"
STAMPED = "负责人（签字）：　　　　　（盖章）　　　　　　年　　月　　日"
"""What stands at the foot of a box that somebody fills in."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form says; ``table`` has its headings in the first row, ``widths`` its columns' shares.

    ``annex`` stands above the title (附件2). ``opinions`` are tall boxes below the fields, each to be signed,
    stamped and dated.
    """

    title: str
    annex: str = ""
    fields: Sequence[tuple[str, str]] = ()
    opinions: Sequence[str] = ()
    table: Sequence[Sequence[str]] = ()
    widths: Sequence[int] = ()
    paragraphs: Sequence[str] = ()
    signatures: Sequence[str] = ()


def write(form: Form, created: datetime) -> bytes:
    """Return the document. Texts are text: nothing in them becomes a field or a link."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(11)
    # East Asian text has a font attribute of its own, which the library does not set.
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    properties = document.core_properties
    properties.title, properties.author = form.title, ""
    properties.created = properties.modified = created.astimezone(UTC).replace(tzinfo=None)
    if form.annex:
        document.add_paragraph(form.annex)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run(form.title)
    run.bold, run.font.size = True, Pt(16)
    if form.fields:
        opinions = [[one, f"\n\n\n{STAMPED}"] for one in form.opinions]
        table = _table(document, [*(list(pair) for pair in form.fields), *opinions])
        for line in table.rows[len(form.fields) :]:
            line.cells[1].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if form.table:
        document.add_paragraph()
        _table(document, form.table)
    for text in form.paragraphs:
        document.add_paragraph(text)
    for label in form.signatures:
        signed = document.add_paragraph(f"{label}：")
        signed.paragraph_format.space_before = Pt(24)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _table(document: DocumentObject, rows: Sequence[Sequence[str]]) -> Table:
    table: Table = document.add_table(rows=len(rows), cols=len(rows[0]))
    table.style = "Table Grid"
    for line, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(line.cells, cells, strict=True):
            cell.text = text
    return table
