"""What a bank's own words for the kind of a question mean."""

from __future__ import annotations

import re
import unicodedata

from lmscompliance.questions.draft import ESSAY, FILL_IN, MULTIPLE, SINGLE, TRUE_FALSE

CHOICE = "choice"
ANY_NUMBER = "any_number"
OPEN = "open"

_WORDS = (
    (ANY_NUMBER, re.compile(r"不定项")),
    (MULTIPLE, re.compile(r"多选|多项|multi")),
    (SINGLE, re.compile(r"单选|单项|single")),
    (TRUE_FALSE, re.compile(r"判断|是非|对错|正误|true")),
    (FILL_IN, re.compile(r"填空|填写|fill|blank")),
    (ESSAY, re.compile(r"简答|问答|论述|名词解释|案例|作文|essay")),
    (OPEN, re.compile(r"分析|计算|实操|操作题|short")),
    (CHOICE, re.compile(r"选择|choice")),
)


def meaning(words: str) -> str:
    """Return the kind ``words`` name ; empty when they name none.

    ``choice`` leaves open how many are right, ``any_number`` says that it may be one or more, ``open``
    asks for an answer that may be short enough to be typed exactly.
    """
    folded = unicodedata.normalize("NFKC", words).casefold().strip()
    return next((kind for kind, pattern in _WORDS if pattern.search(folded)), "")


_HEADING = re.compile(
    r"[（(]?(?:[一二三四五六七八九十百]+|第[一二三四五六七八九十百\d]+[部大]?[分题节章]?)[)）]?[、．.:：\s]*"
    r"[^。？?]{0,12}(?:题|部分|章|节)[^。？?]{0,40}"
)


def is_heading(text: str) -> bool:
    """Tell whether a lone text is the heading of a section, such as ``二、多选题(每题2分)``."""
    return bool(_HEADING.fullmatch(text)) or (len(text) <= len("不定项选择题") + 2 and bool(meaning(text)))


_TAG = re.compile(r"[（(\[【〔]\s*([^（()）\[\]【】〔〕]{2,8}?)\s*[)）\]】〕]")


def tagged(stem: str) -> tuple[str, str]:
    """Return the kind that a bracket before or behind ``stem`` names, such as ``【多选】``, and the rest."""
    for found, rest in (
        (first := _TAG.match(stem), stem[first.end() :] if first else ""),
        (last := re.search(_TAG.pattern + r"\s*$", stem), stem[: last.start()] if last else ""),
    ):
        word = unicodedata.normalize("NFKC", found[1]) if found else ""
        if re.fullmatch(
            r"(?:单选|单项选择|多选|多项选择|不定项选择|不定项|判断|是非|填空|简答|问答|论述)题?", word
        ):
            return word, rest.strip()
    return "", stem
