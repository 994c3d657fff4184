"""Writes questions as GIFT, so that Moodle and this room read the same questions back."""

from __future__ import annotations

import base64
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
    """Return one question. Everything is marked as plain text, so that no sign of it is taken for markup.

    Pictures stand within the text (RFC 2397); then what has none is marked as plain for itself.
    """
    title = f"::{_escaped(draft.title)}::" if draft.title else ""
    remark = str(draft.extras.get("general_feedback") or draft.extras.get("explanation") or "")
    if draft.kind == ESSAY:
        remark = "".join(map(str, draft.key))
    write = _Writer(within_html=bool(draft.pictures))
    behind = [f"####{write.text(remark)}"] if remark else []
    body = "\n".join([*_answers(draft, write), *behind])
    return f"{title}{_pictured(draft.stem, draft.pictures) or _plain(draft.stem)}{{{body}}}"


def _answers(draft: Draft, write: _Writer) -> Iterator[str]:
    key = draft.key
    if draft.kind == TRUE_FALSE:
        yield "T" if key[0] else "F"
    elif draft.kind == NUMERIC:
        yield "#"
        yield from ("=" + ":".join(map(str, pair)) for pair in key if isinstance(pair, list))
    elif draft.kind == FILL_IN:
        yield from ("=" + write.weighed(str(text), "%100%", arrow=True) for text in key)
    elif draft.kind == MATCHING:
        yield from _pairs(draft.options, key, write)
    elif draft.kind == ESSAY:
        return
    else:
        yield from _choices(draft, write)


def _choices(draft: Draft, write: _Writer) -> Iterator[str]:
    share = (Decimal(100) / len(draft.key)).quantize(_PLACES).normalize()
    pictures = draft.option_pictures or (b"",) * len(draft.options)
    for index, (text, picture) in enumerate(zip(draft.options, pictures, strict=True)):
        right = index in draft.key
        shown = _pictured(text, [picture]) if picture else ""
        if right and draft.kind != SINGLE:
            yield f"~%{share:f}%{shown or write.text(text)}"
        else:
            yield ("=" if right else "~") + (shown or write.weighed(text, "%100%" if right else "%0%"))


def _pairs(options: Sequence[str], key: Sequence[Json], write: _Writer) -> Iterator[str]:
    """Yield the pairs, and between them the right sides that fit nothing, so that all keep their order."""
    pairs = [pair for pair in key if isinstance(pair, list)]
    fitting = {str(right) for _, right in pairs}
    spare = [(at, text) for at, text in enumerate(options) if text not in fitting]
    for left, right in pairs:
        place = options.index(str(right)) if right in options else len(options)
        while spare and spare[0][0] < place:
            yield f"= -> {write.text(spare.pop(0)[1], arrow=True)}"
        yield f"={write.weighed(str(left), '%100%', arrow=True)} -> {write.text(str(right), arrow=True)}"
    yield from (f"= -> {write.text(text, arrow=True)}" for _, text in spare)


class _Writer:
    """Writes the texts of one question; ``within_html`` says that its own is HTML, which they inherit."""

    def __init__(self, *, within_html: bool) -> None:
        self._within_html = within_html

    def weighed(self, text: str, weight: str, *, arrow: bool = False) -> str:
        """Return an answer, its weight before it when its own text begins like one."""
        return (weight if _WEIGHT.match(text) else "") + self.text(text, arrow=arrow)

    def text(self, text: str, *, arrow: bool = False) -> str:
        """Return ``text`` as an answer; an arrow, which GIFT cannot escape, is written as HTML."""
        if arrow and "->" in text:
            return f"[html]{_escaped(_html(text))}"
        return _plain(text) if self._within_html or _FORMAT.match(text) else _escaped(text)


def _plain(text: str) -> str:
    return f"[plain]{_escaped(text)}"


def _pictured(text: str, pictures: Sequence[bytes]) -> str:
    """Return ``text`` with ``pictures`` (PNG) below it, as HTML; nothing without any."""
    shown = [
        f'<br><img src="data:image/png;base64,{base64.b64encode(one).decode()}" alt="">' for one in pictures
    ]
    return f"[html]{_escaped(_html(text) + ''.join(shown))}" if shown else ""


def _html(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


def _escaped(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text).replace("\n", r"\n")
