"""Guesses a sheet's columns from what stands in them, when neither it nor its workbook has a header."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lmscompliance.questions.formats import answers, kinds, options
from lmscompliance.questions.formats.columns import Columns
from lmscompliance.questions.formats.option_reading import LETTERS
from lmscompliance.questions.formats.workbook import Row

_SAMPLE = 200
_MOST = 0.6
_LONGEST_KIND = 12


def guess(rows: Sequence[Row]) -> Columns | None:
    """Return the columns that most rows agree on, ``None`` when no stem or no answer is to be seen."""
    sample = rows[:_SAMPLE]
    width = max((len(row.cells) for row in sample), default=0)
    texts = [[row.at(at).text for row in sample if row.at(at).text] for at in range(width)]
    kind = _first(texts, _is_kind, ())
    offered = _first(texts, _is_options, (kind,))
    answer = _first(texts, _is_answer, (kind, offered), last=True)
    free = [at for at in range(width) if at not in (kind, offered, answer) and texts[at]]
    if answer is None or not free:
        return None
    stem = max(free, key=lambda at: sum(map(len, texts[at])))
    letters: tuple[tuple[str, int], ...] = ()
    between = [at for at in free if stem < at < answer]
    if offered is None and len(between) > 1:
        letters = tuple(zip(LETTERS, between, strict=False))
    return Columns(stem=stem, answer=answer, options=offered, kind=kind, letters=letters)


def _first(
    texts: Sequence[Sequence[str]],
    fits: Callable[[str], bool],
    taken: tuple[int | None, ...],
    *,
    last: bool = False,
) -> int | None:
    order = range(len(texts) - 1, -1, -1) if last else range(len(texts))
    for at in order:
        if at not in taken and texts[at] and sum(map(fits, texts[at])) >= _MOST * len(texts[at]):
            return at
    return None


def _is_kind(text: str) -> bool:
    return len(text) <= _LONGEST_KIND and bool(kinds.meaning(text))


def _is_options(text: str) -> bool:
    split = options.split(text)
    return len(split.texts) > 1 and not split.doubts


def _is_answer(text: str) -> bool:
    return answers.letters(text) is not None or answers.truth(text) is not None
