"""The workbook an export writes, and its reader: one column for each thing, so that nothing is guessed.

Ordinary banks are read by what their typists probably meant. That would take a running number off a stem
that begins with one, so a workbook of our own is known by its first cell and taken at its word.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import (
    ESSAY,
    FILL_IN,
    MATCHING,
    MULTIPLE,
    NUMERIC,
    SINGLE,
    TRUE_FALSE,
    Draft,
    FileReading,
    Reason,
    Refusal,
    Source,
    reason,
)
from lmscompliance.questions.formats import weighing
from lmscompliance.questions.formats.workbook import Sheet

MARK = "题型（导出格式1）"
"""The first cell of an export. The bracketed remark is no part of a column's name to other readers."""

_KINDS = {
    SINGLE: "单选题",
    MULTIPLE: "多选题",
    TRUE_FALSE: "判断题",
    FILL_IN: "填空题",
    NUMERIC: "数值题",
    MATCHING: "配对题",
    ESSAY: "简答题",
}
_STEM, _OPTION, _LEFT, _ANSWER = "题目", "选项", "配对左边", "答案"
_TOPIC, _CHAPTER, _DIFFICULTY, _TITLE, _EXPLANATION = "培训内容类别", "章节", "难度", "标题", "解析"
_PICTURE = "图片"
_RIGHT, _WRONG = "正确", "错误"
_WIDTHS = {_STEM: 60, _OPTION: 24, _LEFT: 24, _ANSWER: 16}
_FEWEST = 2


def write(path: Path, drafts: Sequence[Draft], created: datetime) -> None:
    """Write ``drafts`` to ``path``; ``created`` is the only time in the file. Every cell is text."""
    rows = [_row(draft) for draft in drafts]
    widest = {name: max((len(row[name]) for row in rows), default=0) for name in (_OPTION, _LEFT, _ANSWER)}
    columns: list[tuple[str, int]] = [(MARK, 0), (_STEM, 0)]
    for name, least in ((_OPTION, 0), (_LEFT, 0), (_ANSWER, 1)):
        columns += [(name, at) for at in range(max(least, widest[name]))]
    columns += [(name, 0) for name in (_TOPIC, _CHAPTER, _DIFFICULTY, _TITLE, _EXPLANATION)]
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": created.astimezone(UTC).replace(tzinfo=None)})
    sheet = book.add_worksheet("题库")
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    for at, (name, number) in enumerate(columns):
        sheet.set_column(at, at, _WIDTHS.get(name, 12))
        sheet.write_string(0, at, _header(name, number), bold)
    for line, row in enumerate(rows, 1):
        for at, (name, number) in enumerate(columns):
            if number < len(row[name]) and row[name][number]:
                sheet.write_string(line, at, row[name][number], wrapped)
        _draw(sheet, line, drafts[line - 1], columns)
    if any(draft.pictures for draft in drafts):
        sheet.write_string(0, len(columns), _PICTURE, bold)
    sheet.freeze_panes(1, 0)
    book.close()


def _draw(
    sheet: xlsxwriter.worksheet.Worksheet, line: int, draft: Draft, columns: Sequence[tuple[str, int]]
) -> None:
    """Let the pictures of ``draft`` float over its row: an option's over its cell, the others behind all."""
    places = [(len(columns) + at, picture) for at, picture in enumerate(draft.pictures)]
    offered = enumerate(draft.option_pictures)
    places += [(columns.index((_OPTION, at)), picture) for at, picture in offered if picture]
    for at, picture in places:
        sheet.insert_image(line, at, "p.png", {"image_data": io.BytesIO(picture)})


def is_exported(sheets: Sequence[Sheet]) -> bool:
    """Tell whether an export wrote the workbook."""
    return bool(sheets) and bool(sheets[0].rows) and sheets[0].rows[0].at(0).text == MARK


def read(file: str, bank: str, sheets: Sequence[Sheet]) -> FileReading:
    """Return what the exported workbook holds."""
    sheet = sheets[0]
    head, *rows = sheet.rows
    names: dict[str, list[int]] = {}
    for at, cell in enumerate(head.cells):
        names.setdefault(re.sub(r"[A-Z0-9]+$", "", cell.text) if at else MARK, []).append(at)
    verdicts: list[Draft | Refusal] = []
    for row in rows:
        source = Source(file, sheet.name, row.number)
        cells = {name: [row.at(at).text for at in places] for name, places in names.items()}
        verdict = _question(source, cells)
        if isinstance(verdict, Draft):
            verdict = _pictured(verdict, sheet.images.get(row.number, ()), names.get(_OPTION, []))
        verdicts.append(Refusal(source, verdict) if isinstance(verdict, Reason) else verdict)
    drafts = tuple(verdict for verdict in verdicts if isinstance(verdict, Draft))
    refusals = tuple(verdict for verdict in verdicts if isinstance(verdict, Refusal))
    return FileReading(file, bank, len(verdicts), drafts, refusals, exported=True)


def _pictured(draft: Draft, images: Sequence[tuple[int, bytes]], options: Sequence[int]) -> Draft:
    """Give the draft the pictures over its row: those over an option's cell are the option's."""
    held = dict(images)
    offered = [held.get(at, b"") for at in options[: len(draft.options)]]
    return replace(
        draft,
        pictures=tuple(data for at, data in images if at not in options),
        option_pictures=tuple(offered) if any(offered) else (),
    )


def _row(draft: Draft) -> dict[str, list[str]]:
    remark = draft.extras.get("explanation") or draft.extras.get("general_feedback") or ""
    pairs = [pair for pair in draft.key if isinstance(pair, list)]
    return {
        MARK: [_KINDS[draft.kind]],
        _STEM: [draft.stem],
        _OPTION: list(draft.options),
        _LEFT: [str(left) for left, _ in pairs] if draft.kind == MATCHING else [],
        _ANSWER: _answer(draft, pairs),
        _TOPIC: list(draft.category[:1]),
        _CHAPTER: [draft.chapter],
        _DIFFICULTY: [draft.difficulty],
        _TITLE: [draft.title],
        _EXPLANATION: [str(remark)],
    }


def _answer(draft: Draft, pairs: Sequence[list[Json]]) -> list[str]:
    if draft.kind in {SINGLE, MULTIPLE}:
        return ["、".join(_letter(at) for at in draft.key if isinstance(at, int))]
    if draft.kind == TRUE_FALSE:
        return [_RIGHT if draft.key[0] else _WRONG]
    if draft.kind == NUMERIC:
        return [f"{value}±{tolerance}" for value, tolerance in pairs]
    if draft.kind == MATCHING:
        places = [draft.options.index(str(right)) for _, right in pairs if right in draft.options]
        return ["、".join(_letter(place) for place in places)]
    return [str(text) for text in draft.key]


def _question(source: Source, cells: dict[str, list[str]]) -> Draft | Reason:
    told = {name: (texts[0] if texts else "") for name, texts in cells.items()}
    kind = next((kind for kind, name in _KINDS.items() if name == told.get(MARK)), "")
    given = [text for text in cells.get(_ANSWER, []) if text]
    if not kind:
        return reason("unsupported_kind", kind=told.get(MARK) or "?")
    if not told.get(_STEM):
        return reason("no_stem")
    if not given and kind != ESSAY:
        return reason("no_answer")
    options = _trimmed(cells.get(_OPTION, []))
    key = key_of(kind, given, options, [text for text in cells.get(_LEFT, []) if text])
    if isinstance(key, Reason):
        return key
    return Draft(
        source,
        kind,
        told[_STEM],
        key,
        options if kind in {SINGLE, MULTIPLE, MATCHING} else (),
        category=(told[_TOPIC],) if told.get(_TOPIC) else (),
        chapter=told.get(_CHAPTER, ""),
        title=told.get(_TITLE, ""),
        difficulty=told.get(_DIFFICULTY, ""),
        extras={"explanation": told[_EXPLANATION]} if told.get(_EXPLANATION) else {},
    )


def key_of(kind: str, given: list[str], options: tuple[str, ...], lefts: list[str]) -> list[Json] | Reason:
    """Return the key that the answers ``given`` spell, or why they spell none."""
    if kind in {FILL_IN, ESSAY}:
        return list(dict.fromkeys(given))
    if kind == NUMERIC:
        pairs = [_number(text) for text in given]
        wrong = next((text for text, pair in zip(given, pairs, strict=True) if pair is None), None)
        return list(pairs) if wrong is None else reason("gift_not_a_number", answer=wrong)
    if kind == TRUE_FALSE:
        said = {_RIGHT: True, _WRONG: False}.get(given[0])
        return reason("answer_unreadable", answer=given[0]) if said is None else [said]
    if len(options) < _FEWEST and kind != MATCHING:
        return reason("one_option")
    return _places(kind, given[0], options, lefts)


def _places(kind: str, answer: str, options: tuple[str, ...], lefts: list[str]) -> list[Json] | Reason:
    letters = [_letter(at) for at in range(len(options))]
    # AC and A,C are what people write when they correct a key.
    named = answer.split("、") if "、" in answer or answer in letters else re.findall(r"[A-Z]", answer)
    if not named:
        return reason("answer_unreadable", answer=answer)
    if any(letter not in letters for letter in named):
        return reason("answer_beyond_options", answer=answer, letters="".join(letters))
    places = [letters.index(letter) for letter in named]
    if kind == MATCHING:
        if len(places) != len(lefts):
            return reason("answer_unreadable", answer=answer)
        return [[left, options[place]] for left, place in zip(lefts, places, strict=True)]
    right: list[Json] = [*sorted(set(places))]
    return right if kind == MULTIPLE or len(right) == 1 else reason("answer_unreadable", answer=answer)


def _number(text: str) -> Json:
    value, _, tolerance = text.partition("±")
    numbers = [weighing.decimal(value), weighing.decimal(tolerance or "0")]
    return [weighing.plain(n) for n in numbers if n is not None] if None not in numbers else None


def _trimmed(texts: list[str]) -> tuple[str, ...]:
    while texts and not texts[-1]:
        texts = texts[:-1]
    return tuple(texts)


def _header(name: str, number: int) -> str:
    if name == _OPTION:
        return name + _letter(number)
    return f"{name}{number + 1}" if name in {_LEFT, _ANSWER} and (number or name == _LEFT) else name


def _letter(index: int) -> str:
    """Return A to Z, then AA, AB and so on."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
