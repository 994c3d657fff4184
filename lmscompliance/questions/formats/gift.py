"""Reads a bank in Moodle's GIFT format (docs.moodle.org, "GIFT format"), all of its kinds.

Descriptions (a text without answers) are refused. What a good essay (``{}``) holds is its general feedback.
"""

from __future__ import annotations

import re
from pathlib import Path

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import (
    ESSAY,
    FILL_IN,
    MULTIPLE,
    NUMERIC,
    SINGLE,
    Draft,
    FileReading,
    Reason,
    Refusal,
    Source,
    reason,
)
from lmscompliance.questions.formats import gift_answers, gift_writing, images
from lmscompliance.questions.formats.decoding import decode
from lmscompliance.questions.formats.gift_blocks import Block, blocks
from lmscompliance.questions.formats.gift_text import release, rendered, shown, take_format
from lmscompliance.questions.formats.images import Files

MISSING_WORD = "_____"

_TITLE = re.compile(r"::(.*?)::", re.DOTALL)
_ENDS = re.compile(r"[。.？?！!：:]\s*$")
_PUNCTUATION = re.compile(r"[\s。.？?！!，,；;]*")


def read(path: Path, bank: str) -> FileReading:
    """Return everything the file holds; ``Source.row`` is the line a question begins on."""
    return read_text(path.name, bank, decode(path.read_bytes()), images.beside(path))


def read_text(file: str, bank: str, text: str, files: Files = images.nowhere) -> FileReading:
    """Return everything ``text``, the content of ``file``, holds; ``files`` are the pictures beside it."""
    verdicts = [_question(file, block, files) for block in blocks(text)]
    drafts = tuple(verdict for verdict in verdicts if isinstance(verdict, Draft))
    refusals = tuple(verdict for verdict in verdicts if isinstance(verdict, Refusal))
    exported = text.removeprefix("\ufeff").startswith(gift_writing.MARK)
    return FileReading(file, bank, len(verdicts), drafts, refusals, exported=exported)


def _question(file: str, block: Block, files: Files) -> Draft | Refusal:
    source = Source(file, "", block.line)
    title = _TITLE.match(block.text)
    text = block.text[title.end() :] if title else block.text
    parts = _parts(text)
    if isinstance(parts, Reason):
        return Refusal(source, parts)
    before, answers, after = parts
    inherited, before = take_format(before, "moodle")
    body, _, remark = answers.partition("####")
    key = gift_answers.read(body, inherited)
    if isinstance(key, Reason):
        return Refusal(source, key)
    stem = rendered(release(_stem(before, after, key.kind)), inherited)
    if not stem.text and not stem.pictured:
        return Refusal(source, reason("no_stem"))
    if not stem.text:
        return Refusal(source, reason("stem_is_picture"))
    extras: dict[str, Json] = {"format": inherited} if inherited != "moodle" else {}
    if key.details:
        extras["answers"] = list(key.details)
    if remark.strip():
        extras["general_feedback"] = shown(remark, inherited).text
    reference: list[Json] = [extras["general_feedback"]] if extras.get("general_feedback") else []
    draft = Draft(
        source,
        key.kind,
        stem.text,
        reference if key.kind == ESSAY else key.key,
        key.options,
        category=block.category,
        chapter="/".join(block.category),
        title=rendered(release(title[1]), "plain").text if title else "",
        flags=key.flags,
        extras=extras,
    )
    verdict = images.with_pictures(draft, stem, key, files, files)
    return Refusal(source, verdict) if isinstance(verdict, Reason) else verdict


def _parts(text: str) -> tuple[str, str, str] | Reason:
    """Return what stands before, between and behind the braces, or why it is no question."""
    opening, closing = text.find("{"), text.find("}")
    if opening < 0:
        return reason("gift_unclosed") if closing >= 0 else reason("gift_description")
    if closing < opening:
        return reason("gift_unclosed")
    before, between, after = text[:opening], text[opening + 1 : closing], text[closing + 1 :]
    if "{" in between or "{" in after or "}" in after:
        return reason("gift_braces")
    return before, between, after


def _stem(before: str, after: str, kind: str) -> str:
    """Return the question's text; answers in the middle of a sentence leave a gap to be filled.

    A full stop behind a question that is already complete is only the end of the line, not a gap.
    """
    if not after.strip():
        return before
    complete = bool(_ENDS.search(before)) or kind not in {SINGLE, MULTIPLE, FILL_IN, NUMERIC}
    if complete and _PUNCTUATION.fullmatch(after):
        return before
    gap = "" if not before or before[-1].isspace() else " "
    return f"{before}{gap}{MISSING_WORD}{after}"
