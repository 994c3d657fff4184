"""Judges one row of a sheet: a draft of a question, or a refusal that says why.

A row is refused when no key can be had from it; it is imported but flagged when there is a key that a
person should look at first. ``docs/questions.md`` lists every case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import ESSAY, FILL_IN, TRUE_FALSE, Draft, Reason, Refusal, Source, reason
from lmscompliance.questions.formats import answers, choices, kinds, numbering, options
from lmscompliance.questions.formats.columns import Columns
from lmscompliance.questions.formats.row_pictures import RowPictures, share_out
from lmscompliance.questions.formats.workbook import Cell, Row

SHORT = 60
"""The longest answer, in characters, that a trainee can be asked to type exactly."""

_NUMBER_ONLY = re.compile(r"[（(]?\d+[)）]?\s*[、．.,，:：]?")
_BLANK = re.compile(r"[（(]\s*[)）]|_{2,}|＿{2,}")
_GAP = re.compile(r"_{2,}|＿{2,}")
"""A gap to be written into; an empty bracket is as often one for a letter."""
_ALTERNATIVES = re.compile(r"[|;；]|##|或")
_LOST = re.compile(r"(?<=[\w.])[ ]{2,}(?=[\w%℃°])")
_KEY_IN_STEM = re.compile(r"(?<![A-Za-z])[（(]\s*([A-J](?:[、,，\s]*[A-J]){0,9}|[√×✓✗])\s*[)）]")
_VERDICT = re.compile(r"\s*[（(]\s*(T|F|√|×|✓|✗|对|错|正确|错误)\s*[)）]\s*[。.]?\s*$")
_MID_SENTENCE = re.compile(r"[，。、；：,;:)）】》]")
_NEEDS_PICTURE = re.compile(r"如[下右左上]?图|[下右左上附]图|见图|图示|图中|图\s*\d|此图")
_NOTHING = frozenset({"", "无", "/", "-", "—", "N/A", "没有"})


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rows around and the sheet say about a row."""

    source: Source
    kind: str = ""
    continues: bool = False
    stub_above: int | None = None
    pictured: bool = False
    images: tuple[tuple[int, bytes], ...] = ()
    """All pictures that float over the row by column, when every one of them can be had."""
    chapter: str = ""
    difficulty: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    stem: str
    options: options.Options
    options_text: str
    answer: Cell
    flags: tuple[Reason, ...]
    kind: str = ""
    """What the stem itself was marked as."""


def is_stub(row: Row, columns: Columns) -> bool:
    """Tell whether a row holds only the number of a question whose text stands elsewhere or nowhere."""
    answered = row.at(columns.answer).text or row.at(columns.options).text
    given = any(row.at(at).text for _, at in columns.letters)
    return bool(_NUMBER_ONLY.fullmatch(row.at(columns.stem).text)) and not answered and not given


def judge(row: Row, columns: Columns, situation: Situation) -> Draft | Refusal:
    """Return what becomes of ``row``."""
    shown = share_out(row, columns, situation.images, pictured=situation.pictured)
    told = shown if isinstance(shown, Reason) else _taken(row, columns, situation, shown)
    verdict = told if isinstance(told, Reason) else _decide(told, columns, situation)
    if isinstance(verdict, Reason):
        return Refusal(situation.source, verdict)
    extras: dict[str, Json] = {}
    answer = row.at(columns.answer)
    if answer.raw.strip() != answer.text:
        extras["answer_cell"] = answer.raw
    explanation = row.at(columns.explanation).text
    if explanation:
        extras["explanation"] = explanation
    draft = replace(verdict, chapter=situation.chapter, difficulty=situation.difficulty, extras=extras)
    pictures = shown if isinstance(shown, RowPictures) else RowPictures()
    draft = replace(draft, pictures=pictures.stem)
    return draft.flagged(*_doubts(row, columns, situation, draft.stem, pictures))


def _taken(row: Row, columns: Columns, situation: Situation, shown: RowPictures) -> _Row | Reason:
    """Return the row's stem, options and answer, or why it has none."""
    stem_cell, answer = row.at(columns.stem), row.at(columns.answer)
    offered = [row.at(columns.options), *(row.at(at) for _, at in columns.letters)]
    broken = next((c for c in (stem_cell, answer, *offered) if c.oddity == "error"), None)
    if broken is not None:
        return reason("cell_error", cell=broken.text)
    if stem_cell.oddity == "picture":
        return reason("stem_is_picture")
    if row.at(columns.options).oddity == "picture":
        return reason("options_are_pictures")
    if not stem_cell.text:
        return reason("no_stem")
    if _NUMBER_ONLY.fullmatch(stem_cell.text):
        return reason("stub_picture" if situation.pictured else "stub")
    stem = numbering.strip(stem_cell.text, continues=situation.continues)
    kind, stem = _untagged(stem, situation)
    split = _offered(row, columns, shown)
    if not split.texts and not columns.offers_options:
        stem, split = _within(stem, answer.text)
    if not answer.text:
        stem, answer = _key_in(stem)
    flags = tuple(reason(code) for code in split.doubts)
    if any(cell.oddity == "date" for cell in (stem_cell, *offered)):
        flags = (*flags, reason("date_cell"))
    return _Row(stem, split, row.at(columns.options).text, answer, flags, kind)


def _untagged(stem: str, situation: Situation) -> tuple[str, str]:
    """Return the kind that the stem itself is marked as, unless the row says otherwise, and the rest."""
    kind, rest = kinds.tagged(stem)
    agrees = kinds.meaning(situation.kind) in {"", kinds.CHOICE, kinds.meaning(kind)}
    return (kind, rest) if kind and rest and agrees else ("", stem)


def _offered(row: Row, columns: Columns, shown: RowPictures) -> options.Options:
    split = options.column(
        [(letter, "" if at in shown.options else row.at(at).text) for letter, at in columns.letters],
        [shown.options.get(at, b"") for _, at in columns.letters],
        numbered=columns.numbered,
    )
    return split if split.texts else options.split(row.at(columns.options).text, row.at(columns.answer).text)


def _within(stem: str, answer: str) -> tuple[str, options.Options]:
    """Return the options that stand below the stem in its own cell, when the answer is letters."""
    first = re.search(r"(?:\n|\s{2,}|[。？?）)])\s*[（(]?A\s*[.、．:：)）]", stem)
    if first is None or (answer and answers.letters(answer) is None):
        return stem, options.Options()
    cut = first.start() + (0 if first[0][0].isspace() else 1)
    split = options.split(stem[cut:])
    return (stem[:cut].strip(), split) if len(split.texts) > 1 else (stem, options.Options())


def _key_in(stem: str) -> tuple[str, Cell]:
    """Return the key that some banks write into the stem's own brackets, and the stem without it."""
    found = _KEY_IN_STEM.findall(stem)
    if len(found) == 1:
        return _KEY_IN_STEM.sub("（ ）", stem), Cell(found[0], "", found[0])
    verdict = _VERDICT.search(stem)
    if verdict:
        return stem[: verdict.start()], Cell(verdict[1], "", verdict[1])
    return stem, Cell()


def _decide(told: _Row, columns: Columns, situation: Situation) -> Draft | Reason:
    declared = kinds.meaning(told.kind or situation.kind)
    if not told.answer.text:
        return reason("no_answer")
    picture = reason("options_are_pictures") if situation.pictured else None
    if declared == TRUE_FALSE or (not declared and choices.says_truth(told.options, told.answer.text)):
        stem, flags = _without_verdict(told)
        verdict = choices.true_false(situation.source, stem, told.options, told.answer.text)
    elif told.options.texts:
        stem, flags = told.stem, told.flags + _giveaway(told)
        verdict = choices.choice(situation.source, stem, declared, told.options, told.answer.text)
        if picture and (not all(told.options.filled()) or isinstance(verdict, Reason)):
            verdict = picture
    else:
        flags = told.flags
        verdict = _without_options(told, declared, columns, situation)
        if picture and isinstance(verdict, Reason):
            verdict = picture
    return verdict if isinstance(verdict, Reason) else verdict.flagged(*flags)


def _without_verdict(told: _Row) -> tuple[str, tuple[Reason, ...]]:
    """Return a true/false stem without the verdict some banks leave behind it, and a doubt if it differs."""
    found = _VERDICT.search(told.stem)
    if found is None:
        return told.stem, told.flags
    left = answers.truth(found[1])
    key = answers.truth(told.answer.text)
    named = answers.places(told.answer.text, told.options.letters, told.options.texts)
    if named and named[0] >= 0:
        key = answers.truth(told.options.texts[named[0]])
    doubt = () if key == left else (reason("stem_contradicts", stem=found[1], answer=told.answer.text),)
    return told.stem[: found.start()], told.flags + doubt


def _giveaway(told: _Row) -> tuple[Reason, ...]:
    found = _KEY_IN_STEM.search(told.stem)
    if found is None:
        return ()
    given, left = answers.letters(told.answer.text), answers.letters(found[1])
    if given is not None and left is not None and sorted(given) == sorted(left):
        return (reason("answer_in_stem", answer=told.answer.text),)
    return ()


def _without_options(told: _Row, declared: str, columns: Columns, situation: Situation) -> Draft | Reason:
    lettered = answers.letters(told.answer.text) is not None
    chosen = declared not in {"", FILL_IN, ESSAY, kinds.OPEN}
    if told.options_text not in _NOTHING and chosen:
        return reason("options_unreadable", options=told.options_text[:SHORT])
    if lettered and (chosen or (not declared and (columns.offers_options or not _GAP.search(told.stem)))):
        return reason("no_options", answer=told.answer.text)
    if declared == ESSAY or (declared in {"", kinds.OPEN} and len(told.answer.text) > SHORT):
        essay = Draft(situation.source, ESSAY, told.stem, [told.answer.text])
        return essay if declared else essay.flagged(reason("assumed_essay"))
    if len(told.answer.text) > SHORT and declared != FILL_IN:
        return reason("open_question")
    flags = []
    if chosen and columns.offers_options:
        flags.append(reason("options_missing"))
    return _fill_in(told, situation.source).flagged(*flags)


def _fill_in(told: _Row, source: Source) -> Draft:
    text = " ".join(told.answer.text.split())
    accepted = [text]
    flags = []
    if told.answer.oddity == "date":
        flags.append(reason("date_answer", raw=told.answer.raw, text=text))
        accepted += [told.answer.raw] if "年" in text else []
    elif re.search(r"\S[\t\n]+\s*\S", told.answer.raw):
        flags.append(reason("answer_gap", text=text))
    if len(_BLANK.findall(told.stem)) > 1:
        flags.append(reason("several_blanks"))
    elif _ALTERNATIVES.search(text):
        flags.append(reason("answer_alternatives", text=text))
    if len(text) > SHORT:
        flags.append(reason("long_answer"))
    key: list[Json] = list(dict.fromkeys(accepted))
    return Draft(source, FILL_IN, told.stem, key, flags=tuple(flags))


def _doubts(row: Row, columns: Columns, situation: Situation, stem: str, shown: RowPictures) -> list[Reason]:
    """Return what makes a person's look necessary whatever the kind."""
    found = []
    if situation.stub_above is not None:
        found.append(reason("after_stub", row=situation.stub_above))
    elif _MID_SENTENCE.match(stem):
        found.append(reason("begins_mid_sentence"))
    named = any(row.at(at).text not in _NOTHING for at in columns.pictures)
    some = bool(shown.stem or shown.options)
    if not shown.complete or (named and not some):
        found.append(reason("picture"))
    elif _NEEDS_PICTURE.search(stem) and not some:
        found.append(reason("mentions_picture"))
    if _BLANK.search(stem) and _LOST.search(_BLANK.sub("（）", stem)):
        found.append(reason("lost_text"))
    return found
