"""The head of a notice's file: which notice this is, and from when it applies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from lmscompliance.policy.house import editions
from lmscompliance.policy.notice import STATUSES
from lmscompliance.policy.reading import Reading

REQUIRED = ("id", "version", "status", "title", "document", "effective_from", "defaults")
HEADER = frozenset((*REQUIRED, "effective_to", "supersedes", "base", "districts"))

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BASE = re.compile(_ID.pattern + "/[1-9][0-9]{0,5}")
_MAX_ID = 64


@dataclass(frozen=True, slots=True)
class Header:
    """The checked head of a file; ``base`` is ``id/version`` of the notice that a layer is over."""

    id: str
    version: int
    status: str
    title: str
    document: str
    effective_from: date
    effective_to: date | None
    defaults: int
    supersedes: tuple[str, ...]
    base: str
    districts: tuple[str, ...]


def read_header(reading: Reading) -> Header | None:
    """Return the file's head, or refuse in ``reading`` whatever is wrong with it and return ``None``."""
    data = reading.data
    before = len(reading.problems)
    for name in REQUIRED:
        if name not in data:
            reading.refuse(name, "no_header", name=name)
    known = editions()
    checks = {
        "id": (_is_id, "bad_id", {}),
        "version": (_is_positive, "bad_version", {}),
        "status": (lambda value: value in STATUSES, "bad_status", {"choices": ", ".join(STATUSES)}),
        "title": (_is_text, "not_a_text", {}),
        "document": (_is_text, "not_a_text", {}),
        "effective_from": (_is_day, "not_a_date", {}),
        "effective_to": (_is_day, "not_a_date", {}),
        "supersedes": (lambda value: _are(value, _is_id), "bad_ids", {}),
        "base": (_is_base, "bad_base", {}),
        "districts": (lambda value: _are(value, _is_text), "not_texts", {}),
        "defaults": (
            lambda value: _is_positive(value) and value in known,
            "unknown_edition",
            {"choices": ", ".join(map(str, sorted(known)))},
        ),
    }
    for name, (holds, code, params) in checks.items():
        if name in data and not holds(data[name]):
            reading.refuse(name, code, **params)
    if len(reading.problems) == before and data.get("effective_to", date.max) < data["effective_from"]:
        reading.refuse("effective_to", "ends_before_it_begins", start=data["effective_from"])
    if ("base" in data) != ("districts" in data):
        reading.refuse("base" if "base" in data else "districts", "half_a_layer")
    if len(reading.problems) > before:
        return None
    given = {name: data.get(name) for name in Header.__slots__}
    lists = {name: tuple(data.get(name, ())) for name in ("supersedes", "districts")}
    return Header(**(given | lists | {"base": data.get("base", "")}))  # type: ignore[arg-type]  # checked


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_ID and bool(_ID.fullmatch(value))


def _is_base(value: object) -> bool:
    return isinstance(value, str) and bool(_BASE.fullmatch(value))


def _are(value: object, each: Callable[[object], bool]) -> bool:
    return isinstance(value, list) and bool(value) and all(each(one) for one in value)


def _is_positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
