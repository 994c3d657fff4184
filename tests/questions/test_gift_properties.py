"""Whatever text a question holds, escaping it by GIFT's rules and reading it back gives the same text."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.questions.formats import gift
from lmscompliance.questions.formats.decoding import decode
from lmscompliance.questions.formats.gift_text import hold, release
from lmscompliance.questions.formats.text import clean

_CONTROL = re.compile(r"([\\~=#{}:])")

characters = st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u00a0\u3000")
lines = st.text(st.one_of(characters, st.sampled_from("\\~=#{}:[]/*%-><n+ ")), min_size=1, max_size=40)


def _escape(text: str) -> str:
    return _CONTROL.sub(r"\\\1", text).replace("\n", r"\n")


def _shown(text: str) -> bool:
    """Tell whether the text stays itself when it is trimmed and tidied, as every cell is."""
    return bool(text) and clean(text) == text and "<" not in text and "_x" not in text


texts = lines.map(str.strip).filter(_shown)
stems = texts.filter(lambda t: not t.startswith(("//", "[", "$")))
answers = texts.filter(lambda t: not t.startswith(("%", "[", "//")) and "->" not in t)


@given(texts)
def test_escapes_come_back(text: str):
    """Holding and releasing an escaped text returns the text."""
    assert release(hold(_escape(text))) == text


@given(stems, st.lists(answers, min_size=2, max_size=5, unique=True), st.data())
def test_a_choice_comes_back(stem: str, options: list[str], data: st.DataObject):
    """A single choice survives, whatever signs its texts hold."""
    right = data.draw(st.integers(0, len(options) - 1))
    marked = "\n".join(f"{'=' if at == right else '~'}{_escape(o)}" for at, o in enumerate(options))
    (draft,) = _read(f"::t::{_escape(stem)}{{\n{marked}\n}}\n")
    assert (draft.kind, draft.stem, draft.options, draft.key) == ("single", stem, tuple(options), [right])


@given(stems, st.lists(answers, min_size=1, max_size=4, unique=True))
def test_a_short_answer_comes_back(stem: str, accepted: list[str]):
    """All accepted texts of a short answer survive, in order."""
    marked = " ".join(f"={_escape(text)}" for text in accepted)
    (draft,) = _read(f"::t::{_escape(stem)}{{{marked}}}")
    assert (draft.kind, draft.stem, draft.key) == ("fill_in", stem, accepted)


@given(stems, st.lists(st.tuples(answers, answers), min_size=2, max_size=4))
def test_a_matching_question_comes_back(stem: str, pairs: list[tuple[str, str]]):
    """Each pair of a matching question survives."""
    marked = "\n".join(f"={_escape(left)} -> {_escape(right)}" for left, right in pairs)
    (draft,) = _read(f"::t::{_escape(stem)}{{\n{marked}\n}}")
    assert (draft.kind, draft.stem, draft.key) == ("matching", stem, [list(pair) for pair in pairs])


@given(st.text(max_size=200))
def test_nothing_makes_the_reader_fail(text: str):
    """Any text is read without an error, and every block of it is a question or a refusal."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "b.gift"
        path.write_text(text, encoding="utf-8", errors="replace")
        reading = gift.read(path, "b")
    assert reading.rows == len(reading.drafts) + len(reading.refusals)


@given(st.binary(max_size=200))
def test_any_bytes_decode(data: bytes):
    """Decoding never fails; at worst a byte becomes the replacement character."""
    assert isinstance(decode(data), str)


def _read(text: str) -> tuple[gift.Draft, ...]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "b.gift"
        path.write_text(text, encoding="utf-8")
        reading = gift.read(path, "b")
    assert reading.refusals == ()
    return reading.drafts
