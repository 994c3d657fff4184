"""The tree of a QTI item as one vocabulary, and the plain text of its parts.

QTI 2 writes ``choiceInteraction responseIdentifier``, QTI 3 ``qti-choice-interaction response-identifier``;
both become ``choiceinteraction responseidentifier`` here.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from lmscompliance.questions.formats.gift import MISSING_WORD
from lmscompliance.questions.formats.gift_text import Text
from lmscompliance.questions.formats.text import clean

INTERACTION = "interaction"

_BLOCKS = frozenset(
    ["p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "prompt"]
)
_PICTURES = frozenset({"img", "picture", "object", "video", "audio", "svg", "math"})
_SILENT = frozenset(["rubricblock", "feedbackinline", "feedbackblock", "stylesheet", "script", "style"])
_GAP = "textentryinteraction"


def plain_name(name: str) -> str:
    """Return a tag or attribute as both versions of QTI share it."""
    return name.lower().removeprefix("qti-").replace("-", "")


def normalise(root: Element) -> Element:
    """Give every element and attribute below ``root`` its shared name, and return ``root``."""
    for element in root.iter():
        element.tag = plain_name(element.tag)
        for name in list(element.attrib):
            element.attrib.setdefault(plain_name(name), element.attrib[name])
    return root


def shown(element: Element) -> Text:
    """Return the plain text of ``element``; of an interaction its prompt, or the gap it leaves."""
    parts: list[str] = []
    images: list[str] = []
    other = _walk(element, parts, images)
    lines = re.sub(r" *\n\s*", "\n", re.sub(r"[ \t]+", " ", "".join(parts)))
    return Text(clean(lines), tuple(images), other)


def _walk(element: Element, parts: list[str], images: list[str]) -> bool:
    """Collect texts and pictures of ``element`` in order; tell whether a formula or film is among them."""
    source = _source(element)
    if source:
        images.append(source)
        return False
    other = element.tag in _PICTURES
    if element.tag == _GAP:
        parts.append(f" {MISSING_WORD} ")
        return False
    within = element.tag.endswith(INTERACTION)
    if element.tag in _BLOCKS or within:
        parts.append("\n")
    if not within:
        parts.append(_flat(element.text))
    for child in element:
        if child.tag not in _SILENT and (not within or child.tag == "prompt"):
            other = _walk(child, parts, images) or other
        if not within:
            parts.append(_flat(child.tail))
    if element.tag in _BLOCKS or within:
        parts.append("\n")
    return other


def _source(element: Element) -> str:
    """Return the file of a picture: of an ``img``, or of an ``object`` that says it is one."""
    if element.tag == "img":
        return element.get("src", "").strip()
    named = element.tag == "object" and element.get("type", "").startswith("image/")
    return element.get("data", "").strip() if named else ""


def _flat(text: str | None) -> str:
    # A line end in the source of a page is a blank to its reader.
    return re.sub(r"\s+", " ", text or "")
