"""Which column of a sheet holds what, told by the names in its header row."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

from lmscompliance.questions.formats.workbook import Row

SEARCHED = 20
"""How many filled rows from the top may stand above a header (titles, notes, a date)."""

_FALLBACK: Mapping[str, tuple[str, ...]] = {
    "answer": ("答案",),
    "options": ("选项",),
    "kind": ("题型", "类型"),
    "stem": ("题干", "题目", "试题"),
}
"""Words that still tell a column by being part of its name."""

_MISLEADING = re.compile(
    "解析|说明|数量|个数|编号|序号|分类|类别|来源|难度|分值|分数|图|总数|题数|负责|出题|审核|人|日期|时间|备注"
)
_OFFERED = (
    r"(?:备选答案|候选答案|备选选?项?|候选项|可选项|选择项|选项内容|选项|选择|answeroption|option|choice)"
)
_LETTER = re.compile(rf"(?:{_OFFERED}|答案|answer)?\(?([a-j])\)?(?:选项|项|答案|内容)?")
_NUMBERED = re.compile(
    rf"{_OFFERED}\(?([1-9]|10|[一二三四五六七八九十])\)?(?:内容)?|第?([一二三四五六])(?:个)?选项"
)
_NUMERALS = "一二三四五六七八九十"
_LONGEST = 400
_BRACKETED = re.compile(r"(?<=.)\(.*?\)|\[.*?\]|【.*?】")
_MINIMUM_LETTERS = 2
_LONGEST_NAME = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Column indexes (from 0) by role; ``letters`` are options that have a column each."""

    stem: int
    answer: int | None = None
    options: int | None = None
    kind: int | None = None
    category: int | None = None
    chapter: int | None = None
    difficulty: int | None = None
    explanation: int | None = None
    number: int | None = None
    pictures: tuple[int, ...] = ()
    letters: tuple[tuple[str, int], ...] = ()
    numbered: bool = False
    """Whether those columns bear numbers instead; then answers may, too."""

    @property
    def offers_options(self) -> bool:
        """Tell whether the sheet has any place for options."""
        return self.options is not None or bool(self.letters)


def find(rows: Iterable[Row]) -> tuple[int, Columns] | None:
    """Return the first header among the top rows: the spreadsheet's row number and the columns it names."""
    for row, _ in zip(rows, range(SEARCHED), strict=False):
        columns = header(row)
        if columns is not None:
            return row.number, columns
    return None


def header(row: Row) -> Columns | None:
    """Return the columns that ``row`` names, or ``None`` when it is no header of a question sheet."""
    names = [_normal(cell.text) for cell in row.cells]
    known = _names()
    places: dict[str, int] = {}
    for role, accepted in known.items():
        ranked = [(accepted.index(name), at) for at, name in enumerate(names) if name in accepted]
        if ranked:
            places[role] = min(ranked)[1]
    letters = _letters(names, taken=set(places.values()))
    numbers = () if letters else _numbers(names, taken=set(places.values()))
    letters = letters or numbers
    taken = {at for _, at in letters}
    for role, words in _FALLBACK.items():
        if role not in places:
            free = [at for at, name in enumerate(names) if name and at not in {*places.values(), *taken}]
            fit = [at for at in free if _holds(names[at], words)]
            if fit:
                places[role] = fit[0]
    judged = {"answer", "options", "kind"} & places.keys()
    if "stem" not in places or not (judged or letters):
        return None
    pictures = tuple(at for at, name in enumerate(names) if name in known["picture"])
    places.pop("picture", None)
    return Columns(**places, pictures=pictures, letters=letters, numbered=bool(numbers))


def joined(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return ``rows`` with a header of two lines as one: the second names options under a common 选项."""
    for at, (row, below) in enumerate(pairwise(rows[: SEARCHED + 1])):
        if header(row) is None:
            continue
        names = [_normal(cell.text) for cell in below.cells]
        letters = _letters(names, taken=set())
        if letters and len(letters) == len(below.texts()):
            width = max(len(row.cells), len(below.cells))
            cells = tuple(
                below.at(place) if below.at(place).text else row.at(place) for place in range(width)
            )
            return (*rows[:at], Row(below.number, cells), *rows[at + 2 :])
        break
    return tuple(rows)


@cache
def _names() -> Mapping[str, list[str]]:
    source = resources.files("lmscompliance.questions.formats").joinpath("headers.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _holds(name: str, words: tuple[str, ...]) -> bool:
    # A long text is a question that happens to use the word, not the name of a column.
    short = len(name) <= _LONGEST_NAME
    return short and any(word in name for word in words) and not _MISLEADING.search(name)


def _letters(names: list[str], taken: set[int]) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for at, name in enumerate(names):
        match = _LETTER.fullmatch(name)
        if match and at not in taken:
            found.setdefault(match[1].upper(), at)
    expected = [chr(ord("A") + index) for index in range(len(found))]
    return (
        tuple(sorted(found.items())) if len(found) >= _MINIMUM_LETTERS and sorted(found) == expected else ()
    )


def _numbers(names: list[str], taken: set[int]) -> tuple[tuple[str, int], ...]:
    found: dict[int, int] = {}
    for at, name in enumerate(names):
        match = _NUMBERED.fullmatch(name)
        if match and at not in taken:
            number = match[1] or match[2]
            found.setdefault(int(number) if number.isdigit() else _NUMERALS.index(number) + 1, at)
    if len(found) < _MINIMUM_LETTERS or sorted(found) != list(range(1, len(found) + 1)):
        return ()
    return tuple((chr(ord("A") + number - 1), at) for number, at in sorted(found.items()))


def _normal(name: str) -> str:
    # The long bracketed remarks some headers carry are advice to the typist, and not always followed.
    folded = unicodedata.normalize("NFKC", name[:_LONGEST]).casefold()
    return re.sub(r"[\s:*_\-/、,.]+", "", _BRACKETED.sub("", folded))
