"""One person's file (一人一档) on paper: what ``own_data`` holds, as PDF/A."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from lmscompliance.documents import font
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


def typeset_file(data: Mapping[str, Json], at: datetime, locale: str) -> bytes:
    """Return what ``own_data.collect`` gathered as PDF/A; what the font lacks is spelled by number."""
    said: dict[str, Json] = {
        "title": _text("persons.file_title", locale),
        "made": _INSTANT.sub(r"\1 \2", str(data["made"])),
        "parts": list(_parts(data, locale)),
    }
    return typeset("person", said, at, PLAIN)


def _parts(data: Mapping[str, Json], locale: str) -> Iterator[Json]:
    for one in by_class(data):
        class_ = _mapping(one["class"])
        person = _mapping(one["person"]) | {name: one.get(name) for name in _ENTERED}
        about = " · ".join(str(one[name]) for name in ("enterprise", "notice"))
        title = f"{class_['title']}（{class_['code']}）"
        yield _part(title, level=1, said=about, facts=_facts(person, locale))
        verdict = _mapping(one["verdict"])
        plain = {name: value for name, value in verdict.items() if not isinstance(value, list)}
        yield _part(_text("persons.file_verdict", locale), facts=_facts(plain, locale))
        attempts = verdict["attempts"]
        yield _table(_text("persons.label_attempts", locale), attempts, locale)
        for name, code in TABLES:
            if name in one:
                yield _table(_text(code, locale), one[name], locale)
        yield _table(_text("persons.file_subsidy", locale), _claims(one.get("subsidy")), locale)
        yield _table(_text("persons.file_evidence", locale), _entries(one["evidence"]), locale)
    requests = data.get("correction_requests")
    if requests:
        yield _table(_text("persons.requests_own", locale), requests, locale)


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


def _table(title: str, rows: Json, locale: str) -> Json:
    found = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
    if not found:
        return _part(title, said=_text("persons.label_nothing", locale))
    names = list(found[0])
    head: list[Json] = [_text(f"persons.label_{name}", locale) for name in names]
    cells: list[list[str]] = [[_shown(one.get(name), locale, name) for name in names] for one in found]
    widths: list[Json] = [
        min(_WIDEST, max([_NARROWEST, *(_width(line[column]) for line in cells[:_SEEN])]))
        for column in range(len(names))
    ]
    return _part(title, head=head, rows=[list(line) for line in cells], widths=widths)


def _part(
    title: str,
    *,
    level: int = 2,
    said: str = "",
    facts: Sequence[Json] = (),
    head: Sequence[Json] = (),
    rows: Sequence[Json] = (),
    widths: Sequence[Json] = (),
) -> Json:
    return {
        "title": font.spelled(title),
        "level": level,
        "text": font.spelled(said),
        "facts": list(facts),
        "head": list(head),
        "rows": list(rows),
        "widths": list(widths),
    }


def _facts(values: Mapping[str, Json], locale: str) -> list[Json]:
    return [
        [_text(f"persons.label_{name}", locale), _shown(value, locale, name)]
        for name, value in values.items()
    ]


def _shown(value: Json, locale: str, name: str) -> str:
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, dict):
        return "；".join(f"{key} {_shown(inner, locale, '')}" for key, inner in value.items())
    if isinstance(value, list):
        return "；".join(_shown(inner, locale, "") for inner in value)
    return _word(value, locale, name)


def _word(value: Json, locale: str, name: str) -> str:
    """Return a single value: codes in words, instants as people write them."""
    if isinstance(value, bool):
        return _text("persons.label_yes" if value else "persons.label_no", locale)
    if prefix := CODES.get(name):
        return _text(f"{prefix}{value}", locale)
    spelled = font.spelled(_INSTANT.sub(r"\1 \2", str(value)))
    # Digests and ids are one word; without a place to break they would run over the next column.
    one_word = len(spelled) > _LONG and " " not in spelled and spelled.isascii()
    return _BREAK.join(spelled) if one_word else spelled


def _width(cell: str) -> int:
    """Return the width in digits: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in cell)


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(code: str, locale: str) -> str:
    return text(code, locale)
