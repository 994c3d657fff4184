"""Reads a bank in the Aiken format: a question, its options ``A.`` or ``A)``, and ``ANSWER: A``.

More is understood than Moodle's own reader takes: several right letters, questions of several lines, and
options that say right and wrong, which make a true/false question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lmscompliance.questions.draft import Draft, FileReading, Reason, Refusal, Source, reason
from lmscompliance.questions.formats import choices
from lmscompliance.questions.formats.options import Options
from lmscompliance.questions.formats.text import clean

_OPTION = re.compile(r"\s*([A-ZＡ-Ｚ])\s*[.．、)）]\s*(.*)")
_ANSWER = re.compile(r"\s*(?:ANSWER|答案)\s*[:：]\s*(.*)", re.IGNORECASE)
_FEEDBACK = re.compile(r"\s*(?:FEEDBACK|EXPLANATION|解析)\s*[:：]\s*(.*)", re.IGNORECASE)
_HALF_WIDTH = {ord("Ａ") + index: ord("A") + index for index in range(26)}


def is_aiken(text: str) -> bool:
    """Tell whether ``text`` is Aiken: somewhere an answer line stands right below an option."""
    above = ""
    for line in text.splitlines():
        if _ANSWER.match(line) and _OPTION.match(above):
            return True
        above = line if line.strip() else above
    return False


def read(file: str, bank: str, text: str) -> FileReading:
    """Return everything ``text`` holds; ``Source.row`` is the line a question begins on."""
    verdicts = []
    for block in _blocks(text):
        source = Source(file, "", block.line)
        verdict = _question(source, block)
        verdicts.append(Refusal(source, verdict) if isinstance(verdict, Reason) else verdict)
    drafts = tuple(verdict for verdict in verdicts if isinstance(verdict, Draft))
    refusals = tuple(verdict for verdict in verdicts if isinstance(verdict, Refusal))
    return FileReading(file, bank, len(verdicts), drafts, refusals)


@dataclass(slots=True)
class _Block:
    """One question as it stands there; ``answer`` is ``None`` while no line gave any."""

    line: int
    stem: list[str] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    answer: str | None = None
    feedback: str = ""

    def option(self, line: str) -> tuple[str, str] | None:
        """Return letter and text of ``line`` when it is an option of this question; the first is A."""
        found = _OPTION.match(line) if self.stem else None
        letter = found[1].translate(_HALF_WIDTH) if found else ""
        return (letter, found[2]) if found and (self.options or letter == "A") else None


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    gap = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            gap = True
            continue
        found, feedback = _ANSWER.match(line), _FEEDBACK.match(line)
        if block is not None and block.answer is not None and feedback:
            block.feedback = feedback[1]
            continue
        option = block.option(line) if block is not None else None
        # A text below the options of a question without an answer begins the next one, once a line is free.
        left_open = block is not None and bool(block.options) and gap and not option and not found
        if block is None or block.answer is not None or left_open:
            if block is not None:
                yield block
            block = _Block(number)
        gap = False
        if found:
            block.answer = found[1].strip()
        elif option:
            block.options.append(option)
        elif block.options:
            letter, begun = block.options[-1]
            block.options[-1] = (letter, f"{begun}\n{line}")
        else:
            block.stem.append(line)
    if block is not None:
        yield block


def _question(source: Source, block: _Block) -> Draft | Reason:
    stem = clean("\n".join(line.strip() for line in block.stem))
    if not stem:
        return reason("no_stem")
    if not block.answer:
        return reason("no_answer")
    if not block.options:
        return reason("no_options", answer=block.answer)
    letters = [letter for letter, _ in block.options]
    options = Options(tuple(letters), tuple(clean(text) for _, text in block.options))
    true_false = choices.says_truth(options, block.answer)
    make = choices.true_false if true_false else choices.single_or_multiple
    verdict = make(source, stem, options, block.answer)
    if isinstance(verdict, Reason):
        return verdict
    if letters != [chr(ord("A") + index) for index in range(len(letters))]:
        verdict = verdict.flagged(reason("option_letters"))
    feedback = clean(block.feedback)
    return replace(verdict, extras={"general_feedback": feedback}) if feedback else verdict
