"""One person's file (一人一档) on paper: what ``own_data`` holds, as PDF/A."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lmscompliance.documents.font import Typeface
from lmscompliance.documents.typeset import PLAIN, typeset
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import text
from lmscompliance.persons.own_data import by_class

TABLES = (
    ("consents", "training.own_consents"),
    ("verifications", "training.verification_title"),
    ("identity_notes", "persons.file_identity"),
    ("notices_read", "persons.file_notices"),
    ("sessions", "persons.file_sessions"),
    ("presence_checks", "persons.file_checks"),
    ("reported", "persons.file_reported"),
    ("signs", "persons.file_signs"),
    ("marks", "persons.file_marks"),
    ("disputes", "persons.file_disputes"),
    ("time_corrections", "persons.file_time_corrections"),
    ("accommodation", "persons.file_accommodation"),
    ("quizzes", "persons.file_quizzes"),
    ("exam_photos", "persons.file_photos"),
    ("files", "persons.export_files"),
    ("certificates", "certificates.title"),
    ("anomalies", "supervision.title"),
    ("looks", "training.own_looks"),
)
"""The tables of one class, in their order, each with the text of its title."""
CODES = {
    "role": "web.role_",
    "exam": "completion.exam_",
    "mark": "attendance.mark_",
    "noted": "persons.noted_",
    "signed": "persons.signed_",
    "decision": "persons.decision_",
    "effect": "persons.effect_",
}
"""Columns whose values are codes, and what their texts begin with."""
_ENTERED = ("registered", "activated", "consent_version")
_WIDEST, _NARROWEST = 30, 6
_SEEN = 200
"""Rows that a column's width is judged by."""
_INSTANT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\S*$")
_BREAK = "\u200b"
_LONG = 24


@dataclass(frozen=True, slots=True)
class _Hand:
    """The language and the characters that a file is written in."""

    locale: str
    typeface: Typeface

    def text(self, code: str) -> str:
        return text(code, self.locale)


def typeset_file(data: Mapping[str, Json], at: datetime, locale: str, typeface: Typeface) -> bytes:
    """Return what ``own_data.collect`` gathered as PDF/A; what ``typeface`` lacks is spelled by number."""
    hand = _Hand(locale, typeface)
    said: dict[str, Json] = {
        "title": hand.text("persons.file_title"),
        "made": _INSTANT.sub(r"\1 \2", str(data["made"])),
        "parts": list(_parts(data, hand)),
    }
    return typeset("person", said, at, typeface, PLAIN)


def _parts(data: Mapping[str, Json], hand: _Hand) -> Iterator[Json]:
    for one in by_class(data):
        class_ = _mapping(one["class"])
        person = _mapping(one["person"]) | {name: one.get(name) for name in _ENTERED}
        about = " · ".join(str(one[name]) for name in ("enterprise", "notice"))
        title = f"{class_['title']}（{class_['code']}）"
        yield _part(title, hand, level=1, said=about, facts=_facts(person, hand))
        verdict = _mapping(one["verdict"])
        plain = {name: value for name, value in verdict.items() if not isinstance(value, list)}
        yield _part(hand.text("persons.file_verdict"), hand, facts=_facts(plain, hand))
        attempts = verdict["attempts"]
        yield _table(hand.text("persons.label_attempts"), attempts, hand)
        for name, code in TABLES:
            if name in one:
                yield _table(hand.text(code), one[name], hand)
        yield _table(hand.text("persons.file_subsidy"), _claims(one.get("subsidy")), hand)
        yield _table(hand.text("persons.file_evidence"), _entries(one["evidence"]), hand)
    requests = data.get("correction_requests")
    if requests:
        yield _table(hand.text("persons.requests_own"), requests, hand)


def _claims(subsidy: Json) -> Json:
    """Return each claim in a line; how it was judged, step by step, is in the JSON beside."""
    claims = _mapping(subsidy).get("claims")
    return [
        {name: one.get(name) for name in ("submitted", "granted", "yuan")}
        for one in (claims if isinstance(claims, list) else [])
        if isinstance(one, dict)
    ]


def _entries(evidence: Json) -> Json:
    """Return each entry in a line: the receipts in the archive hold them whole."""
    lines: list[Json] = []
    for number, one in enumerate(evidence if isinstance(evidence, list) else []):
        entry = _mapping(_mapping(one)["entry"])
        lines.append({"n": number, "type": entry["t"]})
    return lines


def _table(title: str, rows: Json, hand: _Hand) -> Json:
    found = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
    if not found:
        return _part(title, hand, said=hand.text("persons.label_nothing"))
    names = list(found[0])
    head: list[Json] = [hand.text(f"persons.label_{name}") for name in names]
    cells: list[list[str]] = [[_shown(one.get(name), hand, name) for name in names] for one in found]
    widths: list[Json] = [
        min(_WIDEST, max([_NARROWEST, *(_width(line[column]) for line in cells[:_SEEN])]))
        for column in range(len(names))
    ]
    return _part(title, hand, head=head, rows=[list(line) for line in cells], widths=widths)


def _part(
    title: str,
    hand: _Hand,
    *,
    level: int = 2,
    said: str = "",
    facts: Sequence[Json] = (),
    head: Sequence[Json] = (),
    rows: Sequence[Json] = (),
    widths: Sequence[Json] = (),
) -> Json:
    return {
        "title": hand.typeface.spelled(title),
        "level": level,
        "text": hand.typeface.spelled(said),
        "facts": list(facts),
        "head": list(head),
        "rows": list(rows),
        "widths": list(widths),
    }


def _facts(values: Mapping[str, Json], hand: _Hand) -> list[Json]:
    return [[hand.text(f"persons.label_{name}"), _shown(value, hand, name)] for name, value in values.items()]


def _shown(value: Json, hand: _Hand, name: str) -> str:
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, dict):
        return "；".join(f"{key} {_shown(inner, hand, '')}" for key, inner in value.items())
    if isinstance(value, list):
        return "；".join(_shown(inner, hand, "") for inner in value)
    return _word(value, hand, name)


def _word(value: Json, hand: _Hand, name: str) -> str:
    """Return a single value: codes in words, instants as people write them."""
    if isinstance(value, bool):
        return hand.text("persons.label_yes" if value else "persons.label_no")
    if prefix := CODES.get(name):
        return hand.text(f"{prefix}{value}")
    spelled = hand.typeface.spelled(_INSTANT.sub(r"\1 \2", str(value)))
    # Digests and ids are one word; without a place to break they would run over the next column.
    one_word = len(spelled) > _LONG and " " not in spelled and spelled.isascii()
    return _BREAK.join(spelled) if one_word else spelled


def _width(cell: str) -> int:
    """Return the width in digits: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in cell)


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
