"""Writes questions as GIFT, so that Moodle and this room read the same questions back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import ESSAY, FILL_IN, MATCHING, NUMERIC, SINGLE, TRUE_FALSE, Draft

MARK = "// lmscompliance: exported questions, format 1"
"""The first line of an export. A reader takes what follows it as what the bank already knows."""

_SIGNS = re.compile(r"([\\~=#{}:])")
_FORMAT = re.compile(r"\s*\[(?:html|moodle|plain|markdown)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%")
_PLACES = Decimal("0.00001")


def write(drafts: Sequence[Draft]) -> str:
    """Return the GIFT text of ``drafts``, each under its category."""
    lines = [MARK, ""]
    category: tuple[str, ...] = ()
    for draft in drafts:
        if draft.category != category:
            category = draft.category
            path = "/".join(part.replace("/", "//") for part in category)
            lines += [f"$CATEGORY: {_escaped(path)}", ""]
        lines += [question(draft), ""]
    return "\n".join(lines)


def question(draft: Draft) -> str:
    """Return one question. Everything is marked as plain text, so that no sign of it is taken for markup."""
    title = f"::{_escaped(draft.title)}::" if draft.title else ""
    remark = str(draft.extras.get("general_feedback") or draft.extras.get("explanation") or "")
    if draft.kind == ESSAY:
        remark = "".join(map(str, draft.key))
    behind = [f"####{_text(remark)}"] if remark else []
    body = "\n".join([*_answers(draft), *behind])
    return f"{title}[plain]{_escaped(draft.stem)}{{{body}}}"


def _answers(draft: Draft) -> Iterator[str]:
    key = draft.key
    if draft.kind == TRUE_FALSE:
        yield "T" if key[0] else "F"
    elif draft.kind == NUMERIC:
        yield "#"
        yield from ("=" + ":".join(map(str, pair)) for pair in key if isinstance(pair, list))
    elif draft.kind == FILL_IN:
        yield from ("=" + _weighed(str(text), "%100%", arrow=True) for text in key)
    elif draft.kind == MATCHING:
        yield from _pairs(draft.options, key)
    elif draft.kind == ESSAY:
        return
    elif draft.kind == SINGLE:
        for index, text in enumerate(draft.options):
            yield "=" + _weighed(text, "%100%") if index in key else "~" + _weighed(text, "%0%")
    else:
        share = (Decimal(100) / len(key)).quantize(_PLACES).normalize()
        for index, text in enumerate(draft.options):
            yield f"~%{share:f}%{_text(text)}" if index in key else "~" + _weighed(text, "%0%")


def _pairs(options: Sequence[str], key: Sequence[Json]) -> Iterator[str]:
    """Yield the pairs, and between them the right sides that fit nothing, so that all keep their order."""
    pairs = [pair for pair in key if isinstance(pair, list)]
    fitting = {str(right) for _, right in pairs}
    spare = [(at, text) for at, text in enumerate(options) if text not in fitting]
    for left, right in pairs:
        place = options.index(str(right)) if right in options else len(options)
        while spare and spare[0][0] < place:
            yield f"= -> {_text(spare.pop(0)[1], arrow=True)}"
        yield f"={_weighed(str(left), '%100%', arrow=True)} -> {_text(str(right), arrow=True)}"
    yield from (f"= -> {_text(text, arrow=True)}" for _, text in spare)


def _weighed(text: str, weight: str, *, arrow: bool = False) -> str:
    """Return an answer, its weight before it when its own text begins like one."""
    return (weight if _WEIGHT.match(text) else "") + _text(text, arrow=arrow)


def _text(text: str, *, arrow: bool = False) -> str:
    """Return ``text`` as an answer; an arrow, which GIFT cannot escape, is written as HTML."""
    if arrow and "->" in text:
        return "[html]" + _escaped(html.escape(text, quote=False).replace("\n", "<br>"))
    return ("[plain]" if _FORMAT.match(text) else "") + _escaped(text)


def _escaped(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text).replace("\n", r"\n")
