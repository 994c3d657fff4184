"""Reads a bank in Moodle's XML format (docs.moodle.org, "Moodle XML format").

Descriptions, embedded answers (cloze) and calculated or dragged kinds are refused, each with its
reason. Files embedded in a question are not imported; the question is flagged for it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from xml.etree.ElementTree import Element

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import (
    ESSAY,
    TRUE_FALSE,
    Draft,
    FileReading,
    Reason,
    Refusal,
    Source,
    reason,
)
from lmscompliance.questions.formats import answers, images, weighing
from lmscompliance.questions.formats.gift_blocks import category_path
from lmscompliance.questions.formats.gift_text import Text, rendered
from lmscompliance.questions.formats.markup import child, children, line_of, text_of
from lmscompliance.questions.formats.weighing import Answer, Key

ROOT = "quiz"

_FORMATS = {
    "html": "html",
    "moodle_auto_format": "moodle",
    "plain_text": "plain",
    "markdown": "markdown",
    "0": "moodle",
    "1": "html",
    "2": "plain",
    "4": "markdown",
}
_NO_UNITS = "3"


def read(file: str, bank: str, root: Element) -> FileReading:
    """Return everything the ``quiz`` element holds; ``Source.row`` is the line a question begins on."""
    verdicts: list[Draft | Refusal] = []
    category: tuple[str, ...] = ()
    for question in children(root, "question"):
        if question.get("type") == "category":
            category = category_path(text_of(question, "category", "text"))
            continue
        verdict = _question(Source(file, "", line_of(question)), question, category)
        verdicts.append(verdict)
    drafts = tuple(verdict for verdict in verdicts if isinstance(verdict, Draft))
    refusals = tuple(verdict for verdict in verdicts if isinstance(verdict, Refusal))
    return FileReading(file, bank, len(verdicts), drafts, refusals)


def _question(source: Source, question: Element, category: tuple[str, ...]) -> Draft | Refusal:
    kind = question.get("type", "")
    if kind in _REFUSED:
        return Refusal(source, reason(_REFUSED[kind]))
    if kind not in _READERS:
        return Refusal(source, reason("unsupported_kind", kind=kind or "?"))
    own = child(question, "questiontext")
    inherited = _format(own, "html")
    stem = _shown(own, inherited)
    if not stem.text:
        return Refusal(source, reason("stem_is_picture" if stem.pictured else "no_stem"))
    key = _READERS[kind](question, inherited)
    if isinstance(key, Reason):
        return Refusal(source, key)
    extras: dict[str, Json] = {"answers": list(key.details)} if key.details else {}
    remark = _shown(child(question, "generalfeedback"), "html").text
    if remark:
        extras["general_feedback"] = remark
    draft = Draft(
        source,
        key.kind,
        stem.text,
        key.key,
        key.options,
        category=category,
        chapter="/".join(category),
        title=_shown(child(question, "name"), "plain").text,
        flags=key.flags,
        extras=extras,
    )
    verdict = _pictured(draft, question, stem, key)
    return Refusal(source, verdict) if isinstance(verdict, Reason) else verdict


def _pictured(draft: Draft, question: Element, stem: Text, key: Key) -> Draft | Reason:
    """Return the draft with the pictures of its text and options, or why one of them is missing."""
    own = child(question, "questiontext")
    files = list(_files(question))
    within = {name: data for place, name, data in files if place is own}
    elsewhere = {name: data for place, name, data in files if place is not own}
    stray = next(iter(elsewhere), None)
    if stray is not None and not any(text.images for text in key.texts):
        draft = draft.flagged(reason("embedded_file", name=stray))
    if within and not stem.images:
        draft = replace(draft, pictures=tuple(within.values()))
    inside, outside = images.among_embedded(within), images.among_embedded(elsewhere)
    return images.with_pictures(draft, stem, key, inside, outside)


def _decoded(file: Element) -> bytes:
    """Return a file's content; something that is no picture either for what is not base64."""
    try:
        return base64.b64decode(file.text or "", validate=False)
    except ValueError:
        return b"?"


def _files(question: Element) -> Iterator[tuple[Element, str, bytes]]:
    """Yield the files of what a trainee reads with where they stand; a feedback's are no part of it."""
    for part in question:
        if part.tag in {"questiontext", "answer", "subquestion"}:
            for place in (part, *children(part, "answer")):
                for file in children(place, "file"):
                    yield place, file.get("name", "?"), _decoded(file)


def _multichoice(question: Element, inherited: str) -> Key | Reason:
    single = text_of(question, "single").casefold() in {"", "1", "true"}
    return weighing.choice([_answer(one, inherited) for one in children(question, "answer")], single=single)


def _true_false(question: Element, _inherited: str) -> Key | Reason:
    given = [_answer(one, "plain") for one in children(question, "answer")]
    said = [answers.truth(answer.text.text) for answer in given if answer.weight == weighing.FULL]
    if len(said) != 1 or said[0] is None:
        return reason("gift_no_right_answer")
    told = tuple(answer.detail() for answer in given) if any(answer.feedback for answer in given) else ()
    return Key(TRUE_FALSE, [said[0]], details=told)


def _short(question: Element, _inherited: str) -> Key | Reason:
    return weighing.short([_answer(one, "plain") for one in children(question, "answer")])


def _numerical(question: Element, _inherited: str) -> Key | Reason:
    elements = list(children(question, "answer"))
    ranges = []
    for element in elements:
        value, tolerance = weighing.decimal(text_of(element, "text")), text_of(element, "tolerance")
        allowed = weighing.decimal(tolerance or "0")
        known = value is not None and allowed is not None and allowed >= 0
        ranges.append((value, allowed) if known and value is not None and allowed is not None else None)
    asked = child(question, "units") is not None and text_of(question, "showunits") != _NO_UNITS
    flags = (reason("numeric_units"),) if asked else ()
    return weighing.numeric([_answer(one, "plain") for one in elements], ranges, flags)


def _matching(question: Element, inherited: str) -> Key | Reason:
    pairs = [
        (_shown(part, _format(part, inherited)), _shown(child(part, "answer"), "plain"))
        for part in children(question, "subquestion")
    ]
    return weighing.matching(pairs)


def _essay(question: Element, _inherited: str) -> Key:
    """Return what graders are told, else what everybody is told afterwards."""
    told = [_shown(child(question, name), "html").text for name in ("graderinfo", "generalfeedback")]
    return Key(ESSAY, [*[text for text in told if text][:1]])


def _answer(element: Element, inherited: str) -> Answer:
    kind = "plain" if inherited == "plain" else _format(element, inherited)
    feedback = _shown(child(element, "feedback"), "html").text
    weight = weighing.decimal(element.get("fraction", "0")) or Decimal(0)
    return Answer(_shown(element, kind), weight, feedback)


def _format(element: Element | None, inherited: str) -> str:
    told = element.get("format", "") if element is not None else ""
    return _FORMATS.get(told, inherited)


def _shown(element: Element | None, inherited: str) -> Text:
    """Return the plain text of an element whose text stands in ``<text>``, as Moodle writes all of them."""
    if element is None:
        return Text("")
    return rendered(text_of(element, "text"), _format(element, inherited))


_READERS: dict[str, Callable[[Element, str], Key | Reason]] = {
    "multichoice": _multichoice,
    "truefalse": _true_false,
    "shortanswer": _short,
    "numerical": _numerical,
    "matching": _matching,
    "essay": _essay,
}
_REFUSED = {"description": "description", "cloze": "cloze"}
