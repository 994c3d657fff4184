"""Reads a bank kept in a spreadsheet, sheet by sheet; no row that holds anything is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lmscompliance.questions.draft import Draft, FileReading, Refusal, Source, reason
from lmscompliance.questions.formats import columns as header_names
from lmscompliance.questions.formats import exported_sheet, guessing, kinds, numbering, workbook
from lmscompliance.questions.formats.columns import Columns
from lmscompliance.questions.formats.judge import Situation, is_stub, judge
from lmscompliance.questions.formats.workbook import Row, Sheet

Verdict = Draft | Refusal

_SENTENCE = re.compile(r"[（(]\s*[)）]|_{2,}|[。？?！!，,；;]")


def read(path: Path, bank: str) -> FileReading:
    """Return everything the workbook at ``path`` holds. Raises ``InvalidInput`` when it cannot be opened."""
    return read_sheets(path.name, bank, workbook.read(path))


def read_sheets(file: str, bank: str, sheets: Sequence[Sheet]) -> FileReading:
    """Return everything the ``sheets`` of ``file`` hold."""
    if exported_sheet.is_exported(sheets):
        return exported_sheet.read(file, bank, sheets)
    sheets = [replace(sheet, rows=header_names.joined(sheet.rows)) for sheet in sheets]
    headers = {sheet.name: header_names.find(sheet.rows) for sheet in sheets}
    first = next((found[1] for found in headers.values() if found), None)
    rows = 0
    verdicts: list[Verdict] = []
    for sheet in sheets:
        found = headers[sheet.name]
        if found is not None:
            judged = list(_judged(file, sheet, found[1], after=found[0]))
        else:
            judged = _without_header(file, sheet, first)
        rows += sum(1 for row in sheet.rows if found is None or header_names.header(row) != found[1])
        verdicts += judged
    drafts = tuple(verdict for verdict in verdicts if isinstance(verdict, Draft))
    refusals = tuple(verdict for verdict in verdicts if isinstance(verdict, Refusal))
    return FileReading(file, bank, rows, drafts, refusals)


def _without_header(file: str, sheet: Sheet, inherited: Columns | None) -> list[Verdict]:
    """Judge a sheet without a header by the first sheet's columns, else by what the columns look like."""
    for columns in (inherited, guessing.guess(sheet.rows)):
        if columns is not None:
            judged = list(_judged(file, sheet, columns, after=0))
            if _plausible(sheet, columns, judged):
                return judged
    return [Refusal(Source(file, sheet.name, row.number), reason("not_a_bank")) for row in sheet.rows]


def _plausible(sheet: Sheet, columns: Columns, judged: Sequence[Verdict]) -> bool:
    """Tell whether at least half the rows are questions beyond doubt.

    One with options is, and one of a declared kind whose text is a sentence or leaves a gap. Without this,
    the names and tasks of an allocation sheet would pass for fill-in questions.
    """
    declared = {row.number for row in sheet.rows if kinds.meaning(row.at(columns.kind).text)}
    certain = [
        verdict
        for verdict in judged
        if isinstance(verdict, Draft)
        and (verdict.options or (verdict.source.row in declared and _SENTENCE.search(verdict.stem)))
    ]
    return bool(judged) and 2 * len(certain) >= len(judged)


def _judged(file: str, sheet: Sheet, columns: Columns, *, after: int) -> Iterator[Verdict]:
    """Judge every row of ``sheet``; ``after`` is the header's row, 0 when there is none."""
    rows = [row for row in sheet.rows if header_names.header(row) != columns or not after]
    continues = _continuing(rows, columns)
    heading = kinds.meaning(sheet.name) and sheet.name
    stub_above = None
    for row, continuing in zip(rows, continues, strict=True):
        source = Source(file, sheet.name, row.number)
        texts = row.texts()
        if row.number < after:
            yield Refusal(source, reason("above_header"))
        elif len(texts) == 1 and kinds.is_heading(texts[0]):
            heading = texts[0] if kinds.meaning(texts[0]) else heading
            yield Refusal(source, reason("heading"))
        else:
            situation = Situation(
                source,
                kind=sheet.spanning(row, columns.kind) or heading,
                continues=continuing,
                stub_above=stub_above,
                pictured=row.number in sheet.pictures,
                images=sheet.images.get(row.number, ()),
                chapter=_chapter(sheet, row, columns),
                difficulty=sheet.spanning(row, columns.difficulty),
            )
            yield judge(row, columns, situation)
        stub_above = row.number if is_stub(row, columns) else None


def _chapter(sheet: Sheet, row: Row, columns: Columns) -> str:
    told = (sheet.spanning(row, columns.category), sheet.spanning(row, columns.chapter))
    return " ".join(text for text in told if text)


def _continuing(rows: Sequence[Row], columns: Columns) -> list[bool]:
    leads = [numbering.lead(row.at(columns.stem).text) for row in rows]
    counted = [row.at(columns.number).text for row in rows]
    by_neighbours = numbering.continuing(leads)
    return [
        near or (lead is not None and str(lead) == number)
        for near, lead, number in zip(by_neighbours, leads, counted, strict=True)
    ]
